import { type FunctionSpan, functionOpenedBy, functionSpans } from "../source/c-text.ts";
import { findPlace, type ImageLine, imageOf, splice } from "./image.ts";
import { type FilePatch, type Hunk, postImage, preImage } from "./patch.ts";

/** How one hunk was made to fit. `applied` needed no help. */
export interface HunkAdaptation {
  readonly hunk: Hunk;
  readonly rule: "applied" | "already_present" | "context_only" | "moved_function" | "file_dropped";
  /** What was done and why that is believed right, in one sentence. */
  readonly note: string;
  /** Each change stands beside a line that also stood beside it upstream. */
  readonly safe: boolean;
}

export interface FileAdaptation {
  /** The adapted file, latin1. */
  readonly content: string;
  readonly hunks: readonly HunkAdaptation[];
}

/**
 * Places the hunks of a file although lines around the changed ones differ: removed lines are found where they stand once, added lines go
 * beside their surviving neighbours, inside the function of the same name (or the one that now holds the hunk's code). Deterministic; refuses
 * (null) whenever a changed line has no place, or more than one.
 * @param content the file in the target, latin1
 */
export function adaptFile(file: FilePatch, content: string): FileAdaptation | null {
  let image = imageOf(content);
  const hunks: HunkAdaptation[] = [];
  for (const hunk of file.hunks) {
    const before = preImage(hunk);
    const at = findPlace(image, hunk, before);
    if (at !== null) {
      image = splice(image, at, before.length, postImage(hunk));
      hunks.push({ hunk, rule: "applied", note: "applies as it is", safe: true });
      continue;
    }
    const placed = placeHunk(hunk, image);
    if (placed === null) return null;
    image = placed.image;
    hunks.push({ hunk, ...placed.adaptation });
  }
  return { content: image.map((line) => line.text).join(""), hunks };
}

/** A run of removed and added lines of a hunk, with the kept lines on both sides up to the next run. */
interface ChangeRun {
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly above: readonly string[];
  readonly below: readonly string[];
  /** The last function that opened before the run, upstream. */
  readonly after: string | null;
}

/** Lines from `start` to before `end` of the image, in which a hunk may be placed. */
interface Region {
  readonly start: number;
  readonly end: number;
  readonly name: string | null;
  readonly moved: boolean;
}

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
  readonly safe: boolean;
}

interface Placed {
  readonly image: ImageLine[];
  readonly adaptation: Omit<HunkAdaptation, "hunk">;
}

function placeHunk(hunk: Hunk, image: readonly ImageLine[]): Placed | null {
  const region = regionOf(hunk, image);
  if (region === null) return null;
  const lines = image.slice(region.start, region.end).map((line) => line.text);
  const where = region.name === null ? "the file" : `${region.name}()`;
  const runs = runsOf(hunk);
  if (runs.every((run) => isPresent(run, lines))) {
    return {
      image: [...image],
      adaptation: { rule: "already_present", note: `${where} already reads as the hunk leaves it`, safe: false },
    };
  }
  const edits: Edit[] = [];
  for (const run of runs) {
    const edit = placeRun(run, lines, () => functionSpans(lines.join("")));
    if (edit === null) return null;
    edits.push(edit);
  }
  for (const [i, edit] of edits.entries()) {
    const next = edits[i + 1];
    if (next !== undefined && next.at < edit.at + edit.remove) return null;
  }
  let result = [...image];
  for (const edit of edits.reverse()) result = splice(result, region.start + edit.at, edit.remove, edit.insert);
  const safe = edits.every((edit) => edit.safe);
  if (region.moved) {
    const note = `the function of the hunk does not exist; its lines stand in ${where}, where the changed ones were found once`;
    return { image: result, adaptation: { rule: "moved_function", note, safe: false } };
  }
  return {
    image: result,
    adaptation: { rule: "context_only", note: `the changed lines have one place in ${where}; only lines around them differ`, safe },
  };
}

/** The function that the hunk changes, the one that holds most of its lines when that is gone, or the whole file outside of functions. */
function regionOf(hunk: Hunk, image: readonly ImageLine[]): Region | null {
  const text = image.map((line) => line.text);
  const name = functionOfChange(hunk);
  if (name === null) return { start: 0, end: text.length, name: null, moved: false };
  const spans = functionSpans(text.join(""));
  const own = spans.filter((span) => span.name === name);
  const [span] = own;
  if (own.length > 1) return null;
  if (span !== undefined) return { start: span.start, end: span.end + 1, name, moved: false };
  const expected = new Set(preImage(hunk).filter(isTelling));
  const holding = spans
    .map((one) => ({ one, found: text.slice(one.start, one.end + 1).filter((line) => expected.has(line)).length }))
    .filter(({ found }) => found >= 2 && found * 2 >= expected.size)
    .sort((a, b) => b.found - a.found);
  const [best, second] = holding;
  if (best === undefined || second?.found === best.found) return null;
  return { start: best.one.start, end: best.one.end + 1, name: best.one.name, moved: true };
}

/** The function that all changed lines lie in; null outside of functions or when they lie in several. */
function functionOfChange(hunk: Hunk): string | null {
  let current = functionOpenedBy(hunk.section);
  const names = new Set<string | null>();
  for (const line of hunk.lines) {
    // Kernel style: inside a function nothing but labels, braces and #if lines stands at column 0.
    if (line.op !== "+" && (/^#\s*define\b/.test(line.text) || (/^[A-Za-z_]/.test(line.text) && !/^\w+:/.test(line.text)))) {
      current = functionOpenedBy(line.text);
    }
    if (line.op !== " ") names.add(current);
    if (line.op !== "+" && line.text.startsWith("}")) current = null;
  }
  const [only] = names;
  return names.size === 1 ? (only ?? null) : null;
}

function runsOf(hunk: Hunk): ChangeRun[] {
  const runs: { removed: string[]; added: string[]; above: string[]; below: string[]; after: string | null }[] = [];
  let after = functionOpenedBy(hunk.section);
  let kept: string[] = [];
  let open = false;
  for (const { op, text } of hunk.lines) {
    if (op !== "+") after = functionOpenedBy(text) ?? after;
    if (op === " ") {
      kept.push(text);
      runs.at(-1)?.below.push(text);
      open = false;
      continue;
    }
    if (!open) runs.push({ removed: [], added: [], above: kept, below: [], after });
    kept = [];
    open = true;
    if (op === "-") runs.at(-1)?.removed.push(text);
    else runs.at(-1)?.added.push(text);
  }
  return runs;
}

/** The lines that the run leaves stand there, and those that it takes away do not. */
function isPresent(run: ChangeRun, lines: readonly string[]): boolean {
  const added = run.added.filter(isTelling);
  if (added.length === 0) return false;
  return placesOf(run.added, lines, same).length === 1 && (run.removed.length === 0 || placesOf(run.removed, lines, same).length === 0);
}

function placeRun(run: ChangeRun, lines: readonly string[], spans: () => readonly FunctionSpan[]): Edit | null {
  if (run.removed.length > 0) return placeReplacement(run, lines);
  return placeInsertion(run, lines) ?? placeDefinition(run, lines, spans());
}

function placeReplacement(run: ChangeRun, lines: readonly string[]): Edit | null {
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
    return { at, remove: run.removed.length, insert, safe: beside.includes(at) };
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

/**
 * Added lines go beside the nearest kept lines that the region has: between both when they still stand together, else beside the one that is
 * left. Two that stand apart leave the place open: refused.
 */
function placeInsertion(run: ChangeRun, lines: readonly string[]): Edit | null {
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
    return { at, remove: 0, insert, safe: above?.distance === 0 || below?.distance === 0 };
  }
  return null;
}

/** A new definition outside of functions goes behind the function that it followed upstream, if that is there. */
function placeDefinition(run: ChangeRun, lines: readonly string[], spans: readonly FunctionSpan[]): Edit | null {
  const brace = run.above.findLastIndex((line) => line.startsWith("}"));
  const gap = run.above.slice(brace + 1);
  if (brace === -1 || run.after === null || gap.some((line) => /\w/.test(line))) return null;
  const [span, ...others] = spans.filter((one) => one.name === run.after);
  if (span === undefined || others.length > 0) return null;
  const at = span.end + 1;
  if (!gap.every((line, i) => lines[at + i] === line)) return null;
  return { at: at + gap.length, remove: 0, insert: run.added, safe: false };
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

type Like = (ours: string, upstream: string) => boolean;

const same: Like = (ours, upstream) => ours === upstream;
const sameButForSpace: Like = (ours, upstream) => /\w/.test(upstream) && ours.replace(/\s+/g, "") === upstream.replace(/\s+/g, "");

/** Gives added lines the indentation that their neighbour has here: tabs that it has more or less are added or taken away. */
function reindented(added: readonly string[], upstream: string, ours: string): readonly string[] {
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

function placesOf(wanted: readonly string[], lines: readonly string[], like: Like): number[] {
  const places: number[] = [];
  for (let at = 0; at + wanted.length <= lines.length; at++) {
    if (wanted.every((text, i) => like(lines[at + i] ?? "", text))) places.push(at);
  }
  return places;
}

/** Says where it stands: more than a brace, a blank or a plain `return ret;`. */
function isTelling(line: string): boolean {
  const text = line.trim();
  return (
    text.length >= 6 &&
    /\w/.test(text) &&
    !/^(?:return\b[^(]*|break|else|continue|goto \w+|out\w*:|int ret|#endif|\/\*|\*\/?);?$/.test(text)
  );
}
