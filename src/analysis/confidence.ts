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
  /** The part of the score that its message alone gives. */
  readonly messageScore: number;
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
  const shares = groupShares(fixes, ({ score }) => score);
  const messageShares = groupShares(fixes, ({ messageScore }) => messageScore);
  const best = new Map<number, number>();
  for (const { group, score } of fixes) if (!best.has(group)) best.set(group, score);
  return fixes.map(({ group, score, isDirect }) => {
    const share = shares.get(group) ?? 0;
    const probability = probabilityOf(share);
    const leads = (best.get(group) ?? 0) - score <= GROUPING.closeScore;
    const sure = leads && isDirect && crashIsClear && isSure(share, messageShares.get(group) ?? 0);
    const confidence = sure ? "high" : probability >= CONFIDENCE.medium ? "medium" : "low";
    return { group, probability: Math.round(probability * 1000) / 1000, confidence };
  });
}

/** Does one of the measured conditions for acting without a person hold. */
export function isSure(share: number, messageShare: number): boolean {
  return CONFIDENCE.high.some((least) => share >= least.share && messageShare >= least.messageShare);
}

/**
 * The share of each group in the sum of exp(score); the weights were fitted so that it is a share. They were fitted among many commits: what
 * a small pool has fewer counts as commits that nothing speaks for, so that a share among three does not look like one among hundreds.
 */
export function groupShares<T extends { readonly group: number }>(fixes: readonly T[], scoreOf: (fix: T) => number): Map<number, number> {
  const top = Math.max(0, ...fixes.map(scoreOf));
  const shares = new Map<number, number>();
  let all = Math.max(0, GROUPING.commits - fixes.length) * Math.exp(-top);
  for (const fix of fixes) {
    const part = Math.exp(scoreOf(fix) - top);
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
