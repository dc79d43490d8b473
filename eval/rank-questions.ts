import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scoreCandidates } from "../src/analysis/candidates.ts";
import { openContext } from "../src/analysis/context.ts";
import { groupsOf } from "../src/analysis/fix-groups.ts";
import { readCrash } from "../src/crash/read-crash.ts";
import { openRepository } from "../src/git/open-repository.ts";
import type { HistoryIndex } from "../src/history/history-index.ts";
import { openIndex } from "../src/history/open-index.ts";
import type { EvidenceId } from "../src/rules/evidence.ts";
import { type Choices, fitWeights } from "./linear-softmax.ts";
import { type RankCase, readCases } from "./rank-cases.ts";
import { type Bodies, rankIndex } from "./rank-index.ts";
import { joinRepositories } from "./repos.ts";
import { required } from "./usage.ts";

/** The weights serve both, so they are fitted on both. */
export const MODES = ["prose", "hidden"] as const satisfies readonly Bodies[];
const FOLDS = 5;
/** The fix stands among so many others: those behind no longer change the weights. */
const CHOICES = 160;

/** One case in one mode: the values of every rule for the commits in front. */
export interface Question extends Choices {
  readonly values: readonly ReadonlyMap<EvidenceId, number>[];
  /** The group of each commit (analysis/fix-groups.ts). */
  readonly groups: readonly number[];
  readonly mode: (typeof MODES)[number];
  /** Cases of one fold are judged by weights that were fitted on the other folds. Both modes of a case are in the same one. */
  readonly fold: number;
}

async function questionOf(
  repo: ReturnType<typeof openRepository>,
  index: HistoryIndex,
  one: RankCase,
): Promise<Omit<Question, "mode" | "fold">> {
  const pinned = (tree: string, oid: string) => ({ tree, ref: tree, oid });
  const ctx = await openContext({ repo, index, target: pinned("target", one.target), upstreams: [pinned("upstream", one.upstream)] });
  const { commits, scores } = await scoreCandidates(ctx, readCrash(one.text));
  const totals = scores.totals();
  const patchId = index.commit(one.fix)?.patchId ?? null;
  const fixes = new Set([one.fix, ...(patchId === null ? [] : index.byPatchId(patchId))]);
  const sorted = [...commits].sort((a, b) => (totals.get(b.num) ?? 0) - (totals.get(a.num) ?? 0));
  const best = sorted.filter(({ oid }, at) => at < CHOICES || fixes.has(oid));
  return {
    values: best.map(({ num }) => scores.values(num)),
    right: best.map(({ oid }) => fixes.has(oid)),
    groups: groupsOf(
      index,
      best.map((commit) => ({ commit })),
    ),
  };
}

/** Asks every case in both modes, with the weights as they are; these decide only which commits are in front. */
export async function readQuestions(values: {
  readonly repo?: string[] | undefined;
  readonly index?: string | undefined;
  readonly cache?: string | undefined;
}): Promise<Question[]> {
  const joined = await joinRepositories(required("repo", values.repo));
  const temporary = mkdtempSync(join(tmpdir(), "backportd-rank-"));
  const repo = openRepository({ gitDir: joined.gitDir, scratchDir: join(temporary, "scratch") });
  try {
    const { cases, releases } = await readCases(joined.gitDir, required("index", values.index), "capped");
    const questions: Question[] = [];
    for (const mode of MODES) {
      const index = openIndex(await rankIndex(joined.gitDir, releases, mode, values.cache ?? temporary));
      try {
        for (const [at, one] of cases.entries()) questions.push({ ...(await questionOf(repo, index, one)), mode, fold: at % FOLDS });
      } finally {
        index.close();
      }
    }
    return questions;
  } finally {
    await repo.close();
    joined.remove();
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The score of each commit of a question. */
export function scoresOf(question: Question, weights: ReadonlyMap<string, number>): number[] {
  return question.values.map((each) => {
    let score = 0;
    for (const [rule, value] of each) score += value * (weights.get(rule) ?? 0);
    return score;
  });
}

/** Where the first right commit stands among these scores, from 1. */
export function rankOfRight({ right }: Pick<Question, "right">, scores: readonly number[]): number | null {
  const best = Math.max(...scores.filter((_, at) => right[at]));
  return Number.isFinite(best) ? 1 + scores.filter((score) => score > best).length : null;
}

/** For each question the weights that were fitted on the folds that it is not in. */
export function foldWeights(
  questions: readonly Question[],
  without?: ReadonlySet<EvidenceId>,
): ReadonlyMap<Question, ReadonlyMap<string, number>> {
  const weights = new Map<Question, ReadonlyMap<string, number>>();
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = questions.filter((question) => question.fold !== fold);
    const fitted = fitWeights(without === undefined ? others : others.map((question) => withoutRules(question, without)));
    for (const question of questions) if (question.fold === fold) weights.set(question, fitted);
  }
  return weights;
}

function withoutRules(question: Question, rules: ReadonlySet<EvidenceId>): Question {
  return { ...question, values: question.values.map((each) => new Map([...each].filter(([rule]) => !rules.has(rule)))) };
}
