import { fitWeights } from "./linear-softmax.ts";
import { fitPlatt, highFigures, signalOf } from "./rank-calibrate.ts";
import { foldWeights, MODES, type Question, rankOfRight, readQuestions, scoresOf } from "./rank-questions.ts";
import { type Ranks, rankFigures } from "./ranks.ts";
import { readOptions } from "./usage.ts";

/**
 * Fits the weights of rules/evidence.ts and the table of rules/evidence-confidence.ts on cases in both modes and prints them, with what
 * cross-validation gives. Options: `--repo R` (may be repeated), `--index FILE` of cases, `--cache DIR` to keep the history indexes.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const options = { repo: { type: "string", multiple: true }, index: { type: "string" }, cache: { type: "string" } } as const;
  return fit(await readQuestions(readOptions(args, options)));
}

export function fit(questions: readonly Question[]): Record<string, number> {
  const weightsOf = foldWeights(questions);
  for (const [rule, weight] of fitWeights(questions)) console.log(`${rule.padEnd(20)} ${weight.toFixed(2).padStart(7)}`);
  const signals = (withFix: boolean, of = questions) =>
    of.flatMap((question) => signalOf(question, foldOf(weightsOf, question), withFix) ?? []);
  const { intercept, slope } = fitPlatt(signals(true));
  console.log(`confidence: intercept ${intercept.toFixed(2)}, slope ${slope.toFixed(2)}`);
  const figures: Record<string, number> = { cases: questions.length / MODES.length, intercept, slope };
  for (const mode of MODES) {
    const ofMode = questions.filter((question) => question.mode === mode);
    const ranks: Ranks = {
      name: mode,
      ranks: ofMode.map((question) => rankOfRight(question, scoresOf(question, foldOf(weightsOf, question)))),
    };
    const high = highFigures(signals(true, ofMode));
    Object.assign(figures, rankFigures(ranks, mode), {
      [`${mode}HighSaid`]: high.said,
      [`${mode}HighRight`]: high.right,
      [`${mode}HighGroupRight`]: high.groupRight,
      [`${mode}HighWithoutFix`]: highFigures(signals(false, ofMode)).said,
    });
  }
  return figures;
}

function foldOf(weightsOf: ReadonlyMap<Question, ReadonlyMap<string, number>>, question: Question): ReadonlyMap<string, number> {
  return weightsOf.get(question) ?? new Map();
}
