import type { HistoryIndex } from "../history/history-index.ts";
import { readMails } from "../patch/mails.ts";
import type { Candidate } from "../schema/analysis.ts";
import type { Ranking } from "./candidates.ts";
import type { AnalysisContext } from "./context.ts";
import { withUploads } from "./uploaded-commits.ts";
import { analyzeUploadedPatch } from "./uploaded-patch.ts";

/** Patches that came with a crash. */
export interface Uploads {
  /** The index that has them too. */
  readonly index: HistoryIndex;
  /** Their nums in it, in their order. */
  readonly nums: readonly number[];
  /** What becomes of each in the target, as of a patch that comes alone. */
  readonly candidates: readonly Candidate[];
}

export async function readUploads(ctx: AnalysisContext, text: string): Promise<Uploads> {
  const { index, commits } = withUploads(ctx.index, readMails(Buffer.from(text, "utf8").toString("latin1")));
  return { index, nums: commits.map(({ num }) => num), candidates: await analyzeUploadedPatch(ctx, text) };
}

/**
 * Puts the uploaded patches among the candidates, each where its evidence puts it. One that nothing speaks for stands behind all others: it
 * was asked about, so it is never left out.
 */
export function withUploaded(candidates: readonly Candidate[], uploads: Uploads, ranking: Ranking): Candidate[] {
  let behind = 0;
  const uploaded = uploads.candidates.map((candidate, at): Candidate => {
    const standing = ranking.candidates.find(({ commit }) => commit.num === uploads.nums[at]);
    if (standing === undefined) {
      behind += 1;
      return { ...candidate, rank: ranking.found + behind, confidence: "low", probability: 0 };
    }
    const { rank, score, confidence, probability, group, evidence } = standing;
    return { ...candidate, rank, score, confidence, probability, group, evidence: [...evidence, ...candidate.evidence] };
  });
  return [...candidates, ...uploaded].sort((a, b) => a.rank - b.rank);
}
