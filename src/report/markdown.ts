/** Digits of a commit id that reports show. */
export const SHORT = 12;

/** Names of the wire, `needs_adaptation`, as words. */
export const words = (text: string): string => text.replaceAll("_", " ");

/**
 * One line of safe text: commit subjects and reasons come from repositories that nobody vouches for. No control characters, which steer
 * terminals; none that are not seen or turn the direction of writing; and no tags or links when it is rendered.
 */
export function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .replace(/\p{Cf}+/gu, "")
    .replace(/<(?=[a-z/!?])|(?<=\])\(/gi, "\\$&")
    .trim();
}

const cell = (text: string): string => plain(text).replaceAll("|", "\\|");

/** A Markdown table whose columns stand below each other in plain text too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows].map((row) => row.map(cell));
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [first, ...rest] = all.map(line);
  return [first ?? "", rule, ...rest];
}

/** A title, one line for each field that has a value, and what follows. */
export function page(title: string, fields: readonly (readonly [string, string | null])[], ...more: readonly string[]): string {
  const known = fields.flatMap(([name, value]) => (value === null ? [] : [`${name}: ${plain(value)}`]));
  return `${[`# ${plain(title)}`, "", ...known, ...(more.length === 0 ? [] : ["", ...more])].join("\n")}\n`;
}

/** A page of a list on the wire. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A list as a table. A last line says that more follows, and how to get it. */
export function list<T>(
  title: string,
  head: readonly string[],
  { items, nextCursor }: Listed<T>,
  row: (item: T) => readonly string[],
): string {
  const more = nextCursor === null ? [] : ["", `More follow: ?cursor=${nextCursor}`];
  const body = items.length === 0 ? ["none"] : table(head, items.map(row));
  return page(title, [], ...body, ...more);
}
