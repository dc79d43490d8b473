import { bestScores, groupShares, isSure, leadOf, oddsOf } from "../src/analysis/confidence.ts";
import { type Question, scoresOf } from "./rank-questions.ts";

/** What one question's first commit has, and whether it is the fix. */
export interface Signal {
  readonly share: number;
  readonly lead: number;
  readonly right: boolean;
  /** The fix is in the group of the first commit. */
  readonly groupRight: boolean;
}

/**
 * The signals of a question under these weights; null when no commit is left.
 * @param withFix false: the fix is taken out, so that nothing can be right
 */
export function signalOf(question: Question, weights: ReadonlyMap<string, number>, withFix: boolean): Signal | null {
  const scores = scoresOf(question, weights);
  const fixes = question.groups
    .map((group, at) => ({ group, score: scores[at] ?? 0, right: question.right[at] === true }))
    .filter(({ right }) => withFix || !right)
    .sort((a, b) => b.score - a.score);
  const first = fixes[0];
  if (first === undefined) return null;
  return {
    share: groupShares(fixes).get(first.group) ?? 0,
    lead: leadOf(first.group, bestScores(fixes)),
    right: first.right,
    groupRight: fixes.some(({ group, right }) => right && group === first.group),
  };
}

const STEPS = 50;

/** Platt scaling: intercept and slope of a logistic regression on the log-odds of the share, by Newton's method. */
export function fitPlatt(signals: readonly Pick<Signal, "share" | "right">[]): { readonly intercept: number; readonly slope: number } {
  let intercept = 0;
  let slope = 1;
  for (let step = 0; step < STEPS; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-9, 0, 1e-9];
    for (const { share, right } of signals) {
      const x = oddsOf(share);
      const p = 1 / (1 + Math.exp(-(intercept + slope * x)));
      const [error, curve] = [p - (right ? 1 : 0), p * (1 - p)];
      g0 += error;
      g1 += error * x;
      h00 += curve;
      h01 += curve * x;
      h11 += curve * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    intercept -= (h11 * g0 - h01 * g1) / determinant;
    slope -= (h00 * g1 - h01 * g0) / determinant;
  }
  return { intercept, slope };
}

export interface HighFigures {
  readonly said: number;
  readonly right: number;
  readonly groupRight: number;
}

/** How often the first commit would be said with high confidence, and how often it is the fix then. */
export function highFigures(signals: readonly Signal[]): HighFigures {
  const said = signals.filter(({ share, lead }) => isSure(share, lead));
  return {
    said: said.length,
    right: said.filter(({ right }) => right).length,
    groupRight: said.filter(({ groupRight }) => groupRight).length,
  };
}
