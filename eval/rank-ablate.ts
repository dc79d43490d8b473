import { EVIDENCE, type EvidenceId } from "../src/rules/evidence.ts";
import { foldWeights, MODES, type Question, rankOfRight, readQuestions, scoresOf } from "./rank-questions.ts";
import { recallAt } from "./ranks.ts";

const RULES = Object.keys(EVIDENCE) as EvidenceId[];

/** Recall in each mode when the rules are left out and the weights of the others are fitted anew, by cross-validation. */
function recallWithout(questions: readonly Question[], rules: ReadonlySet<EvidenceId>): number[] {
  const weights = foldWeights(questions, rules);
  return MODES.flatMap((mode) => {
    const ofMode = questions.filter((question) => question.mode === mode);
    const ranks = ofMode.map((question) => rankOfRight(question, scoresOf(question, weights.get(question) ?? new Map())));
    return [1, 10, 50].map((n) => recallAt({ name: mode, ranks }, n));
  });
}

/**
 * Which rules bring what: each family is left out in turn. The commits in front were found with all rules, so what a family does for
 * finding them at all is not in the table.
 */
export async function ablate(values: Parameters<typeof readQuestions>[0]): Promise<Record<string, number>> {
  return ablateFamilies(await readQuestions(values));
}

export function ablateFamilies(questions: readonly Question[]): Record<string, number> {
  const families = [...new Set(RULES.map((rule) => EVIDENCE[rule].family))];
  const whole = recallWithout(questions, new Set());
  const percent = (value: number) => (100 * value).toFixed(1).padStart(6);
  const line = (name: string, row: readonly number[]) => console.log(`${name.padEnd(20)} ${row.map(percent).join(" ")}`);
  console.log(`${"left out".padEnd(20)} ${MODES.flatMap((mode) => [1, 10, 50].map((n) => `${mode[0]}@${n}`.padStart(6))).join(" ")}`);
  line("nothing", whole);
  const figures: Record<string, number> = { cases: questions.length / MODES.length, proseRecall10: whole[1] ?? 0 };
  for (const family of families) {
    const row = recallWithout(questions, new Set(RULES.filter((rule) => EVIDENCE[rule].family === family)));
    line(family, row);
    figures[`without${family.charAt(0).toUpperCase()}${family.slice(1)}ProseRecall10`] = row[1] ?? 0;
  }
  return figures;
}
