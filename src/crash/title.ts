const MAX_TITLE = 120;

const STEPS: readonly (readonly [RegExp, string])[] = [
  [/\bsyz-executor[.\d]{0,8}(?:[/:]\d{1,8})?/g, "syz-executor"],
  [/\b(?:0x)?[0-9a-f]{6,16}\b/g, "ADDR"],
  [/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g, "IP"],
  [/(\.\w{1,4})(?::\d{1,7}){1,3}/g, "$1:LINE"],
  [/\+0x[0-9a-f]{1,8}\/0x[0-9a-f]{1,8}/g, ""],
  [/CPU#\d{1,6}/g, "CPU"],
  [/(\W)\d{1,20}(?=\W|$)/g, "$1NUM"],
];

/** Takes what varies from crash to crash out of a title: addresses, line numbers, process and processor numbers. */
export function normalizeTitle(title: string): string {
  let text = title.slice(0, MAX_TITLE * 4);
  for (const [pattern, replacement] of STEPS) text = text.replace(pattern, replacement);
  return text
    .replace(/[^\x20-\x7e\t]/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_TITLE);
}

/** Fills a title row: `{f}` is the function, `$1` and on the groups of the header. */
export function fillTitle(row: string, groups: readonly (string | undefined)[], name: string): string {
  const filled = row.replace(/\$(\d)/g, (_, digit: string) => groups[Number(digit)] ?? "").replace("{f}", () => name);
  return normalizeTitle(filled);
}
