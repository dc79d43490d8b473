import { PREREQUISITE_LIMITS } from "../rules/prerequisite-limits.ts";
import type { PrerequisiteKind } from "../schema/analysis.ts";
import type { HunkCause } from "./conflict-causes.ts";
import { type AnalysisContext, commitRef } from "./context.ts";
import type { Finding } from "./prerequisites.ts";
import { short } from "./presence.ts";
import { type Companions, missingCommitsOfFile } from "./suspects.ts";
import type { TrialRecord, Trials } from "./trials.ts";
import type { TriedCommit } from "./try-commit.ts";

/** The commits that make files of a change clean, proven by merging. */
interface Proof {
  readonly trials: Trials;
  /** In upstream order; none can be left out. */
  readonly oids: readonly string[];
  /** Files that conflict on the base, and not with these commits. */
  readonly files: readonly string[];
}

/**
 * Commits without which a file of the change conflicts, and with which (and their own needs) it does not. Suspects are first those that
 * wrote what the failing hunks expect and those that the message declares; then whatever else changed the file, and the series; then, where
 * none of them applies as upstream wrote it, a few of the first made to fit.
 */
export async function textualNeeds(ctx: AnalysisContext, plain: Trials, tried: TriedCommit, companions: Companions): Promise<Finding[]> {
  const conflicting = conflictingFiles(tried.trial.merge.conflicts);
  if (tried.trial.merge.clean || conflicting.length === 0) return [];
  const findings: Finding[] = [];
  let left = conflicting;
  const fitted = plain.adapting(tried.adaptation === null && isOfOneCommit(tried.causes));
  for (const trials of [plain, fitted]) {
    const proof = await prove(ctx, trials, tried, companions, left, trials === plain);
    if (proof === null) continue;
    left = left.filter((file) => !proof.files.includes(file));
    findings.push(...(await explain(ctx, proof, tried, companions)));
    if (left.length === 0) break;
  }
  return findings;
}

async function prove(
  ctx: AnalysisContext,
  trials: Trials,
  { change, causes }: TriedCommit,
  companions: Companions,
  conflicting: readonly string[],
  widely: boolean,
): Promise<Proof | null> {
  const cleanOn = async (tree: string, files: readonly string[]) => {
    const merge = await trials.pick(change.oid, tree);
    const still = merge === null ? files : conflictingFiles(merge.conflicts);
    return !files.some((file) => still.includes(file));
  };
  const depth = PREREQUISITE_LIMITS.depth - 1;
  const oids = new Set<string>();
  const files: string[] = [];
  for (const file of conflicting) {
    const works = (tree: string) => cleanOn(tree, [file]);
    const ofHunks = causes.flatMap((cause) => (cause.path === file ? suspectsOf(cause, widely) : []));
    const near = trials.worthTrying([...ofHunks, ...companions.declared.keys()]);
    const far = () => trials.worthTrying([...near, ...companions.series.keys(), ...missingCommitsOfFile(ctx, change, file)]);
    const ofNear = await trials.smallestSet(near, depth, works);
    const set = ofNear ?? (widely ? await trials.smallestSet(far(), depth, works) : null);
    if (set === null || set.length === 0) continue;
    files.push(file);
    for (const oid of set) oids.add(oid);
  }
  if (files.length === 0) return null;
  const union = trials.inOrder(oids);
  // What one file needs may serve another one too.
  const kept = files.length === 1 ? union : await trials.oneMinimal(union, (tree) => cleanOn(tree, files));
  return { trials, oids: kept, files };
}

/**
 * Did one commit write all that the failing hunks miss. Then their need of it does not depend on how well it can be made to fit, which only decides
 * whether the plan applies.
 */
function isOfOneCommit(causes: readonly HunkCause[]): boolean {
  const commits = new Set(causes.flatMap((cause) => cause.commits));
  return commits.size === 1 && causes.every(({ kind, commits }) => kind === "lines_differ" && commits.length > 0);
}

/** A commit that brought the very code that the target lacks is not made to fit: nobody wants that feature for the sake of one hunk. */
function suspectsOf({ commits, introducer, kind }: HunkCause, widely: boolean): readonly string[] {
  return widely || kind === "function_moved" ? commits : commits.filter((oid) => oid !== introducer);
}

/** Says of each commit what breaks without it: files of the change, or a later commit of the set. */
async function explain(ctx: AnalysisContext, proof: Proof, { change, causes }: TriedCommit, companions: Companions): Promise<Finding[]> {
  const { trials, oids } = proof;
  const before = await recordOf(trials, change.oid, []);
  const after = await recordOf(trials, change.oid, oids);
  const findings: Finding[] = [];
  for (const oid of oids) {
    const without = oids.filter((other) => other !== oid);
    const broken = await firstThatBreaks(trials, without);
    const left = broken === null ? await recordOf(trials, change.oid, without) : null;
    const files = left === null ? [] : proof.files.filter((file) => left.conflictingFiles.includes(file));
    const own = oids.length > 1 ? " and its own needs" : "";
    const summary =
      broken === null
        ? `${files.join(", ")} ${files.length > 1 ? "conflict" : "conflicts"} without it and ${files.length > 1 ? "are" : "is"} clean with it${own} applied`
        : `${short(commitRef(ctx.index, broken).upstreamOid ?? broken)} does not apply without it`;
    const records = left === null || without.length === 0 ? [before, after] : [before, left, after];
    findings.push({
      oid,
      kind: kindOf(oid, causes, companions),
      need: "required",
      proof: {
        summary: summary + (await howItComes(ctx, proof, oid)),
        neededBy: broken ?? change.oid,
        files,
        symbols: [],
        trials: records,
      },
    });
  }
  return findings;
}

/** What led to it: a person's word, the lines of the hunks, or only the series. */
function kindOf(oid: string, causes: readonly HunkCause[], companions: Companions): PrerequisiteKind {
  if (companions.declared.has(oid)) return "declared";
  const ofHunks = causes.some((cause) => cause.commits.includes(oid));
  return companions.series.has(oid) && !ofHunks ? "series" : "textual";
}

async function recordOf(trials: Trials, oid: string, applied: readonly string[]): Promise<TrialRecord> {
  const tree = await trials.takeAll(applied);
  const merge = tree === null ? null : await trials.pick(oid, tree);
  return { applied: [...applied], conflictingFiles: conflictingFiles(merge?.conflicts ?? []) };
}

/** The first commit that does not apply after those before it; null when all do. */
async function firstThatBreaks(trials: Trials, oids: readonly string[]): Promise<string | null> {
  let tree = trials.base.tree;
  for (const oid of oids) {
    const taken = await trials.take(oid, tree);
    if (taken === null) return oid;
    tree = taken.tree;
  }
  return null;
}

/** How the commit was brought onto the tree in the trials, where that was not as upstream wrote it. */
async function howItComes(ctx: AnalysisContext, { trials, oids }: Proof, oid: string): Promise<string> {
  const tree = await trials.takeAll(oids.slice(0, oids.indexOf(oid)));
  const taken = tree === null ? null : await trials.take(oid, tree);
  if (taken?.by === "form")
    return `; it does not apply itself, its form ${short(taken.oid)} ("${commitRef(ctx.index, taken.oid).subject}") does`;
  if (taken?.by === "adapted") return `; it does not apply itself and was made to fit, with ${taken.adaptation?.confidence} confidence`;
  return "";
}

function conflictingFiles(conflicts: readonly { readonly path: string }[]): string[] {
  return [...new Set(conflicts.map((conflict) => conflict.path))].sort();
}
