import type { IndexedCommit } from "../history/history-index.ts";
import { DIRECT_EVIDENCE } from "../rules/evidence-sets.ts";
import type { AnalysisOptions, CandidateForm, Evidence } from "../schema/analysis.ts";
import type { Signature } from "../schema/signature.ts";
import { type Standing, standingsOf, type Weighed } from "./confidence.ts";
import { type AnalysisContext, isBulk } from "./context.ts";
import { type CrashQuery, crashQuery } from "./crash-query.ts";
import { type CrashCode, findEvidence, placesOf, readCode } from "./find-evidence.ts";
import { type Fix, formsOf, groupsOf, onePerFix } from "./fix-groups.ts";
import { judgeAreas, judgeCommits } from "./judge-commits.ts";
import { type Pool, presentPool, upstreamPool, withCommits } from "./pool.ts";
import { openPoolSearch } from "./pool-search.ts";
import type { Scores } from "./scores.ts";

/** A commit that may fix the crash, with why. */
export interface RankedCommit extends Standing {
  /** From 1, among all that were ranked. */
  readonly rank: number;
  readonly commit: IndexedCommit;
  readonly score: number;
  readonly evidence: readonly Evidence[];
  /** The fix in every upstream tree that has it, this one included. */
  readonly forms: readonly CandidateForm[];
}

export interface Ranking {
  /** Upstream commits that are not in the target's history. */
  readonly candidates: readonly RankedCommit[];
  /** How many something speaks for; those behind the limit are counted and not told. */
  readonly found: number;
  /** Upstream commits that are. They take no part in the ranks and the confidence of the candidates. */
  readonly alreadyPresent: readonly RankedCommit[];
  /** The commits that were searched for candidates. */
  readonly pool: readonly number[];
  /** Those that were searched for what is there already; null when nothing was asked of them. */
  readonly presentPool: readonly number[] | null;
}

type RankOptions = Pick<AnalysisOptions, "maxCandidates" | "includePresent" | "since" | "until">;

/** Of the commits that the searches found, how many are read; those behind do not come up to the front. */
const MOST_READ = 400;
/** Of those that the target has, a few are shown and the rest is not ranked. */
const PRESENT_READ = 100;

/**
 * Ranks the upstream commits that are not in the target's history by what speaks for them, and apart from them those that are. Candidates whose
 * fix is in the target under another id are kept, their presence says so; imports and squashes touch everything and are no candidates.
 * @param uploads nums of patches that the index of the context knows (uploaded-commits.ts): ranked with the candidates, and told even where
 * they stand behind the limit
 */
export async function rankCandidates(
  ctx: AnalysisContext,
  signature: Signature,
  options: RankOptions,
  uploads: readonly number[] = [],
): Promise<Ranking> {
  const asked = await askCrash(ctx, signature);
  const missing = upstreamPool(ctx, options);
  const candidates = await rankPool(ctx, asked, withCommits(missing, uploads), MOST_READ, uploads);
  const shared = options.includePresent === 0 ? null : presentPool(ctx, options);
  return {
    candidates: told(ctx, candidates, standingsOf(candidates.weighed, asked.isClear), options.maxCandidates, uploads),
    found: candidates.fixes.length,
    alreadyPresent:
      shared === null ? [] : rankPresent(ctx, asked, candidates, await rankPool(ctx, asked, shared, PRESENT_READ), options.includePresent),
    pool: missing.nums,
    presentPool: shared?.nums ?? null,
  };
}

/** What a crash asks of every pool. */
interface Asked {
  readonly signature: Signature;
  readonly query: CrashQuery;
  readonly code: CrashCode;
  /** The crash text could be read with confidence. */
  readonly isClear: boolean;
}

async function askCrash(ctx: AnalysisContext, signature: Signature): Promise<Asked> {
  const query = crashQuery(signature);
  return { signature, query, code: await readCode(ctx, query), isClear: signature.confidence !== "low" };
}

interface RankedPool {
  /** Best first. */
  readonly fixes: readonly Fix[];
  readonly weighed: readonly Weighed[];
  readonly scores: Scores;
}

async function rankPool(ctx: AnalysisContext, asked: Asked, pool: Pool, most: number, always: readonly number[] = []): Promise<RankedPool> {
  const { commits, scores } = await scorePool(ctx, asked, pool, most, always);
  const ranked = commits
    .map((commit) => ({ commit, score: Math.round(scores.total(commit.num) * 100) / 100 }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || b.commit.num - a.commit.num);
  const fixes = onePerFix(ctx.index, ranked);
  const groups = groupsOf(ctx.index, fixes);
  const weighed = fixes.map(({ commit: { num }, score }, at) => ({
    score,
    group: groups[at] ?? 0,
    isDirect: isDirect(scores, num),
  }));
  return { fixes, weighed, scores };
}

/** What stands in the target is believed as far as it outdoes the candidates too: the kernel crashed with it. */
function rankPresent(ctx: AnalysisContext, { isClear }: Asked, candidates: RankedPool, present: RankedPool, limit: number): RankedCommit[] {
  const groups = candidates.weighed.length;
  const rivals = [...candidates.weighed, ...present.weighed.map((one) => ({ ...one, group: groups + one.group }))];
  const sorted = rivals.sort((a, b) => b.score - a.score);
  const standings = standingsOf(sorted, isClear)
    .filter(({ group }) => group > groups)
    .map((one) => ({ ...one, group: one.group - groups }));
  return told(ctx, present, standings, limit);
}

function told(
  ctx: AnalysisContext,
  { fixes, scores }: RankedPool,
  standings: readonly Standing[],
  limit: number,
  always: readonly number[] = [],
): RankedCommit[] {
  return fixes.flatMap((fix, at) => {
    const { commit, score } = fix;
    const standing = standings[at];
    if (standing === undefined || (at >= limit && !always.includes(commit.num))) return [];
    return [{ commit, rank: at + 1, score, ...standing, evidence: scores.evidence(commit.num), forms: formsOf(ctx, fix) }];
  });
}

function isDirect(scores: Scores, num: number): boolean {
  for (const rule of scores.values(num).keys()) if (DIRECT_EVIDENCE.has(rule)) return true;
  return false;
}

interface Scored {
  readonly commits: readonly IndexedCommit[];
  readonly scores: Scores;
}

/** The candidates that most speaks for, with the evidence: what ranking and the fitting of its weights have in common. */
export async function scoreCandidates(ctx: AnalysisContext, signature: Signature): Promise<Scored> {
  return scorePool(ctx, await askCrash(ctx, signature), upstreamPool(ctx), MOST_READ);
}

/**
 * @param most how many commits are read
 * @param always commits that are read whatever speaks for them
 */
async function scorePool(
  ctx: AnalysisContext,
  { signature, query, code }: Asked,
  pool: Pool,
  most: number,
  always: readonly number[] = [],
): Promise<Scored> {
  const scores = findEvidence(ctx, query, code, signature, openPoolSearch(ctx, pool));
  const front = [...scores.totals()].sort(([a, left], [b, right]) => right - left || b - a).slice(0, most);
  const commits = [...new Set([...front.map(([num]) => num), ...always])]
    .map((num) => ctx.index.commitByNum(num))
    .filter((commit) => !isBulk(commit));
  const places = placesOf(query, code);
  judgeCommits(ctx, query, signature, places, commits, scores);
  await judgeAreas(ctx, places, commits, scores);
  return { commits, scores };
}
