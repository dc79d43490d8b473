import { PREREQUISITE_LIMITS } from "../rules/prerequisite-limits.ts";
import type { Prerequisite, PrerequisiteKind, PrerequisiteNeed } from "../schema/analysis.ts";
import type { Trial } from "./applicability.ts";
import type { Change } from "./change.ts";
import type { HunkCause } from "./conflict-causes.ts";
import { type AnalysisContext, commitRef, isBulk } from "./context.ts";
import { isInTarget, presenceOf, short } from "./presence.ts";
import { missingCommitsOfFile } from "./suspects.ts";
import { symbolNeeds } from "./symbol-needs.ts";
import { type TrialRecord, Trials } from "./trials.ts";
import type { TriedCommit } from "./try-commit.ts";

interface Finding {
  readonly oid: string;
  readonly kind: PrerequisiteKind;
  readonly need: PrerequisiteNeed;
  readonly proof: Prerequisite["proof"];
}

export interface Prerequisites {
  readonly prerequisites: readonly Prerequisite[];
  /** The required ones apply cleanly one after the other, and the change on top of them. */
  readonly appliesWithRequired: boolean;
}

/**
 * Which commits must come along with a change, which need not, and why. `required` has one of two proofs (docs/architecture.md): (a) with the
 * commit and its own needs applied, a file that conflicted becomes clean, and without the commit it does not; (b) an added line uses a name,
 * return type or parameter that only this commit brings. What a required commit needs to apply cleanly is required too.
 */
export async function prerequisitesOf(ctx: AnalysisContext, tried: TriedCommit): Promise<Prerequisites> {
  const { change, trial, causes } = tried;
  const trials = new Trials(ctx);
  const found = new Map<string, Finding>();
  const textual = await provenByMerge(ctx, trials, change, trial, causes);
  for (const finding of textual) keep(found, finding);
  for (const finding of await provenBySymbol(ctx, trials, change)) keep(found, finding);
  for (const finding of notProven(ctx, trials, tried, found)) keep(found, finding);
  const num = (oid: string): number => ctx.index.commit(oid)?.num ?? -1;
  const findings = [...found.values()].sort((a, b) => num(a.oid) - num(b.oid));
  const prerequisites = findings.map((finding): Prerequisite => {
    const ref = commitRef(ctx.index, finding.oid);
    return { ...finding, upstreamOid: ref.upstreamOid, subject: ref.subject };
  });
  const required = findings.filter((finding) => finding.need === "required").map((finding) => finding.oid);
  const base = await trials.pickAll(required, ctx.targetTree);
  const merge = base === null ? null : await trials.pick(change.oid, base);
  return { prerequisites, appliesWithRequired: merge?.clean === true };
}

/** The first finding of a commit stays: proofs come before suspicions. */
function keep(found: Map<string, Finding>, finding: Finding): void {
  if (!found.has(finding.oid)) found.set(finding.oid, finding);
}

async function provenByMerge(
  ctx: AnalysisContext,
  trials: Trials,
  change: Change,
  trial: Trial,
  causes: readonly HunkCause[],
): Promise<Finding[]> {
  const conflicting = conflictingFiles(trial.merge.conflicts);
  if (trial.merge.clean || conflicting.length === 0) return [];
  const findings: Finding[] = [];
  for (const file of conflicting) {
    const isClean = async (tree: string) => {
      const merge = await trials.pick(change.oid, tree);
      return merge !== null && !conflictingFiles(merge.conflicts).includes(file);
    };
    // Those that wrote what the hunks expect; when they do not suffice, whatever else changed the file.
    const ofHunks = trials.worthTrying(causes.flatMap((cause) => (cause.path === file ? cause.commits : [])));
    const ofFile = () => trials.worthTrying([...ofHunks, ...missingCommitsOfFile(ctx, change, file)]);
    const depth = PREREQUISITE_LIMITS.depth - 1;
    const set =
      (await trials.smallestSet(ofHunks, ctx.targetTree, depth, isClean)) ??
      (await trials.smallestSet(ofFile(), ctx.targetTree, depth, isClean));
    if (set === null || set.length === 0) continue;
    findings.push(...(await withoutOwnNeedsOnly(trials, ctx, change, set, file)));
  }
  return findings;
}

/** Splits a set that makes the file clean into commits that the file itself needs and commits that only those need to apply. */
async function withoutOwnNeedsOnly(
  trials: Trials,
  ctx: AnalysisContext,
  change: Change,
  set: readonly string[],
  file: string,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const before: TrialRecord = {
    applied: [],
    conflictingFiles: conflictingFiles((await trials.pick(change.oid, ctx.targetTree))?.conflicts ?? []),
  };
  const tree = await trials.pickAll(set, ctx.targetTree);
  const after: TrialRecord = {
    applied: [...set],
    conflictingFiles: tree === null ? [] : conflictingFiles((await trials.pick(change.oid, tree))?.conflicts ?? []),
  };
  for (const [i, oid] of set.entries()) {
    const later = await firstThatBreaks(trials, ctx, set, i);
    const neededBy = later ?? change.oid;
    const summary =
      later === null
        ? `${file} conflicts without it and is clean with it${set.length > 1 ? " and its own needs" : ""} applied`
        : `${short(commitRef(ctx.index, later).upstreamOid ?? later)} does not apply without it`;
    findings.push({
      oid,
      kind: "textual",
      need: "required",
      proof: { summary, neededBy, files: later === null ? [file] : [], symbols: [], trials: [before, after] },
    });
  }
  return findings;
}

/** The first later commit of the set that no longer applies when this one is left out; null when only the fix needs it. */
async function firstThatBreaks(trials: Trials, ctx: AnalysisContext, set: readonly string[], left: number): Promise<string | null> {
  let tree = await trials.pickAll(set.slice(0, left), ctx.targetTree);
  for (const oid of set.slice(left + 1)) {
    const merge = tree === null ? null : await trials.pick(oid, tree);
    if (merge === null || !merge.clean) return oid;
    tree = merge.tree;
  }
  return null;
}

async function provenBySymbol(ctx: AnalysisContext, trials: Trials, change: Change): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const need of await symbolNeeds(ctx, change)) {
    const commit = ctx.index.commit(need.introducer);
    if (commit === null || isInTarget(presenceOf(ctx, commit))) continue;
    const proof = { summary: need.because, neededBy: change.oid, files: [], symbols: [need.symbol], trials: [] };
    if (isBulk(commit)) {
      findings.push({
        oid: commit.oid,
        kind: "symbol",
        need: "unknown",
        proof: { ...proof, summary: `${need.because}; it came with a commit too large to take along` },
      });
      continue;
    }
    findings.push({ oid: commit.oid, kind: "symbol", need: "required", proof });
    const ladder = await trials.ladder(commit.oid, ctx.targetTree);
    for (const oid of ladder?.applied.slice(0, -1) ?? []) {
      const summary = `${short(commitRef(ctx.index, commit.oid).upstreamOid ?? commit.oid)} does not apply without it`;
      findings.push({
        oid,
        kind: "textual",
        need: "required",
        proof: {
          summary,
          neededBy: commit.oid,
          files: [],
          symbols: [],
          trials: [{ applied: [...(ladder?.applied ?? [])], conflictingFiles: [] }],
        },
      });
    }
  }
  return findings;
}

/** Suspects without proof: introducers of code that the target lacks, and commits that changed the context. */
function notProven(ctx: AnalysisContext, trials: Trials, tried: TriedCommit, found: ReadonlyMap<string, Finding>): Finding[] {
  const { change, causes, adaptation } = tried;
  const introducers: Finding[] = [];
  const others: Finding[] = [];
  for (const cause of causes) {
    for (const oid of cause.commits) {
      const commit = ctx.index.commit(oid);
      if (commit === null || found.has(oid) || isInTarget(presenceOf(ctx, commit))) continue;
      const proof = { neededBy: change.oid, files: [cause.path], symbols: [], trials: [] };
      if (oid === cause.introducer && cause.kind !== "function_moved") {
        introducers.push({ oid, kind: "textual", need: "target_lacks_feature", proof: { ...proof, summary: cause.text } });
      } else if (adaptation?.confidence === "high") {
        others.push({ oid, kind: "textual", need: "context_only", proof: { ...proof, summary: `${cause.text}; ${WORKS_WITHOUT}` } });
      } else {
        const outcome = isBulk(commit) ? "too large to take along, not tried" : trials.exhausted ? TRIALS_EXHAUSTED : NOTHING_CLEAN;
        others.push({ oid, kind: "textual", need: "unknown", proof: { ...proof, summary: `${cause.text}; ${outcome}` } });
      }
    }
  }
  return [...introducers, ...others];
}

const WORKS_WITHOUT = "the change was made to fit without it, with high confidence";
const TRIALS_EXHAUSTED = "the bound on trial merges was reached";
const NOTHING_CLEAN = "no trial with it made a conflicting file clean";

function conflictingFiles(conflicts: readonly { readonly path: string }[]): string[] {
  return [...new Set(conflicts.map((conflict) => conflict.path))].sort();
}
