import type { IndexedCommit } from "../history/history-index.ts";
import { ARCH_FOLDERS, CLEANUP_WORDS, CONFIDENCE, DIRECT_EVIDENCE, FIX_WORDS } from "../rules/evidence.ts";
import type { Candidate, Evidence } from "../schema/analysis.ts";
import type { Signature } from "../schema/signature.ts";
import { type AnalysisContext, isBulk } from "./context.ts";
import { type CrashQuery, crashQuery } from "./crash-query.ts";
import { findEvidence } from "./find-evidence.ts";
import { openPoolSearch } from "./pool-search.ts";
import { isInTarget, presenceOf, short } from "./presence.ts";
import type { Scores } from "./scores.ts";

/** A commit of the upstream trees that may fix the crash, with why. */
export interface RankedCommit {
  readonly commit: IndexedCommit;
  readonly score: number;
  readonly confidence: Candidate["confidence"];
  readonly evidence: readonly Evidence[];
}

/** Of the commits that the searches found, how many are read; those behind do not come up to the front. */
const MOST_READ = 400;

/**
 * Ranks the upstream commits that are not in the target's history by what speaks for them. Those whose fix is in the target under another
 * id are kept, their presence says so; imports and squashes touch everything and are no candidates.
 */
export async function rankCandidates(ctx: AnalysisContext, signature: Signature, limit: number): Promise<RankedCommit[]> {
  const { commits, scores } = await scoreCandidates(ctx, signature);
  const totals = scores.totals();
  const ranked = commits
    .map((commit) => ({ commit, score: Math.round((totals.get(commit.num) ?? 0) * 100) / 100 }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || b.commit.num - a.commit.num);
  const fixes = onePerFix(ctx, ranked);
  const top = fixes[0]?.score ?? 0;
  let all = 0;
  for (const { score } of fixes) all += Math.exp(score - top);
  return fixes.slice(0, limit).map((one) => {
    const evidence = scores.evidence(one.commit.num);
    return { ...one, confidence: confidenceOf(Math.exp(one.score - top) / all, evidence, signature), evidence };
  });
}

/** The commits of the pool that most speaks for, with the evidence: what ranking and the fitting of its weights have in common. */
export async function scoreCandidates(
  ctx: AnalysisContext,
  signature: Signature,
): Promise<{ readonly commits: readonly IndexedCommit[]; readonly scores: Scores }> {
  const query = crashQuery(signature);
  const scores = await findEvidence(ctx, query, signature, openPoolSearch(ctx));
  const commits = [...scores.totals()]
    .sort(([a, left], [b, right]) => right - left || b - a)
    .slice(0, MOST_READ)
    .map(([num]) => ctx.index.commitByNum(num))
    .filter((commit) => !isBulk(commit));
  for (const commit of commits) judgeCommit(ctx, query, commit, scores);
  judgeProcessor(ctx, signature.arch, commits, scores);
  return { commits, scores };
}

/** What the commit itself says, whatever the crash. */
function judgeCommit(ctx: AnalysisContext, query: CrashQuery, commit: IndexedCommit, scores: Scores): void {
  const { num, oid, subject, changedFiles, changedLines } = commit;
  if (FIX_WORDS.test(subject)) scores.add(num, "fixWords", 1, "its subject speaks of a fix");
  if (CLEANUP_WORDS.test(subject)) scores.add(num, "cleanupWords", 1, "its subject speaks of a cleanup");
  if (changedLines !== null && changedLines > 10)
    scores.add(num, "largeChange", Math.log2(changedLines / 10), `it changes ${changedLines} lines`);
  if (changedFiles > 1) scores.add(num, "manyFiles", Math.log2(changedFiles), `it changes ${changedFiles} files`);
  for (const { function: name } of ctx.index.functions(oid)) {
    const shared = name.split("_").filter((piece) => query.words.has(piece));
    const share = shared.reduce((sum, piece) => sum + (query.words.get(piece) ?? 0), 0);
    if (share > 0) scores.add(num, "wordInFunction", share, `changes ${name}(), which shares ${shared.join(", ")} with the stack`);
  }
  const fixed = ctx.index.linksFrom(oid).find((link) => link.kind === "fixes" && link.to !== null);
  const introducer = fixed === undefined || fixed.to === null ? null : ctx.index.commit(fixed.to);
  if (introducer !== null && isInTarget(presenceOf(ctx, introducer)))
    scores.add(num, "fixesTarget", 1, `it fixes ${short(introducer.oid)}, which is in ${ctx.target.tree}`);
}

/** Commits that change code of the processor that the report comes from. */
function judgeProcessor(ctx: AnalysisContext, arch: string | null, commits: readonly IndexedCommit[], scores: Scores): void {
  const folders = ARCH_FOLDERS.find(({ arches }) => arch !== null && arches.test(arch))?.folders;
  if (folders === undefined) return;
  for (const { num, oid } of commits)
    if (ctx.index.paths(oid).some((path) => folders.test(path))) scores.add(num, "sameArch", 1, `it changes code of ${arch}`);
}

/** Forms of one fix in several upstream trees share a patch-id; the first (best ranked) stands for all. */
function onePerFix<T extends { readonly commit: IndexedCommit }>(ctx: AnalysisContext, ranked: readonly T[]): T[] {
  const seen = new Set<string>();
  const kept: T[] = [];
  for (const one of ranked) {
    const origin = ctx.index.linksFrom(one.commit.oid).find((link) => link.kind === "backport_of");
    const keys = [one.commit.patchId ?? one.commit.oid, origin?.to ?? origin?.id ?? one.commit.oid];
    if (keys.some((key) => seen.has(key))) continue;
    for (const key of keys) seen.add(key);
    kept.push(one);
  }
  return kept;
}

function confidenceOf(share: number, evidence: readonly Evidence[], signature: Signature): Candidate["confidence"] {
  if (share < CONFIDENCE.high) return share >= CONFIDENCE.medium ? "medium" : "low";
  const direct = evidence.some((one) => DIRECT_EVIDENCE.has(one.rule));
  return direct && signature.confidence !== "low" ? "high" : "medium";
}
