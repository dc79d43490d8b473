import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scoreCandidates } from "../src/analysis/candidates.ts";
import { openContext } from "../src/analysis/context.ts";
import { readCrash } from "../src/crash/read-crash.ts";
import { openRepository } from "../src/git/open-repository.ts";
import type { HistoryIndex } from "../src/history/history-index.ts";
import { openIndex } from "../src/history/open-index.ts";
import { type Choices, fitWeights } from "./linear-softmax.ts";
import { type RankCase, readCases } from "./rank-cases.ts";
import { type Bodies, rankIndex } from "./rank-index.ts";
import { type Ranks, rankFigures } from "./ranks.ts";
import { joinRepositories } from "./repos.ts";
import { readOptions, required } from "./usage.ts";

const MODES: readonly Bodies[] = ["prose", "hidden"];
const FOLDS = 5;
/** The fix stands among so many others: those behind no longer change the weights. */
const CHOICES = 160;

interface Question extends Choices {
  readonly mode: Bodies;
  /** Cases of one fold are judged by weights that were fitted on the other folds. Both modes of a case are in the same one. */
  readonly fold: number;
}

async function questionOf(repo: ReturnType<typeof openRepository>, index: HistoryIndex, one: RankCase): Promise<Choices> {
  const pinned = (tree: string, oid: string) => ({ tree, ref: tree, oid });
  const ctx = await openContext({ repo, index, target: pinned("target", one.target), upstreams: [pinned("upstream", one.upstream)] });
  const { commits, scores } = await scoreCandidates(ctx, readCrash(one.text));
  const totals = scores.totals();
  const best = [...commits].sort((a, b) => (totals.get(b.num) ?? 0) - (totals.get(a.num) ?? 0)).slice(0, CHOICES);
  const fix = commits.find(({ oid }) => oid === one.fix);
  if (fix !== undefined && !best.includes(fix)) best.push(fix);
  return { values: best.map(({ num }) => scores.values(num)), right: best.map(({ oid }) => oid === one.fix) };
}

function rankOfRight({ values, right }: Choices, weights: ReadonlyMap<string, number>): number | null {
  const scores = values.map((each) => {
    let score = 0;
    for (const [name, value] of each) score += value * (weights.get(name) ?? 0);
    return score;
  });
  const best = Math.max(...scores.filter((_, at) => right[at]));
  return Number.isFinite(best) ? 1 + scores.filter((score) => score > best).length : null;
}

/** Ranks in each fold by weights fitted on the others. */
function crossValidated(questions: readonly Question[]): (number | null)[] {
  const ranks = new Map<Question, number | null>();
  for (let fold = 0; fold < FOLDS; fold++) {
    const weights = fitWeights(questions.filter((question) => question.fold !== fold));
    for (const question of questions) if (question.fold === fold) ranks.set(question, rankOfRight(question, weights));
  }
  return questions.map((question) => ranks.get(question) ?? null);
}

/**
 * Fits the weights of rules/evidence.ts on cases in both modes and prints them, with the recall that cross-validation gives.
 * Options: `--repo R` (may be repeated), `--index FILE` of cases, `--cache DIR` to keep the history indexes.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, { repo: { type: "string", multiple: true }, index: { type: "string" }, cache: { type: "string" } });
  const repositories = required("repo", values.repo);
  const indexFile = required("index", values.index);
  const joined = await joinRepositories(repositories);
  const temporary = mkdtempSync(join(tmpdir(), "backportd-rank-"));
  const repo = openRepository({ gitDir: joined.gitDir, scratchDir: join(temporary, "scratch") });
  try {
    const { cases, releases } = await readCases(joined.gitDir, indexFile, "capped");
    const questions: Question[] = [];
    for (const mode of MODES) {
      const index = openIndex(await rankIndex(joined.gitDir, releases, mode, values.cache ?? temporary));
      try {
        for (const [at, one] of cases.entries()) questions.push({ ...(await questionOf(repo, index, one)), mode, fold: at % FOLDS });
      } finally {
        index.close();
      }
    }
    const ranks = crossValidated(questions);
    for (const [name, weight] of fitWeights(questions)) console.log(`${name.padEnd(20)} ${weight.toFixed(2).padStart(7)}`);
    const figures: Record<string, number> = { cases: cases.length };
    for (const mode of MODES) {
      const ofMode: Ranks = { name: mode, ranks: ranks.filter((_, at) => questions[at]?.mode === mode) };
      Object.assign(figures, rankFigures(ofMode, mode));
    }
    return figures;
  } finally {
    await repo.close();
    joined.remove();
    rmSync(temporary, { recursive: true, force: true });
  }
}
