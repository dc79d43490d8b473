import type { IndexedCommit } from "../history/history-index.ts";
import { DIRECT_EVIDENCE, MESSAGE_EVIDENCE } from "../rules/evidence.ts";
import type { CandidateForm, Evidence } from "../schema/analysis.ts";
import type { Signature } from "../schema/signature.ts";
import { type Standing, standingsOf } from "./confidence.ts";
import { type AnalysisContext, isBulk } from "./context.ts";
import { crashQuery } from "./crash-query.ts";
import { findEvidence } from "./find-evidence.ts";
import { formsOf, groupsOf, onePerFix } from "./fix-groups.ts";
import { judgeAreas, judgeCommits } from "./judge-commits.ts";
import { openPoolSearch } from "./pool-search.ts";
import type { Scores } from "./scores.ts";

/** A commit of the upstream trees that may fix the crash, with why. */
export interface RankedCommit extends Standing {
  readonly commit: IndexedCommit;
  readonly score: number;
  readonly evidence: readonly Evidence[];
  /** The fix in every upstream tree that has it, this one included. */
  readonly forms: readonly CandidateForm[];
}

/** Of the commits that the searches found, how many are read; those behind do not come up to the front. */
const MOST_READ = 400;

/**
 * Ranks the upstream commits that are not in the target's history by what speaks for them. Those whose fix is in the target under another
 * id are kept, their presence says so; imports and squashes touch everything and are no candidates.
 */
export async function rankCandidates(ctx: AnalysisContext, signature: Signature, limit: number): Promise<RankedCommit[]> {
  const { commits, scores } = await scoreCandidates(ctx, signature);
  const ranked = commits
    .map((commit) => ({ commit, score: Math.round(scores.total(commit.num) * 100) / 100 }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || b.commit.num - a.commit.num);
  const fixes = onePerFix(ctx.index, ranked);
  const groups = groupsOf(ctx.index, fixes);
  const standings = standingsOf(
    fixes.map(({ commit: { num }, score }, at) => ({
      score,
      messageScore: scores.total(num, MESSAGE_EVIDENCE),
      group: groups[at] ?? 0,
      isDirect: isDirect(scores, num),
    })),
    signature.confidence !== "low",
  );
  return fixes.slice(0, limit).flatMap((fix, at) => {
    const { commit, score } = fix;
    const standing = standings[at];
    if (standing === undefined) return [];
    return [{ commit, score, ...standing, evidence: scores.evidence(commit.num), forms: formsOf(ctx, fix) }];
  });
}

function isDirect(scores: Scores, num: number): boolean {
  for (const rule of scores.values(num).keys()) if (DIRECT_EVIDENCE.has(rule)) return true;
  return false;
}

/** The commits of the pool that most speaks for, with the evidence: what ranking and the fitting of its weights have in common. */
export async function scoreCandidates(
  ctx: AnalysisContext,
  signature: Signature,
): Promise<{ readonly commits: readonly IndexedCommit[]; readonly scores: Scores }> {
  const query = crashQuery(signature);
  const { scores, places } = await findEvidence(ctx, query, signature, openPoolSearch(ctx));
  const commits = [...scores.totals()]
    .sort(([a, left], [b, right]) => right - left || b - a)
    .slice(0, MOST_READ)
    .map(([num]) => ctx.index.commitByNum(num))
    .filter((commit) => !isBulk(commit));
  judgeCommits(ctx, query, signature, places, commits, scores);
  await judgeAreas(ctx, places, commits, scores);
  return { commits, scores };
}
