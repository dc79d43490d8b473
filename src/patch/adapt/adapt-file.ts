import { applyHunks } from "../apply.ts";
import { applyWithFuzz } from "../fuzz.ts";
import { findPlace, type ImageLine, imageOf } from "../image.ts";
import { type FilePatch, type Hunk, pathOf, preImage } from "../patch.ts";
import { type Ground, type Survey, survey, type Text, textOf } from "./ground.ts";
import { isTelling } from "./lines.ts";
import { phrasesOf } from "./phrases.ts";
import { type Edit, isPresent, placeRun } from "./place.ts";
import { learnRenames, type Rename, renamed } from "./renames.ts";
import { type ChangeRun, runsOf } from "./runs.ts";
import { type DroppedLabel, dropUnusedLabels } from "./unused-labels.ts";
import { mergeByWords } from "./word-merge.ts";
import { mergeGaps } from "./words.ts";

/** How one hunk was made to fit. `applied` needed no help. */
export type AdaptationRule =
  | "applied"
  | "already_present"
  | "context_only"
  | "insertion_point"
  | "word_merge"
  | "upstream_side"
  | "moved_function"
  | "renamed_identifier"
  | "feature_absent"
  | "file_dropped"
  | "file_moved"
  | "file_taken"
  | "changelog_kept";

export interface HunkAdaptation {
  readonly hunk: Hunk;
  readonly rule: AdaptationRule;
  /** What was done and why that is believed right, in one sentence. */
  readonly note: string;
  /** Each change stands beside a line that also stood beside it upstream. */
  readonly safe: boolean;
  /** Something speaks against it, which the note says: never high. */
  readonly doubtful?: boolean;
}

export interface FileAdaptation {
  /** The adapted file, latin1. */
  readonly content: string;
  readonly hunks: readonly HunkAdaptation[];
  /** Labels that no `goto` names any more, dropped besides. */
  readonly labels: readonly DroppedLabel[];
  readonly confidence: Confidence;
}

/** How far an adaptation is believed: docs/applicability.md says what each promises, and how often it was right. */
export type Confidence = "high" | "medium" | "low";

/**
 * Places the hunks of a file although the target differs from what they expect. Deterministic; refuses (null) whenever a changed line has no
 * place, or more than one.
 * @param content the file in the target, latin1
 * @param base the file before the change; null when it is not known, then the hunks' own context must do
 * @param known names that the target has elsewhere, so that no other name has to stand for them
 */
export function adaptFile(file: FilePatch, content: string, base: string | null, known: ReadonlySet<string> = NONE): FileAdaptation | null {
  const target = textOf(content);
  const before = base === null ? null : textOf(base);
  const { file: here, used } = before === null || !isC(file) ? { file, used: [] } : inNamesOf(target, before, file, known);
  const after = base === null ? null : applyHunks(here, base).content;
  const placed = placeHunks(here, target, before) ?? mergedByWords(here, base, content, after);
  if (placed === null || placed.content === content) return null;
  const strange = before === null ? NONE : foreignWords(before, target, isC(file) ? MEMBER : WORD);
  const hunks = placed.hunks.map((one, i) => withStrangers(withRenames({ ...one, hunk: file.hunks[i] ?? one.hunk }, file, used), strange));
  const byWords = base === null || after === null ? null : mergeByWords(base, content, after, true);
  const votes = { words: !placed.byWords && byWords === placed.content, fuzz: applyWithFuzz(here, content) === placed.content };
  const { content: tidy, dropped: labels } = isC(file)
    ? dropUnusedLabels(content, placed.content)
    : { content: placed.content, dropped: [] };
  return { content: tidy, hunks, labels, confidence: labels.length > 0 ? "low" : confidenceOf(hunks, votes) };
}

/**
 * Two independent methods vote: a merge by words, and the hunks applied like `patch -F3`. High when both leave the same bytes; when one does and
 * every hunk is safe, or needs only names replaced that the merge by words replaced too.
 */
function confidenceOf(hunks: readonly HunkAdaptation[], votes: { readonly words: boolean; readonly fuzz: boolean }): Confidence {
  const safe = hunks.every((one) => one.safe);
  const named = hunks.every((one) => one.safe || one.rule === "renamed_identifier");
  if (hunks.some((one) => one.doubtful === true)) return votes.words || votes.fuzz ? "medium" : "low";
  if ((votes.words && votes.fuzz) || (safe && (votes.words || votes.fuzz)) || (named && votes.words)) return "high";
  return safe || votes.words || votes.fuzz ? "medium" : "low";
}

/** In C another name may stand in any header; in other files (documentation, scripts, rules of make) nothing else is checked. */
const MEMBER = /^[.>] [A-Za-z_]/;
const WORD = /^\w+$/;

/** Phrases of this form that upstream's file has before the change and the target's nowhere. */
function foreignWords(before: Text, target: Text, form: RegExp): Set<string> {
  const words = (text: Text) => new Set([...phrasesOf(text.lines.join(""))].filter((phrase) => form.test(phrase)));
  return words(before).difference(words(target));
}

/** A change that uses what only upstream's file was using before may be made for another structure, or another state of things. */
function withStrangers(one: HunkAdaptation, foreign: ReadonlySet<string>): HunkAdaptation {
  if (foreign.size === 0 || one.rule === "feature_absent" || one.rule === "already_present") return one;
  const found = phrasesOf(
    runsOf(one.hunk)
      .flatMap((run) => run.added)
      .join(""),
  ).intersection(foreign);
  if (found.size === 0) return one;
  const said = [...found].map((phrase) => phrase.replace(/^[.>] /, "")).join(", ");
  return { ...one, doubtful: true, safe: false, note: `${one.note}; it uses ${said}, which no other line of the file does here` };
}

function isC(file: FilePatch): boolean {
  return /\.(?:[chly]|cc|cpp|S)$/.test(pathOf(file));
}

const NONE: ReadonlySet<string> = new Set();

function inNamesOf(
  target: Text,
  before: Text,
  file: FilePatch,
  known: ReadonlySet<string>,
): { readonly file: FilePatch; readonly used: readonly Rename[] } {
  const renames = learnRenames(before, target, linesRemovedBy(file));
  return renamed(
    file,
    renames.filter(({ from: [name = "", ...more] }) => more.length > 0 || !known.has(name)),
  );
}

function linesRemovedBy(file: FilePatch): Set<number> {
  return new Set(file.hunks.flatMap(runsOf).flatMap((run) => run.removed.map((_, i) => run.line + i)));
}

interface PlacedFile {
  readonly content: string;
  readonly hunks: readonly HunkAdaptation[];
  readonly byWords: boolean;
}

function mergedByWords(file: FilePatch, base: string | null, ours: string, theirs: string | null): PlacedFile | null {
  const content = base === null || theirs === null ? null : mergeByWords(base, ours, theirs);
  if (content === null) return null;
  const note = "lines of the file read differently here; the change was merged into it word by word";
  return { content, hunks: file.hunks.map((hunk) => ({ hunk, rule: "word_merge", note, safe: false })), byWords: true };
}

function placeHunks(file: FilePatch, target: Text, base: Text | null): PlacedFile | null {
  const found = survey(base, target);
  const foreign = base === null ? new Set<string>() : phrasesOf(base.lines.join("")).difference(phrasesOf(target.lines.join("")));
  const image = imageOf(target.lines.join(""));
  const edits: Edit[] = [];
  const hunks: HunkAdaptation[] = [];
  for (const hunk of file.hunks) {
    const placed = placeHunk(hunk, found, image, foreign);
    if (placed === null) return null;
    edits.push(...placed.edits);
    hunks.push(placed.adaptation);
  }
  const lines = withEdits(target.lines, edits);
  return lines === null ? null : { content: lines.join(""), hunks, byWords: false };
}

interface PlacedHunk {
  /** In lines of the file. */
  readonly edits: readonly Edit[];
  readonly adaptation: HunkAdaptation;
}

function placeHunk(hunk: Hunk, found: Survey, image: readonly ImageLine[], foreign: ReadonlySet<string>): PlacedHunk | null {
  const runs = runsOf(hunk);
  const grounds = runs.map((run) => found.groundOf(hunk, run));
  const exact = findPlace(image, hunk, preImage(hunk));
  if (exact !== null && grounds.every((ground) => ground !== null && exact + hunk.oldLines > ground.start && exact < endOf(ground))) {
    const shift = exact - (hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1);
    const edits = runs.map(
      (run): Edit => ({ at: run.line + shift, remove: run.removed.length, insert: run.added, way: "in_place", safe: true }),
    );
    return { edits, adaptation: { hunk, rule: "applied", note: "applies as it is", safe: true } };
  }
  if (runs.every(isComment) && runs.every((run) => found.isNowhere(run.removed))) {
    const note = "the hunk changes only a comment, which the target does not have";
    return { edits: [], adaptation: { hunk, rule: "feature_absent", note, safe: true } };
  }
  if (runs.every((run, i) => grounds[i] === null && found.isAbsent(hunk, run))) {
    const note = "the target has no such function, and none that holds its lines: the hunk serves code that is not here and is dropped";
    return { edits: [], adaptation: { hunk, rule: "feature_absent", note, safe: false } };
  }
  const moving = new Set(runs.flatMap((run) => run.removed));
  const edits: Edit[] = [];
  for (const ground of new Set(grounds)) {
    const own = runs.filter((_, i) => grounds[i] === ground);
    const placed = ground === null ? null : placeRuns(own, ground, moving, foreign);
    if (ground === null || placed === null) return null;
    edits.push(...placed.map((edit) => ({ ...edit, at: edit.at + ground.start })));
  }
  const described = describe(
    edits,
    grounds.filter((ground) => ground !== null),
  );
  return { edits: edits.filter((edit) => edit.way !== "already_there"), adaptation: { hunk, ...described } };
}

/** Lines inside a block comment, told by the asterisk that kernel style begins them with. */
function isComment(run: ChangeRun): boolean {
  return run.removed.length > 0 && [...run.removed, ...run.added].every((line) => /^\s*(?:\/?\*|\/\/)/.test(line));
}

function endOf(ground: Ground): number {
  return ground.start + ground.lines.length;
}

/** @param moving lines that the hunk removes somewhere: where it adds them they are not there yet, though the ground has them */
function placeRuns(runs: readonly ChangeRun[], ground: Ground, moving: ReadonlySet<string>, foreign: ReadonlySet<string>): Edit[] | null {
  const edits: Edit[] = [];
  const without: ChangeRun[] = [];
  for (const run of runs) {
    const edit: Edit | null =
      isPresent(run, ground.lines) && !run.added.some((line) => isTelling(line) && moving.has(line))
        ? { at: 0, remove: 0, insert: [], way: "already_there", safe: false }
        : placeRun(run, ground);
    if (edit === null) without.push(run);
    else edits.push(edit);
  }
  if (without.length === 0) return edits;
  const merged = mergeGaps(without, ground, foreign);
  return merged === null ? null : [...edits, ...merged];
}

function describe(edits: readonly Edit[], grounds: readonly Ground[]): Omit<HunkAdaptation, "hunk"> {
  const where = [...new Set(grounds.map((ground) => (ground.name === null ? "the file" : `${ground.name}()`)))].join(" and ");
  const ways = new Set(edits.map((edit) => edit.way));
  const also = ways.has("already_there") ? "; a part of it stands there already" : "";
  if (ways.has("already_there") && ways.size === 1)
    return { rule: "already_present", note: `${where} already reads as the hunk leaves it`, safe: false };
  if (grounds.some((ground) => ground.moved)) {
    const note = `the function of the hunk does not exist; its lines stand in ${where}, where the changed ones were found once${also}`;
    return { rule: "moved_function", note, safe: false };
  }
  if (ways.has("rewritten")) {
    const note = `lines of ${where} read differently here, and upstream rewrites them all: its text stands in place of the target's${also}`;
    return { rule: "upstream_side", note, safe: edits.every((edit) => edit.safe) };
  }
  if (ways.has("words")) {
    const note = `some changed lines of ${where} read differently here; the change was made to their words${also}`;
    return { rule: "word_merge", note, safe: false };
  }
  if (ways.has("apart") || ways.has("behind_function")) {
    const note = `the neighbours of added lines no longer stand together in ${where}; they were put beside the one above${also}`;
    return { rule: "insertion_point", note, safe: false, doubtful: true };
  }
  const open = edits.some((edit) => edit.open === true);
  const note = `the changed lines have one place in ${where}; only lines around them differ${also}`;
  const strayed = open ? "; a line beside which they were added upstream stands elsewhere here" : "";
  return { rule: "context_only", note: note + strayed, safe: edits.every((edit) => edit.safe), doubtful: open };
}

/** Says of a hunk which names of its added lines were replaced; one that is shown by one line only is not safe. */
function withRenames(one: HunkAdaptation, file: FilePatch, used: readonly Rename[]): HunkAdaptation {
  const own = used.filter((rename) => renamed({ ...file, hunks: [one.hunk] }, [rename]).used.length > 0);
  if (own.length === 0) return one;
  const said = own.map(({ from, to, votes }) => `"${from.join(" ")}" is "${to.join(" ")}" here (seen in ${votes} lines)`).join(", ");
  const also = one.rule === "applied" ? "" : `; ${one.note}`;
  const safe = one.safe && own.every(({ alone }) => alone > 1);
  return {
    ...one,
    rule: "renamed_identifier",
    note: `${said}${also}`,
    safe,
    doubtful: one.doubtful || own.some(({ alone }) => alone === 0),
  };
}

/** Null when two edits overlap. */
function withEdits(lines: readonly string[], edits: readonly Edit[]): string[] | null {
  const sorted = [...edits].sort((a, b) => a.at - b.at || a.remove - b.remove);
  const result: string[] = [];
  let done = 0;
  for (const { at, remove, insert } of sorted) {
    if (at < done) return null;
    result.push(...lines.slice(done, at), ...insert);
    done = at + remove;
  }
  return [...result, ...lines.slice(done)];
}
