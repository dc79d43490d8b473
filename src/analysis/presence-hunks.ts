import type { FilePatch, Hunk, HunkLine } from "../patch/patch.ts";
import { CONTENT_LIMITS, hasTellingWords } from "../rules/telling-words.ts";
import { type FileText, runOf, type Shape, type Side } from "./file-text.ts";

/**
 * `present`: what the hunk writes is there and what it replaces is gone. `absent`: the reverse. `unknown`: both, neither, or lines that
 * stand everywhere.
 */
export type HunkState = "present" | "absent" | "unknown";

export interface HunkFinding {
  readonly hunk: Hunk;
  readonly state: HunkState;
  /** The lines that it expects stand there in one run: it would apply. */
  readonly applies: boolean;
  /** Telling lines that it removes are there. */
  readonly removesLinesThere: boolean;
  /** Its changed lines tell something by themselves; one that only adds an include does not. */
  readonly telling: boolean;
}

/** The three texts in one shape. */
interface Sides {
  readonly shape: Shape;
  readonly base: Side;
  readonly fix: Side;
  readonly target: Side;
}

/**
 * Is each hunk of a file in a third text. A change is a difference of counts: runs of lines that the fix has more often than its base, and
 * runs that it has less often. The target is compared with both ends, so that lines which the file has in several places cannot mislead.
 * @param base content before the fix, `fix` after it, `target` to be judged
 */
export function findHunks(file: Pick<FilePatch, "hunks">, base: FileText, fix: FileText, target: FileText): HunkFinding[] {
  const inShape = (shape: Shape): Sides => ({ shape, base: base.in(shape), fix: fix.in(shape), target: target.in(shape) });
  const strict = inShape("exact");
  const loose = file.hunks.every(changesOnlySpace) ? strict : inShape("collapsed");
  return file.hunks.map((hunk) => {
    const telling = isTelling(hunk);
    const certain = findRun(hunk, strict, WHOLE_CONTEXT);
    if (certain !== null) return { hunk, ...certain, removesLinesThere: removesLinesThere(hunk, strict, certain), telling };
    const found = findRun(hunk, loose, CONTEXTS) ?? { state: telling ? voteOfLines(hunk, loose) : ("unknown" as const), applies: false };
    return { hunk, ...found, removesLinesThere: removesLinesThere(hunk, loose, found), telling };
  });
}

function changesOnlySpace(hunk: Hunk): boolean {
  return runOf(linesWithout("+", hunk.lines), "collapsed") === runOf(linesWithout("-", hunk.lines), "collapsed");
}

/** The same finding for every hunk, for a file whose whole content decides. */
export function sameForAll(file: Pick<FilePatch, "hunks">, state: HunkState): HunkFinding[] {
  return file.hunks.map((hunk) => ({
    hunk,
    state,
    applies: state === "absent",
    removesLinesThere: state === "absent" && hunk.lines.some((line) => line.op === "-" && hasTellingWords([line.text], 1)),
    telling: isTelling(hunk),
  }));
}

/** Lines of context before and after the changed ones: all first, then fewer, as `patch` does with fuzz, but on each side alone. */
const CONTEXTS = [3, 2, 1, 0]
  .flatMap((before) => [3, 2, 1, 0].map((after) => ({ before, after })))
  .sort((a, b) => b.before + b.after - a.before - a.after);
const WHOLE_CONTEXT = CONTEXTS.slice(0, 1);
const FULL_CONTEXT = 6;

type Found = Pick<HunkFinding, "state" | "applies">;

/** Looks for the whole run of lines that the hunk leaves, and for the one that it expects, with less and less context. */
function findRun(hunk: Hunk, sides: Sides, contexts: typeof CONTEXTS): Found | null {
  const first = hunk.lines.findIndex((line) => line.op !== " ");
  const last = hunk.lines.findLastIndex((line) => line.op !== " ");
  const core = hunk.lines.slice(first, last + 1);
  const may = { rise: mayStand(sides, linesWithout("-", core)), stand: mayStand(sides, linesWithout("+", core)) };
  if (!may.rise && !may.stand) return null;
  const missing = { leading: Math.max(0, 3 - first), trailing: Math.max(0, 4 - hunk.lines.length + last) };
  for (const { before, after } of contexts) {
    // At the ends of a file there is less: the same lines need not be looked for twice.
    if ((before > first && before > 0) || (after > hunk.lines.length - 1 - last && after > 0)) continue;
    const lines = hunk.lines.slice(first - before, last + 1 + after);
    const full = before + after + missing.leading + missing.trailing >= FULL_CONTEXT;
    const enough = full ? CONTENT_LIMITS.wordsOfWholeHunk : CONTENT_LIMITS.wordsOfRun;
    const left = linesWithout("-", lines);
    const expected = linesWithout("+", lines);
    const written = hasTellingWords(left, enough) ? may.rise && rises(sides, left, before + after === 0) : null;
    const stillThere = hasTellingWords(expected, enough) ? may.stand && not(falls(sides, expected)) : null;
    const inPlace = before + after > 1 || written !== true || isInPlace(hunk, sides, left);
    if (written === true && inPlace && stillThere !== true) return { state: "present", applies: false };
    if (stillThere === true && written !== true) return { state: "absent", applies: before + after > 0 };
  }
  return null;
}

/**
 * Is anything else of the hunk beside this run in the target? A line or two may stand anywhere for another reason. True also of a hunk that
 * has no other telling line.
 */
function isInPlace(hunk: Hunk, { shape, target }: Sides, run: readonly string[]): boolean {
  const others = linesWithout("-", hunk.lines).filter((line) => !run.includes(line) && hasTellingWords([line], 1));
  const runs = others.map((line) => runOf([line], shape));
  return runs.length === 0 || target.hasNear(runOf(run, shape), runs, CONTENT_LIMITS.nearbyLines);
}

/** Without the changed lines there is none of the longer runs around them. */
function mayStand(sides: Sides, core: readonly string[]): boolean {
  return core.length === 0 || sides.target.has(runOf(core, sides.shape));
}

function isTelling(hunk: Hunk): boolean {
  const changed = changedLines(hunk).map((line) => line.text);
  return hasTellingWords(changed, 1);
}

function linesWithout(op: "+" | "-", lines: readonly HunkLine[]): string[] {
  return lines.flatMap((line) => (line.op === op ? [] : [line.text]));
}

function changedLines(hunk: Hunk): HunkLine[] {
  return hunk.lines.filter((line) => line.op !== " ");
}

/** Does a telling line that the hunk removes stand in the target as often as in the base. */
function removesLinesThere(hunk: Hunk, sides: Sides, found: Found): boolean {
  if (found.state !== "absent") return false;
  const removed = hunk.lines.filter((line) => line.op === "-" && hasTellingWords([line.text], CONTENT_LIMITS.wordsOfLine));
  return removed.some((line) => falls(sides, [line.text]) === false);
}

/** For a hunk that was rewritten: how many of its telling new lines are there, and of those it removes, how many are gone. */
function voteOfLines(hunk: Hunk, sides: Sides): HunkState {
  const added = { all: 0, there: [] as string[] };
  const removed = { all: 0, gone: 0 };
  const repeated: string[] = [];
  const texts = new Map(changedLines(hunk).map((each) => [runOf([each.text], sides.shape).slice(1, -1), each.text]));
  for (const [line, text] of texts) {
    if (!hasTellingWords([line], CONTENT_LIMITS.wordsOfLine)) continue;
    const [before, after, now] = [sides.base.countLine(line), sides.fix.countLine(line), sides.target.countLine(line)];
    if (after > before) {
      if (before > 0 && now >= after) repeated.push(text);
      else {
        added.all++;
        if (now >= after) added.there.push(text);
      }
    } else if (after < before) {
      removed.all++;
      if (now <= after) removed.gone++;
    }
  }
  // One more of what the file had before may be there for another reason, so a single such line decides nothing; several are no chance.
  const without = verdict(added.there.length, added.all, removed.gone, removed.all);
  const within = verdict(added.there.length + repeated.length, added.all + repeated.length, removed.gone, removed.all);
  if (repeated.length < 2 && without !== within) return "unknown";
  return within !== "present" || [...added.there, ...repeated].some((text) => isInPlace(hunk, sides, [text])) ? within : "unknown";
}

function verdict(there: number, added: number, gone: number, removed: number): HunkState {
  if (added === 0) return removed > 0 && gone === 0 ? "absent" : "unknown";
  const mostlyGone = removed === 0 || gone / removed >= 0.5;
  if (there / added >= CONTENT_LIMITS.linesThere) return mostlyGone ? "present" : "unknown";
  return there / added <= CONTENT_LIMITS.linesMissing ? "absent" : "unknown";
}

function not(value: boolean | null): boolean | null {
  return value === null ? null : !value;
}

/**
 * Has the target what the fix brings; null when the fix does not bring it, or the target lies between the two ends.
 * @param bare without any context: then it must be new to the file, since the target may have one more of it for another reason
 */
function rises(sides: Sides, lines: readonly string[], bare: boolean): boolean | null {
  const run = runOf(lines, sides.shape);
  const now = sides.target.count(run);
  // The most frequent case needs no look at the ends: a run that the fix has is not there.
  if (now === 0) return false;
  const [before, after] = [sides.base.count(run), sides.fix.count(run)];
  if (after <= before || (bare && before > 0 && now >= after)) return null;
  return now >= after ? true : now <= before ? false : null;
}

/** Lacks the target what the fix takes away. */
function falls(sides: Sides, lines: readonly string[]): boolean | null {
  const run = runOf(lines, sides.shape);
  const now = sides.target.count(run);
  if (now === 0) return true;
  const [before, after] = [sides.base.count(run), sides.fix.count(run)];
  if (after >= before) return null;
  return now <= after ? true : now >= before ? false : null;
}
