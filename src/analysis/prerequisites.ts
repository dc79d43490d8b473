import type { Prerequisite, PrerequisiteKind, PrerequisiteNeed } from "../schema/analysis.ts";
import { type AnalysisContext, commitRef, isBulk } from "./context.ts";
import { short } from "./presence.ts";
import { type Companions, companionsOf } from "./suspects.ts";
import { symbolNeeds } from "./symbol-needs.ts";
import { textualNeeds } from "./textual-needs.ts";
import { type Base, Trials } from "./trials.ts";
import type { TriedCommit } from "./try-commit.ts";

export interface Finding {
  readonly oid: string;
  readonly kind: PrerequisiteKind;
  readonly need: PrerequisiteNeed;
  readonly proof: Prerequisite["proof"];
}

/**
 * Which commits must come along with a change, which need not, and why; in upstream order. `required` has one of two proofs
 * (docs/architecture.md): (a) with the commit and its own needs applied, a file that conflicted becomes clean, and without the commit it does
 * not; (b) an added line uses a name, return type or parameter that only this commit brings. What a required commit needs to apply is
 * required too.
 * @param base what the change was tried on, when that is not the target's head: it has commits of a plan
 */
export async function prerequisitesOf(ctx: AnalysisContext, tried: TriedCommit, base: Base = headOf(ctx)): Promise<Prerequisite[]> {
  const fitting = fittingForm(tried);
  const trials = new Trials(ctx, base);
  const companions = await companionsOf(ctx, fitting.change);
  const found = new Map<string, Finding>();
  for (const finding of await textualNeeds(ctx, trials, fitting, companions)) keep(found, finding);
  for (const finding of await provenBySymbol(ctx, trials, fitting)) keep(found, finding);
  for (const finding of notProven(ctx, trials, fitting, found)) keep(found, finding);
  for (const finding of accompanying(trials, fitting, companions)) keep(found, finding);
  return trials.inOrder(found.keys()).flatMap((oid): Prerequisite[] => {
    const finding = found.get(oid);
    const ref = commitRef(ctx.index, oid);
    return finding === undefined ? [] : [{ ...finding, upstreamOid: ref.upstreamOid, subject: ref.subject }];
  });
}

/** The target as it stands. */
export function headOf(ctx: AnalysisContext): Base {
  return { tree: ctx.targetTree, taken: new Set() };
}

/** A form that merges in the place of its commit needs other commits, if any. */
function fittingForm(tried: TriedCommit): TriedCommit {
  const { form } = tried;
  return form?.trial.merge.clean === true ? { ...tried, ...form, causes: [] } : tried;
}

/** The first finding of a commit stays: proofs come before suspicions. */
function keep(found: Map<string, Finding>, finding: Finding): void {
  if (!found.has(finding.oid)) found.set(finding.oid, finding);
}

async function provenBySymbol(ctx: AnalysisContext, trials: Trials, { change }: TriedCommit): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const need of await symbolNeeds(ctx, change)) {
    const commit = ctx.index.commit(need.introducer);
    if (commit === null || !trials.isMissing(commit.oid)) continue;
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
    const ladder = (await trials.ladder(commit.oid)) ?? (await trials.adapting().ladder(commit.oid));
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
      if (commit === null || found.has(oid) || !trials.isMissing(oid)) continue;
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

/** What people said belongs before the change, and no trial needs. */
function accompanying(trials: Trials, { change }: TriedCommit, companions: Companions): Finding[] {
  const finding = (oid: string, kind: PrerequisiteKind, summary: string): Finding => ({
    oid,
    kind,
    need: "unknown",
    proof: { summary, neededBy: change.oid, files: [], symbols: [], trials: [] },
  });
  const declared = [...companions.declared].map(([oid, text]) => finding(oid, "declared", `"${text}"; ${NOTHING_NEEDS_IT}`));
  const mailed = [...companions.mailed].map(([oid, text]) => finding(oid, "series", `${text}; ${NOTHING_NEEDS_IT}`));
  return [...declared, ...mailed].filter(({ oid }) => trials.isMissing(oid));
}

const NOTHING_NEEDS_IT = "no trial and no name in the added lines needs it";
