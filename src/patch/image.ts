import type { Hunk } from "./patch.ts";

/** A line of the image under construction; git never matches a hunk against lines that an earlier hunk wrote (LINE_PATCHED in apply.c). */
export interface ImageLine {
  readonly text: string;
  readonly patched: boolean;
}

/** Splits into lines that keep their line feed; a last line without one stays without. */
export function splitLines(content: string): string[] {
  const lines: string[] = [];
  let from = 0;
  for (let at = content.indexOf("\n"); at !== -1; at = content.indexOf("\n", from)) {
    lines.push(content.slice(from, at + 1));
    from = at + 1;
  }
  if (from < content.length) lines.push(content.slice(from));
  return lines;
}

export function imageOf(content: string): ImageLine[] {
  return splitLines(content).map((text) => ({ text, patched: false }));
}

/** The image with lines from `at` on replaced by new ones. */
export function splice(image: readonly ImageLine[], at: number, remove: number, insert: readonly string[]): ImageLine[] {
  return [...image.slice(0, at), ...insert.map((text) => ({ text, patched: true })), ...image.slice(at + remove)];
}

/** The line (0-based) that the hunk's header names in the new file: where git starts to look. */
export function wantedPlace(hunk: Hunk): number {
  return hunk.newStart > 0 ? hunk.newStart - 1 : 0;
}

/**
 * Where `git apply` finds the hunk, or null: a hunk that starts at line 0 or 1 must match at the beginning and one without trailing context at
 * the end; else the wanted line, then one below, one above, two below, ... (find_pos and apply_one_fragment of git's apply.c).
 * @param before the hunk's pre-image
 */
export function findPlace(image: readonly ImageLine[], hunk: Hunk, before: readonly string[]): number | null {
  const begin = hunk.oldStart <= 1;
  const end = hunk.lines.at(-1)?.op !== " ";
  const last = image.length - before.length;
  if (last < 0) return null;
  if (begin) return matches(image, before, 0, end) && (!end || last === 0) ? 0 : null;
  if (end) return matches(image, before, last, true) ? last : null;
  const start = Math.min(wantedPlace(hunk), image.length);
  for (let distance = 0; distance <= image.length; distance++) {
    const below = start + distance;
    if (below <= last && matches(image, before, below, false)) return below;
    const above = start - distance;
    if (distance > 0 && above >= 0 && above <= last && matches(image, before, above, false)) return above;
  }
  return null;
}

function matches(image: readonly ImageLine[], before: readonly string[], at: number, atEnd: boolean): boolean {
  for (const [i, text] of before.entries()) {
    const line = image[at + i];
    if (line === undefined || line.patched) return false;
    if (line.text !== text && (atEnd || !endsWithin(line.text, text))) return false;
  }
  return true;
}

/**
 * A hunk's last line without a line feed. Git compares the bytes of the whole hunk with the bytes of the image (match_fragment in apply.c),
 * so such a line also matches one that goes on with white space only.
 */
function endsWithin(line: string, wanted: string): boolean {
  return !wanted.endsWith("\n") && line.startsWith(wanted) && line.slice(wanted.length).trim() === "";
}
