import { CONFIDENCE, CONFIDENCE_MODEL, GROUPING } from "../rules/evidence-confidence.ts";
import type { Candidate } from "../schema/analysis.ts";

/** How far a ranked fix is to be believed. */
export interface Standing {
  readonly group: number;
  /** That the best of its group is the fix, as measured; 0 to 1. */
  readonly probability: number;
  readonly confidence: Candidate["confidence"];
}

/** What is weighed. */
export interface Weighed {
  readonly score: number;
  readonly group: number;
  /** Does something tie it to the stack or to a name of the report. */
  readonly isDirect: boolean;
}

/**
 * What the scores of all fixes say about each. Two right fixes of one group do not halve each other: their group has the share of both.
 * `high` is said of the best of its group and of those that stand close to it.
 * @param fixes best first
 * @param crashIsClear the crash text could be read with confidence
 */
export function standingsOf(fixes: readonly Weighed[], crashIsClear: boolean): Standing[] {
  const shares = groupShares(fixes);
  const best = bestScores(fixes);
  return fixes.map(({ group, score, isDirect }) => {
    const share = shares.get(group) ?? 0;
    const probability = probabilityOf(share);
    const leads = (best.get(group) ?? 0) - score <= GROUPING.closeScore;
    const sure = leads && isDirect && crashIsClear && isSure(share, leadOf(group, best));
    const confidence = sure ? "high" : probability >= CONFIDENCE.medium ? "medium" : "low";
    return { group, probability: Math.round(probability * 1000) / 1000, confidence };
  });
}

/** May a bot act without a person on a group that has this share and this lead. */
export function isSure(share: number, lead: number): boolean {
  return share >= CONFIDENCE.high.share && lead >= CONFIDENCE.high.lead;
}

/** The score of the best commit of each group. */
export function bestScores(fixes: readonly { readonly group: number; readonly score: number }[]): Map<number, number> {
  const best = new Map<number, number>();
  for (const { group, score } of fixes) best.set(group, Math.max(score, best.get(group) ?? score));
  return best;
}

/** How far the best of a group is before the best of every other one, and before a commit that nothing speaks for. */
export function leadOf(group: number, best: ReadonlyMap<number, number>): number {
  let rival = 0;
  for (const [other, score] of best) if (other !== group && score > rival) rival = score;
  return (best.get(group) ?? 0) - rival;
}

/**
 * The share of each group in the sum of exp(score); the weights were fitted so that it is a share. They were fitted among many commits: what
 * a small pool has fewer counts as commits that nothing speaks for, so that a share among three does not look like one among hundreds.
 */
export function groupShares(fixes: readonly { readonly group: number; readonly score: number }[]): Map<number, number> {
  const top = Math.max(0, ...fixes.map(({ score }) => score));
  const shares = new Map<number, number>();
  let all = Math.max(0, GROUPING.commits - fixes.length) * Math.exp(-top);
  for (const fix of fixes) {
    const part = Math.exp(fix.score - top);
    all += part;
    shares.set(fix.group, (shares.get(fix.group) ?? 0) + part);
  }
  for (const [group, part] of shares) shares.set(group, part / all);
  return shares;
}

/** Shares nearer to 0 or 1 were not measured. */
const CLOSEST = 1e-4;

/** Log-odds of a share, the one feature of the model. */
export function oddsOf(share: number): number {
  const inside = Math.min(1 - CLOSEST, Math.max(CLOSEST, share));
  return Math.log(inside / (1 - inside));
}

/** Platt scaling: a share of 0.9 is not a probability of 0.9. */
function probabilityOf(share: number): number {
  return 1 / (1 + Math.exp(-(CONFIDENCE_MODEL.intercept + CONFIDENCE_MODEL.slope * oddsOf(share))));
}
