import { type ImageLine, imageOf, splice, wantedPlace } from "./image.ts";
import type { FilePatch, Hunk, HunkLine } from "./patch.ts";

/** As many context lines as `patch` gives up on each side by default. */
const MOST_FUZZ = 2;
const WORST_FUZZ = 3;

/**
 * Applies hunks like `patch -F3`: when a hunk does not match, up to three lines of its leading and trailing context are ignored, and the
 * nearest place counts. On its own this is wrong in more than half of the cases where git conflicts; as an independent second opinion it
 * tells which adaptation to trust.
 * @returns the content, or null when a hunk found no place
 */
export function applyWithFuzz(file: FilePatch, content: string): string | null {
  let image = imageOf(content);
  let drift = 0;
  for (const hunk of file.hunks) {
    const placed = placeWithFuzz(image, hunk, drift);
    if (placed === null) return null;
    image = splice(image, placed.at, placed.before.length, placed.after);
    drift = placed.drift;
  }
  return image.map((line) => line.text).join("");
}

interface Placed {
  readonly at: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly drift: number;
}

function placeWithFuzz(image: readonly ImageLine[], hunk: Hunk, drift: number): Placed | null {
  for (let fuzz = 0; fuzz <= WORST_FUZZ; fuzz++) {
    const { lines, skipped } = withoutOuterContext(hunk.lines, fuzz);
    const before = lines.filter((line) => line.op !== "+").map((line) => line.text);
    if (before.length === 0 && fuzz > MOST_FUZZ) return null;
    const wanted = wantedPlace(hunk) + skipped + drift;
    const at = nearest(image, before, wanted);
    if (at !== null)
      return { at, before, after: lines.filter((line) => line.op !== "-").map((line) => line.text), drift: drift + at - wanted };
  }
  return null;
}

function withoutOuterContext(lines: readonly HunkLine[], fuzz: number): { lines: readonly HunkLine[]; skipped: number } {
  let start = 0;
  while (start < fuzz && lines[start]?.op === " ") start++;
  let end = lines.length;
  while (lines.length - end < fuzz && lines[end - 1]?.op === " " && end > start) end--;
  return { lines: lines.slice(start, end), skipped: start };
}

function nearest(image: readonly ImageLine[], before: readonly string[], wanted: number): number | null {
  if (before.length === 0) return null;
  const matches = (at: number) => at >= 0 && at + before.length <= image.length && before.every((text, i) => image[at + i]?.text === text);
  for (let distance = 0; distance <= image.length; distance++) {
    if (matches(wanted + distance)) return wanted + distance;
    if (distance > 0 && matches(wanted - distance)) return wanted - distance;
  }
  return null;
}
