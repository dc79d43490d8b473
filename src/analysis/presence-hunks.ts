import type { FilePatch, Hunk, HunkLine } from "../patch/patch.ts";
import { CONTENT_LIMITS, tellingWords } from "../rules/telling-words.ts";

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

/** A text in which runs of lines and single lines are counted. It begins and ends with a line feed. */
interface Side {
  readonly text: string;
  readonly lines: () => ReadonlyMap<string, number>;
}

/** The three texts in one shape. */
interface Sides {
  readonly shape: Shape;
  readonly base: Side;
  readonly fix: Side;
  readonly target: Side;
}

type Shape = (text: string) => string;

/** White space and blank lines do not decide presence: backports are re-indented. */
const collapsed: Shape = (text) => {
  const lines = ["\n"];
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed !== "") lines.push(UNEVEN.test(trimmed) ? trimmed.replace(/\s+/g, " ") : trimmed, "\n");
  }
  return lines.join("");
};
/** White space other than single blanks. */
const UNEVEN = / {2}|[^\S ]/;
const exact: Shape = (text) => `\n${text}${text.endsWith("\n") ? "" : "\n"}`;

function side(text: string): Side {
  let counts: Map<string, number> | null = null;
  return {
    text,
    lines: () => {
      if (counts !== null) return counts;
      counts = new Map();
      for (const line of text.split("\n")) counts.set(line, (counts.get(line) ?? 0) + 1);
      return counts;
    },
  };
}

/**
 * Is each hunk of a file in a third text. A change is a difference of counts: runs of lines that the fix has more often than its base, and
 * runs that it has less often. The target is compared with both ends, so that lines which the file has in several places cannot mislead.
 * @param base content before the fix, `fix` after it, `target` to be judged; latin1
 */
export function findHunks(file: Pick<FilePatch, "hunks">, base: string, fix: string, target: string): HunkFinding[] {
  const inShape = (shape: Shape): Sides => ({ shape, base: side(shape(base)), fix: side(shape(fix)), target: side(shape(target)) });
  const strict = inShape(exact);
  let loose: Sides | null = null;
  return file.hunks.map((hunk) => {
    const telling = tellingWords(changedLines(hunk).map((line) => line.text)).size > 0;
    const certain = findRun(hunk, strict, WHOLE_CONTEXT);
    if (certain !== null) return { hunk, ...certain, removesLinesThere: removesLinesThere(hunk, strict, certain), telling };
    loose ??= collapsed(base) === collapsed(fix) ? strict : inShape(collapsed);
    const found = findRun(hunk, loose, CONTEXTS) ?? { state: telling ? voteOfLines(hunk, loose) : ("unknown" as const), applies: false };
    return { hunk, ...found, removesLinesThere: removesLinesThere(hunk, loose, found), telling };
  });
}

/** The same finding for every hunk, for a file whose whole content decides. */
export function sameForAll(file: Pick<FilePatch, "hunks">, state: HunkState): HunkFinding[] {
  return file.hunks.map((hunk) => ({
    hunk,
    state,
    applies: state === "absent",
    removesLinesThere: state === "absent" && hunk.lines.some((line) => line.op === "-" && tellingWords([line.text]).size > 0),
    telling: tellingWords(changedLines(hunk).map((line) => line.text)).size > 0,
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
  const missing = { leading: Math.max(0, 3 - first), trailing: Math.max(0, 4 - hunk.lines.length + last) };
  for (const { before, after } of contexts) {
    // At the ends of a file there is less: the same lines need not be looked for twice.
    if ((before > first && before > 0) || (after > hunk.lines.length - 1 - last && after > 0)) continue;
    const lines = hunk.lines.slice(first - before, last + 1 + after);
    const full = before + after + missing.leading + missing.trailing >= FULL_CONTEXT;
    const enough = full ? CONTENT_LIMITS.wordsOfWholeHunk : CONTENT_LIMITS.wordsOfRun;
    const left = linesWithout("-", lines);
    const expected = linesWithout("+", lines);
    const written = tellingWords(left).size >= enough ? rises(sides, left) : null;
    const stillThere = tellingWords(expected).size >= enough ? not(falls(sides, expected)) : null;
    if (written === true && stillThere !== true) return { state: "present", applies: false };
    if (stillThere === true && written !== true) return { state: "absent", applies: before + after > 0 };
  }
  return null;
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
  const removed = hunk.lines.filter((line) => line.op === "-" && tellingWords([line.text]).size >= CONTENT_LIMITS.wordsOfLine);
  return removed.some((line) => falls(sides, [line.text]) === false);
}

/** For a hunk that was rewritten: how many of its telling new lines are there, and of those it removes, how many are gone. */
function voteOfLines(hunk: Hunk, sides: Sides): HunkState {
  const [base, fix, target] = [sides.base.lines(), sides.fix.lines(), sides.target.lines()];
  const added = { all: 0, there: 0 };
  const removed = { all: 0, gone: 0 };
  for (const line of new Set(changedLines(hunk).map((each) => sides.shape(each.text).slice(1, -1)))) {
    if (tellingWords([line]).size < CONTENT_LIMITS.wordsOfLine) continue;
    const [before, after, now] = [base.get(line) ?? 0, fix.get(line) ?? 0, target.get(line) ?? 0];
    if (after > before) {
      added.all++;
      if (now >= after) added.there++;
    } else if (after < before) {
      removed.all++;
      if (now <= after) removed.gone++;
    }
  }
  return verdict(added.there, added.all, removed.gone, removed.all);
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

/** Has the target what the fix brings; null when the fix does not bring it, or the target lies between the two ends. */
function rises(sides: Sides, lines: readonly string[]): boolean | null {
  const run = sides.shape(lines.join(""));
  const now = count(sides.target.text, run);
  // The most frequent case needs no look at the ends: a run that the fix has is not there.
  if (now === 0) return false;
  const [before, after] = [count(sides.base.text, run), count(sides.fix.text, run)];
  if (after <= before) return null;
  return now >= after ? true : now <= before ? false : null;
}

/** Lacks the target what the fix takes away. */
function falls(sides: Sides, lines: readonly string[]): boolean | null {
  const run = sides.shape(lines.join(""));
  const now = count(sides.target.text, run);
  if (now === 0) return true;
  const [before, after] = [count(sides.base.text, run), count(sides.fix.text, run)];
  if (after >= before) return null;
  return now <= after ? true : now >= before ? false : null;
}

function count(text: string, run: string): number {
  if (run === "\n") return 0;
  let found = 0;
  for (let at = text.indexOf(run); at !== -1; at = text.indexOf(run, at + 1)) found++;
  return found;
}
