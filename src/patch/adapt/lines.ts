/** What lines say about where they stand. */

export type Like = (ours: string, upstream: string) => boolean;

export const same: Like = (ours, upstream) => ours === upstream;
export const sameButForSpace: Like = (ours, upstream) => /\w/.test(upstream) && ours.replace(/\s+/g, "") === upstream.replace(/\s+/g, "");

/** Where these lines stand together. */
export function placesOf(wanted: readonly string[], lines: readonly string[], like: Like): number[] {
  const places: number[] = [];
  for (let at = 0; at + wanted.length <= lines.length; at++) {
    if (wanted.every((text, i) => like(lines[at + i] ?? "", text))) places.push(at);
  }
  return places;
}

/** Says where it stands: more than a brace, a blank or a plain `return ret;`. */
export function isTelling(line: string): boolean {
  const text = line.trim();
  return (
    text.length >= 6 &&
    /\w/.test(text) &&
    !/^(?:return\b[^(]*|break|else|continue|goto \w+|out\w*:|int ret|#endif|\/\*|\*\/?);?$/.test(text)
  );
}

/** Gives added lines the indentation that their neighbour has here: tabs that it has more or less are added or taken away. */
export function reindented(added: readonly string[], upstream: string, ours: string): readonly string[] {
  const depth = (line: string) => /^\t*/.exec(line)?.[0].length ?? 0;
  const more = depth(ours) - depth(upstream);
  if (more === 0) return added;
  return added.map((line) =>
    !/\S/.test(line) || line.startsWith("#")
      ? line
      : more > 0
        ? "\t".repeat(more) + line
        : line.replace(new RegExp(`^\\t{0,${-more}}`), ""),
  );
}
