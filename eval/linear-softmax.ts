import { AGAINST } from "../src/rules/evidence-sets.ts";

/** One question: the values of each choice by feature, and which choices are right. */
export interface Choices {
  readonly values: readonly ReadonlyMap<string, number>[];
  readonly right: readonly boolean[];
}

const STEPS = 250;
const STEP = 0.08;
/** Pulls the weights of scaled features to zero. */
const PENALTY = 0.01;
const MOMENTUM = 0.9;
const SPREAD = 0.99;

/**
 * Fits weights so that the right choices get a large share of exp(weights * values) in each question, by gradient descent (Adam) with a
 * quadratic penalty. No weight crosses zero to the side where its rule makes no sense. Deterministic. Questions without a right choice
 * say nothing and are left out.
 * @param against features whose weight is at most zero; that of the others is at least zero
 * @returns the weight of each feature, for the values as they are
 */
export function fitWeights(questions: readonly Choices[], against: ReadonlySet<string> = AGAINST): Map<string, number> {
  const names = [...new Set(questions.flatMap(({ values }) => values.flatMap((each) => [...each.keys()])))].sort();
  const scales = scalesOf(questions, names);
  const usable = questions.filter(({ right }) => right.includes(true));
  const rows = usable.map(({ values }) =>
    values.map((each) => Float64Array.from(names, (name, at) => (each.get(name) ?? 0) / (scales[at] ?? 1))),
  );
  const weights = new Float64Array(names.length);
  const mean = new Float64Array(names.length);
  const square = new Float64Array(names.length);
  for (let step = 1; step <= STEPS; step++) {
    const gradient = new Float64Array(names.length);
    for (const [at, { right }] of usable.entries()) addGradient(gradient, weights, rows[at] ?? [], right);
    for (const at of names.keys()) {
      const slope = (gradient[at] ?? 0) / usable.length + PENALTY * (weights[at] ?? 0);
      mean[at] = MOMENTUM * (mean[at] ?? 0) + (1 - MOMENTUM) * slope;
      square[at] = SPREAD * (square[at] ?? 0) + (1 - SPREAD) * slope * slope;
      const steady = (mean[at] ?? 0) / (1 - MOMENTUM ** step);
      const size = Math.sqrt((square[at] ?? 0) / (1 - SPREAD ** step)) + 1e-8;
      const next = (weights[at] ?? 0) - (STEP * steady) / size;
      weights[at] = against.has(names[at] ?? "") ? Math.min(0, next) : Math.max(0, next);
    }
  }
  return new Map(names.map((name, at) => [name, (weights[at] ?? 0) / (scales[at] ?? 1)]));
}

/** Root mean square of each feature: features of all sizes get equal steps. */
function scalesOf(questions: readonly Choices[], names: readonly string[]): number[] {
  const all = questions.flatMap(({ values }) => values);
  return names.map((name) => {
    let sum = 0;
    for (const each of all) sum += (each.get(name) ?? 0) ** 2;
    return Math.sqrt(sum / Math.max(1, all.length)) || 1;
  });
}

function addGradient(gradient: Float64Array, weights: Float64Array, rows: readonly Float64Array[], right: readonly boolean[]): void {
  const scores = rows.map((row) => dot(weights, row));
  const top = Math.max(...scores);
  const parts = scores.map((score) => Math.exp(score - top));
  let all = 0;
  let rightOnes = 0;
  for (const [at, part] of parts.entries()) {
    all += part;
    if (right[at]) rightOnes += part;
  }
  for (const [at, row] of rows.entries()) {
    const part = parts[at] ?? 0;
    const pull = part / all - (right[at] ? part / rightOnes : 0);
    if (Math.abs(pull) < 1e-6) continue;
    for (let feature = 0; feature < row.length; feature++) gradient[feature] = (gradient[feature] ?? 0) + pull * (row[feature] ?? 0);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
