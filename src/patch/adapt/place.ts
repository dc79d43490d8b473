import { functionSpans } from "../../source/c-text.ts";
import type { Ground } from "./ground.ts";
import { isTelling, type Like, placesOf, reindented, same, sameButForSpace } from "./lines.ts";
import type { ChangeRun } from "./runs.ts";

/** How a run of changed lines found its place. */
export type Way = "in_place" | "beside" | "apart" | "behind_function" | "already_there" | "words" | "rewritten";

/** Lines of a ground to be replaced. */
export interface Edit {
  /** 0-based line of the ground. */
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
  readonly way: Way;
  /** A line that stood beside the change upstream stands beside it here. */
  readonly safe: boolean;
  /** Something speaks for another place, so that no vote makes it a certain one. */
  readonly open?: boolean;
}

/** The place of one run, by the lines that it removes or stands beside; null when it has none, or more than one. */
export function placeRun(run: ChangeRun, ground: Ground): Edit | null {
  if (run.removed.length > 0) return byCorrespondence(run, ground) ?? byRemovedLines(run, ground.lines);
  return betweenNeighbours(run, ground) ?? besideNeighbours(run, ground.lines) ?? behindFunction(run, ground.lines);
}

/** The lines that the run leaves stand there once, and those that it takes away do not. */
export function isPresent(run: ChangeRun, lines: readonly string[]): boolean {
  if (!run.added.some(isTelling)) return false;
  return placesOf(run.added, lines, same).length === 1 && (run.removed.length === 0 || placesOf(run.removed, lines, same).length === 0);
}

/** Removed lines that stand together where the lines of the file before the change correspond to them. */
function byCorrespondence(run: ChangeRun, ground: Ground): Edit | null {
  if (ground.base === null) return null;
  const { same: partner } = ground.base.correspondence;
  const first = run.line - ground.base.start;
  const at = partner[first] ?? -1;
  if (at < 0 || !run.removed.every((_, i) => partner[first + i] === at + i)) return null;
  const beside = partner[first - 1] === at - 1 || partner[first + run.removed.length] === at + run.removed.length;
  if (!run.removed.some(isTelling) && !beside) return null;
  const insert = reindented(run.added, run.removed[0] ?? "", ground.lines[at] ?? "");
  return { at, remove: run.removed.length, insert, way: "in_place", safe: beside };
}

/** Removed lines that stand once, or once beside a line that they stood beside. */
function byRemovedLines(run: ChangeRun, lines: readonly string[]): Edit | null {
  for (const like of [same, sameButForSpace]) {
    const places = placesOf(run.removed, lines, like);
    const beside = places.filter((at) => touches(run, lines, at, like));
    const [at] = places.length === 1 ? places : beside.length === 1 ? beside : [];
    if (at === undefined) {
      if (places.length > 0) return null;
      continue;
    }
    if (!run.removed.some(isTelling) && !beside.includes(at)) return null;
    const insert = reindented(run.added, run.removed[0] ?? "", lines[at] ?? "");
    return { at, remove: run.removed.length, insert, way: "in_place", safe: beside.includes(at) };
  }
  return null;
}

/** Does the kept line just above or just below the run stand just there too. */
function touches(run: ChangeRun, lines: readonly string[], at: number, like: Like): boolean {
  const above = run.above.at(-1);
  const below = run.below[0];
  const before = lines[at - 1];
  const after = lines[at + run.removed.length];
  return (
    (above !== undefined && before !== undefined && like(before, above)) ||
    (below !== undefined && after !== undefined && like(after, below))
  );
}

/** How far from an insertion a neighbour is looked for. */
const NEIGHBOURHOOD = 3;

/**
 * Added lines go between the lines that correspond to their neighbours, or beside the one of them that is left; lines that only resemble the
 * neighbours are the next best.
 */
function betweenNeighbours(run: ChangeRun, ground: Ground): Edit | null {
  if (ground.base === null) return null;
  const { same: equal, alike } = ground.base.correspondence;
  const edit = betweenPartners(run, ground.lines, ground.base, equal);
  if (edit !== null && edit.way === "beside") return edit;
  const other = betweenPartners(run, ground.lines, ground.base, alike);
  return other?.way === "beside" ? { ...other, safe: false } : edit;
}

function betweenPartners(run: ChangeRun, lines: readonly string[], base: NonNullable<Ground["base"]>, partner: Int32Array): Edit | null {
  const line = run.line - base.start;
  const above = neighbour(partner, base.lines, line - 1, -1);
  // Nothing followed what was added at the end: the end is its neighbour.
  const end = line === base.lines.length ? { old: line, here: lines.length, distance: 0, telling: false } : null;
  const below = end ?? neighbour(partner, base.lines, line, 1);
  const open = strayed(base.lines[line - 1], partner[line - 1], lines) || strayed(base.lines[line], partner[line], lines);
  const edit = (at: number, way: Way, safe: boolean, like: Neighbour): Edit => {
    const insert = reindented(run.added, base.lines[like.old] ?? "", lines[like.here] ?? "");
    return { at, remove: 0, insert, way, safe: safe && !open, open: open || way === "apart" };
  };
  if (above !== null && below !== null) {
    const nearest = above.distance === 0 || below.distance === 0;
    if (above.here + 1 === below.here) return edit(below.here, "beside", nearest, below.telling ? below : above);
    // The target has lines of its own between them.
    if (above.distance === 0 && above.telling) return edit(above.here + 1, "apart", false, above);
    return below.distance === 0 && below.telling ? edit(below.here, "apart", false, below) : null;
  }
  const left = above?.telling ? above : below?.telling ? below : null;
  if (left === null || left.distance > 0) return null;
  return edit(left === above ? left.here + 1 : left.here, "beside", true, left);
}

/** A line that has no partner because it stands elsewhere here: what was added beside it may belong there. */
function strayed(line: string | undefined, partner: number | undefined, lines: readonly string[]): boolean {
  return line !== undefined && partner === -1 && isTelling(line) && placesOf([line], lines, sameButForSpace).length > 0;
}

interface Neighbour {
  readonly old: number;
  readonly here: number;
  readonly distance: number;
  readonly telling: boolean;
}

/** The nearest line in one direction that has a partner. */
function neighbour(partner: Int32Array, old: readonly string[], from: number, direction: 1 | -1): Neighbour | null {
  for (let distance = 0; distance < NEIGHBOURHOOD; distance++) {
    const at = from + distance * direction;
    const here = partner[at] ?? -1;
    if (here >= 0) return { old: at, here, distance, telling: /\w/.test(old[at] ?? "") };
  }
  return null;
}

/**
 * Added lines go beside the nearest kept lines that the region has: between both when they still stand together, else beside the one that is
 * left. Two that stand apart leave the place open: refused.
 */
function besideNeighbours(run: ChangeRun, lines: readonly string[]): Edit | null {
  for (const like of [same, sameButForSpace]) {
    const above = anchor(run.above.slice(-2).reverse(), lines, -1, like);
    const below = anchor(run.below.slice(0, 2), lines, 1, like);
    if (above === null && below === null) continue;
    const afterAbove = above === null ? null : above.line + 1 + above.distance;
    const beforeBelow = below === null ? null : below.line - below.distance;
    if (afterAbove !== null && beforeBelow !== null && afterAbove !== beforeBelow) return null;
    const at = afterAbove ?? beforeBelow ?? 0;
    const [ours, theirs] = above === null ? [lines[below?.line ?? 0], below?.text] : [lines[above.line], above.text];
    const insert = reindented(run.added, theirs ?? "", ours ?? "");
    return { at, remove: 0, insert, way: "beside", safe: above?.distance === 0 || below?.distance === 0 };
  }
  return null;
}

interface Anchor {
  readonly line: number;
  readonly distance: number;
  /** The neighbour as it stands upstream. */
  readonly text: string;
}

/** The nearest neighbour that stands once in the region; a blank or a lone brace is no anchor, but is counted when it stands there too. */
function anchor(neighbours: readonly string[], lines: readonly string[], direction: 1 | -1, like: Like): Anchor | null {
  const [nearest, next] = neighbours;
  if (nearest === undefined) return null;
  if (/\w/.test(nearest)) {
    const places = placesOf([nearest], lines, like);
    const [line] = places;
    if (places.length === 1 && line !== undefined) return { line, distance: 0, text: nearest };
    if (places.length > 1) return null;
  }
  if (next === undefined || !isTelling(next)) return null;
  const places = placesOf([next], lines, like);
  const [line] = places;
  if (places.length !== 1 || line === undefined) return null;
  if (lines[line - direction] === nearest) return { line, distance: 1, text: next };
  return /\w/.test(nearest) ? { line, distance: 0, text: next } : null;
}

/** A new definition outside of functions goes behind the function that it followed upstream, if that is there. */
function behindFunction(run: ChangeRun, lines: readonly string[]): Edit | null {
  const brace = run.above.findLastIndex((line) => line.startsWith("}"));
  const gap = run.above.slice(brace + 1);
  if (brace === -1 || run.after === null || gap.some((line) => /\w/.test(line))) return null;
  const [span, ...others] = functionSpans(lines.join("")).filter((one) => one.name === run.after);
  if (span === undefined || others.length > 0) return null;
  const at = span.end + 1;
  if (!gap.every((line, i) => lines[at + i] === line)) return null;
  return { at: at + gap.length, remove: 0, insert: run.added, way: "behind_function", safe: false };
}
