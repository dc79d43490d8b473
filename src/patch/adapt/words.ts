import { depthOf, identifiersOf } from "../../source/c-text.ts";
import { splitLines } from "../image.ts";
import type { Ground } from "./ground.ts";
import { isTelling } from "./lines.ts";
import { phrasesOf, tokensOf } from "./phrases.ts";
import type { Edit } from "./place.ts";
import type { ChangeRun } from "./runs.ts";
import { areForms, correspond, keyOfLine } from "./similar.ts";
import { mergeWords, transferWords } from "./word-merge.ts";

/** Lines that differ between two lines that correspond, before the change and in the target, and the runs that change them. */
interface Gap {
  /** Lines of the base, end excluded. */
  readonly from: number;
  readonly to: number;
  readonly runs: ChangeRun[];
}

/**
 * Changed lines that read differently in the target, between the nearest lines that correspond: where upstream rewrites all that differs, in
 * words that the target has, its text is taken; else the words are merged, so that a line which the target spells otherwise takes the change all
 * the same. Runs of one gap are treated together. Null when one of them has no answer.
 * @param runs of the hunk that have no place of their own
 * @param foreign phrases of the file before the change that the target has nowhere
 */
export function mergeGaps(runs: readonly ChangeRun[], ground: Ground, foreign: ReadonlySet<string>): readonly Edit[] | null {
  if (ground.base === null) return null;
  const edits: Edit[] = [];
  for (const gap of gapsOf(runs, ground.base)) {
    const edit = mergeGap(gap, ground, ground.base, foreign);
    if (edit === null) return null;
    edits.push(edit);
  }
  return edits;
}

function gapsOf(runs: readonly ChangeRun[], base: NonNullable<Ground["base"]>): Iterable<Gap> {
  const { same } = base.correspondence;
  const gaps = new Map<number, Gap>();
  const has = (line: number): boolean => (same[line] ?? -1) >= 0;
  for (const run of runs) {
    let from = run.line - base.start;
    let to = from + run.removed.length;
    // A changed line that stands here as it is bounds the gap, as a kept one does.
    while (from > 0 && !has(from) && !has(from - 1)) from--;
    while (to < base.lines.length && !has(to - 1) && !has(to)) to++;
    const gap = gaps.get(from) ?? { from, to, runs: [] };
    gap.runs.push(run);
    gaps.set(from, gap);
  }
  return gaps.values();
}

function mergeGap(gap: Gap, { lines, moved }: Ground, base: NonNullable<Ground["base"]>, foreign: ReadonlySet<string>): Edit | null {
  const { same, alike } = base.correspondence;
  const [first, last] = [same[gap.from] ?? -1, same[gap.to - 1] ?? -1];
  const at = first >= 0 ? first : gap.from <= 0 ? 0 : (same[gap.from - 1] ?? 0) + 1;
  const end = last >= 0 ? last + 1 : gap.to >= base.lines.length ? lines.length : (same[gap.to] ?? 0);
  if (at >= end || gap.from < 0) return null;
  const theirs: string[] = [];
  let done = gap.from;
  let kept = gap.to - gap.from;
  for (const run of gap.runs) {
    theirs.push(...base.lines.slice(done, run.line - base.start), ...run.added);
    done = run.line - base.start + run.removed.length;
    kept -= run.removed.length;
  }
  theirs.push(...base.lines.slice(done, gap.to));
  const before = base.lines.slice(gap.from, gap.to);
  const here = lines.slice(at, end);
  const partners = new Set(alike.slice(gap.from, gap.to).filter((partner) => partner >= 0));
  const worded = before.filter((line) => /\w/.test(line)).length;
  const rewritten = before.length > 0 && kept === 0 && partners.size * 2 >= worded && isSameCode(before, here, partners, at);
  const [old, ours, text] = [before.join(""), here.join(""), theirs.join("")];
  const spelledOtherwise = tokensOf(old).join(" ") !== tokensOf(ours).join(" ");
  const taken = rewritten && spelledOtherwise && phrasesOf(text).isDisjointFrom(foreign) ? text : null;
  const merged = taken === null ? (mergeWords(old, ours, text) ?? transferWords(old, ours, text)) : null;
  const made = merged ?? (moved && taken === null ? withoutLacking(gap, base, ours) : null) ?? (rewritten ? text : null);
  if (made === null || made === ours) return null;
  const way = made === text && merged === null ? "rewritten" : "words";
  const near = way === "rewritten" && before.length === here.length && before.every((line, i) => isNear(line, here[i] ?? ""));
  return { at, remove: end - at, insert: splitLines(made), way, safe: near };
}

function isNear(line: string, other: string): boolean {
  return keyOfLine(line) === keyOfLine(other) || areForms(line, other);
}

/** The change without the lines that the target has in no form: what upstream made of those has nothing to stand on. */
function withoutLacking(gap: Gap, base: NonNullable<Ground["base"]>, ours: string): string | null {
  const [run, ...others] = gap.runs;
  if (run === undefined || others.length > 0) return null;
  const { alike } = base.correspondence;
  const at = run.line - base.start;
  const forms = correspond(run.removed, run.added).alike;
  const lacking = run.removed.map((line, i) => isTelling(line) && (alike[at + i] ?? -1) < 0 && (forms[i] ?? -1) >= 0);
  if (!lacking.includes(true)) return null;
  const dropped = new Set(run.removed.flatMap((_, i) => (lacking[i] ? [forms[i]] : [])));
  const around = [base.lines.slice(gap.from, at), base.lines.slice(at + run.removed.length, gap.to)];
  const text = (lines: readonly string[]): string => [...(around[0] ?? []), ...lines, ...(around[1] ?? [])].join("");
  const before = text(run.removed.filter((_, i) => !lacking[i]));
  const after = text(run.added.filter((_, i) => !dropped.has(i)));
  return mergeWords(before, ours, after) ?? transferWords(before, ours, after);
}

/** The target's lines are other forms of the base's lines: nothing that only the target has would be lost with them. */
function isSameCode(before: readonly string[], here: readonly string[], partners: ReadonlySet<number>, at: number): boolean {
  if (depthOf(before.join("")) !== depthOf(here.join(""))) return false;
  const alone = here.filter((line, i) => isTelling(line) && !partners.has(at + i));
  return alone.length * 4 <= here.length || identifiersOf(alone.join("")).isSubsetOf(identifiersOf(before.join("")));
}
