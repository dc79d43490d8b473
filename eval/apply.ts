import { join } from "node:path";
import { tryChange } from "../src/analysis/applicability.ts";
import { isChange, readChange } from "../src/analysis/change.ts";
import { type OpenRepository, openRepository } from "../src/git/open-repository.ts";
import { cherryPick } from "./cherry-pick.ts";
import { mergeOutcomes, type Outcome } from "./git-truth.ts";
import { type Pair, readPairs } from "./pairs.ts";
import { processorSeconds } from "./processor-time.ts";
import { joinRepositories } from "./repos.ts";
import { quantile, sample } from "./sample.ts";
import { strictPerSecond } from "./strict.ts";
import { readOptions, required, UsageError, wholeNumber } from "./usage.ts";

const PICKS = 50;
const SEED = 20_260_101;
const APPLIES: ReadonlySet<string> = new Set(["clean", "merge", "empty"]);

interface Answer extends Outcome {
  readonly state: string;
}

/** Our answer to: does the origin apply to the tree of the backport's parent, and what does it leave. */
async function answer(repo: OpenRepository, { origin, parent }: Pair): Promise<Answer> {
  const change = await readChange(repo, origin);
  if (!isChange(change)) return { state: change.state, applies: false, tree: "" };
  const target = await repo.commit(parent);
  if (target === null) throw new Error(`the repositories lack ${parent}`);
  const { applicability, merge } = await tryChange(repo, change, target.tree);
  return { state: applicability.state, applies: APPLIES.has(applicability.state), tree: merge.tree };
}

interface Timed {
  readonly answers: Answer[];
  readonly seconds: number;
  /** Of ours and of git's children, their start and end included. */
  readonly processorSeconds: number;
}

/** Questions under way at once: so many that neither we nor git's children wait for each other. */
const AT_ONCE = 8;

/** Answers all pairs through a repository of its own. */
async function answerAll(gitDir: string, scratchDir: string, pairs: readonly Pair[]): Promise<Timed> {
  const used = processorSeconds();
  const repo = openRepository({ gitDir, scratchDir });
  const answers: Answer[] = [];
  const start = performance.now();
  let seconds = 0;
  try {
    const todo = pairs.entries();
    const work = async () => {
      for (const [at, pair] of todo) answers[at] = await answer(repo, pair);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    seconds = (performance.now() - start) / 1000;
  } finally {
    await repo.close();
  }
  return { answers, seconds, processorSeconds: processorSeconds() - used };
}

/** The picks take us a tenth of a second, in which one pause of the machine counts as much as twenty picks. */
const ROUNDS = 5;

/** Answers the pairs several times, each with a repository of its own that has read nothing yet. */
async function answerInRounds(gitDir: string, scratchDir: string, pairs: readonly Pair[]): Promise<Timed> {
  const rounds: Timed[] = [];
  while (rounds.length < ROUNDS) rounds.push(await answerAll(gitDir, `${scratchDir}-${rounds.length}`, pairs));
  console.log(`the picks, ${ROUNDS} times: ${rounds.map(({ seconds }) => seconds.toFixed(3)).join(", ")} s; the median counts`);
  const median = (of: (round: Timed) => number) => quantile(rounds.map(of), 0.5);
  return {
    answers: rounds.at(-1)?.answers ?? [],
    seconds: median(({ seconds }) => seconds),
    processorSeconds: median(({ processorSeconds }) => processorSeconds),
  };
}

async function measureStrict(gitDir: string, scratchDir: string, pairs: readonly Pair[]): Promise<number> {
  const repo = openRepository({ gitDir, scratchDir });
  try {
    return await strictPerSecond(repo, pairs);
  } finally {
    await repo.close();
  }
}

function word(applies: boolean): string {
  return applies ? "applies" : "conflicts";
}

/** Where the answer differs from what git says; null when it does not. Trees are compared where both apply. */
function difference(ours: Answer, git: Outcome): "verdict" | "tree" | null {
  if (ours.applies !== git.applies) return "verdict";
  return git.applies && ours.tree !== git.tree ? "tree" : null;
}

function describe(pair: Pair, by: string, ours: Answer, git: Outcome, kind: "verdict" | "tree"): string {
  const detail = kind === "tree" ? `${ours.tree} instead of ${git.tree}` : `${ours.state}, ${by} ${word(git.applies)}`;
  return `  ${kind} differs from ${by}: ${pair.origin} on ${pair.parent} (backport ${pair.backport}): ${detail}`;
}

interface Agreement {
  readonly verdicts: number;
  readonly trees: number;
  readonly clean: number;
}

/** Compares the answers with those of git and prints every difference. */
function compare(pairs: readonly Pair[], answers: readonly Answer[], truth: readonly Outcome[], by: string): Agreement {
  let verdicts = 0;
  let trees = 0;
  let clean = 0;
  for (const [at, pair] of pairs.entries()) {
    const ours = answers[at];
    const git = truth[at];
    if (ours === undefined || git === undefined) continue;
    const kind = difference(ours, git);
    if (git.applies) clean += 1;
    if (kind !== "verdict") verdicts += 1;
    if (git.applies && kind === null) trees += 1;
    if (kind !== null) console.log(describe(pair, by, ours, git, kind));
  }
  console.log(`${by}: ${verdicts} of ${pairs.length} verdicts and ${trees} of ${clean} trees of clean picks are equal`);
  return { verdicts, trees, clean };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/**
 * Compares applicability with git on recorded backports. Options: `--repo R` (may be repeated), `--pairs TSV`, `--limit N` for the first N
 * pairs only, `--sample N` for the number of real cherry-picks, whose time is set against the median of five runs of ours.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, {
    repo: { type: "string", multiple: true },
    pairs: { type: "string" },
    limit: { type: "string" },
    sample: { type: "string" },
  });
  const repositories = required("repo", values.repo);
  const all = readPairs(required("pairs", values.pairs)).slice(0, wholeNumber("limit", values.limit, Number.MAX_SAFE_INTEGER));
  const picks = wholeNumber("sample", values.sample, PICKS);
  const joined = await joinRepositories(repositories);
  try {
    const { gitDir, workDir } = joined;
    const truth = await mergeOutcomes(gitDir, all);
    const pairs = all.filter((_, at) => truth[at] !== null);
    if (pairs.length === 0) throw new UsageError("the repositories hold none of the pairs");
    if (pairs.length < all.length)
      console.log(`${all.length - pairs.length} pairs are left out: a commit is missing, or the origin is a merge`);
    const ours = await answerAll(gitDir, join(workDir, ".git/scratch"), pairs);
    const merged = compare(
      pairs,
      ours.answers,
      truth.filter((each) => each !== null),
      "git merge-tree",
    );

    const picked = sample(pairs, picks, SEED);
    const byHand = await cherryPick(workDir, picked);
    const again = await answerInRounds(gitDir, join(workDir, ".git/scratch-sample"), picked);
    const confirmed = compare(picked, again.answers, byHand.outcomes, "git cherry-pick");

    const pairsPerSecond = share(pairs.length, ours.seconds);
    const ratioToCherryPick = share(byHand.seconds, again.seconds);
    const processorRatio = share(byHand.processorSeconds, again.processorSeconds);
    console.log(
      `${pairsPerSecond.toFixed(1)} pairs a second; ${ratioToCherryPick.toFixed(1)} times as fast as git cherry-pick (${byHand.seconds.toFixed(2)} s and ${again.seconds.toFixed(2)} s), ${processorRatio.toFixed(1)} times by processor time`,
    );
    const strict = await measureStrict(gitDir, join(workDir, ".git/scratch-strict"), pairs);
    return {
      pairs: pairs.length,
      verdictAgreement: share(merged.verdicts + confirmed.verdicts, pairs.length + picked.length),
      treeAgreement: share(merged.trees + confirmed.trees, merged.clean + confirmed.clean),
      pairsPerSecond,
      ratioToCherryPick,
      processorRatio,
      strictPerSecond: strict,
    };
  } finally {
    joined.remove();
  }
}
