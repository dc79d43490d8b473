import { join } from "node:path";
import { type Adaptation, adapt } from "../src/analysis/adaptation.ts";
import { tryChange } from "../src/analysis/applicability.ts";
import { type Change, isChange, readChange } from "../src/analysis/change.ts";
import { namesByGit } from "../src/analysis/target-names.ts";
import { fileText } from "../src/git/file-text.ts";
import { MissingObject } from "../src/git/missing-object.ts";
import { openRepository } from "../src/git/open-repository.ts";
import { GitError } from "../src/git/process.ts";
import type { Repository } from "../src/git/repository.ts";
import { parsePatch } from "../src/patch/parse.ts";
import { pathOf } from "../src/patch/patch.ts";
import { blankCommentsAndStrings } from "../src/source/c-text.ts";
import { type Pair, readPairs } from "./pairs.ts";
import { joinRepositories } from "./repos.ts";
import { sample } from "./sample.ts";
import { readOptions, required, wholeNumber } from "./usage.ts";

type Outcome = "equal" | "loose" | "wrong" | "refused";

interface Judged {
  readonly pair: Pair;
  readonly outcome: Outcome;
  readonly high: boolean;
  /** The human's backport holds the moved parts where we made them, and changes no other file in place of one whose change was dropped. */
  readonly placed: boolean;
  readonly rules: string;
}

/**
 * Where git's three-way merge of an origin onto its backport's parent conflicts: what we make of the conflicting files, against what the human
 * committed; `placedLoose` looks also at where the change of files went that the target lacks. Pairs with committed conflict markers or kept
 * deletions are left out; equal conflicts count once.
 * --repo R... --pairs TSV [--sample N] [--seed N]
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, {
    repo: { type: "string", multiple: true },
    pairs: { type: "string" },
    sample: { type: "string" },
    seed: { type: "string" },
  });
  const all = readPairs(required("pairs", options.pairs));
  const pairs = sample(all, wholeNumber("sample", options.sample, all.length), wholeNumber("seed", options.seed, 1));
  const joined = await joinRepositories(required("repo", options.repo));
  const repo = openRepository({ gitDir: joined.gitDir, scratchDir: join(joined.workDir, "scratch") });
  try {
    const judged: Judged[] = [];
    const seen = new Set<string>();
    for (const pair of pairs) {
      const one = await judge(repo, pair, seen).catch(unreadable);
      if (one !== null) judged.push(one);
    }
    for (const one of judged) {
      if (one.outcome !== "refused")
        console.log(
          `${one.high ? "HIGH" : "    "} ${one.outcome.padEnd(6)} ${one.pair.origin.slice(0, 12)} -> ${one.pair.backport.slice(0, 12)}  ${one.rules}`,
        );
    }
    return figures(judged);
  } finally {
    await repo.close();
    joined.remove();
  }
}

async function judge(repo: Repository, pair: Pair, seen: Set<string>): Promise<Judged | null> {
  const change = await readChange(repo, pair.origin);
  const parent = await repo.commit(pair.parent);
  const backport = await repo.commit(pair.backport);
  if (!isChange(change) || parent === null || backport === null) return null;
  const trial = await tryChange(repo, change, parent.tree);
  if (trial.merge.clean) return null;
  const paths = [...new Set(trial.merge.conflicts.map((conflict) => conflict.path))].sort();
  const key: string[] = [];
  const human = new Map<string, string | null>();
  for (const path of paths) {
    for (const tree of [change.baseTree, parent.tree, change.fixTree]) key.push((await repo.entry(tree, path))?.oid ?? "-");
    const content = await fileText(repo, backport.tree, path);
    if (content?.includes("<<<<<<<")) return null;
    if (content !== null && (await repo.entry(change.fixTree, path)) === null) return null;
    human.set(path, content);
  }
  if (seen.has(key.join())) return null;
  seen.add(key.join());
  const adapted = await adapt(repo, trial, namesByGit(repo, parent.tree));
  if (adapted === null) return { pair, outcome: "refused", high: false, placed: false, rules: "" };
  const outcomes = await Promise.all(paths.map(async (path) => compare(await fileText(repo, adapted.tree, path), human.get(path) ?? null)));
  const outcome = outcomes.includes("wrong") ? "wrong" : outcomes.includes("loose") ? "loose" : "equal";
  const rules = [...new Set(adapted.files.flatMap((file) => file.hunks.map((hunk) => hunk.rule)))].join(" ");
  const doubts = adapted.files.flatMap((file) => file.checks.filter((one) => one.outcome !== "passes").map((one) => one.check));
  return {
    pair,
    outcome,
    high: adapted.confidence === "high",
    placed: await isPlaced(repo, pair, change, backport.tree, adapted),
    rules: [adapted.confidence, rules, ...doubts.map((check) => `(${check})`)].join(" "),
  };
}

/** Conflicting files that the target lacks say nothing about where their change went: the rest of the backport does. */
async function isPlaced(repo: Repository, pair: Pair, change: Change, backport: string, { files }: Adaptation): Promise<boolean> {
  for (const { file, targetPath, content } of files) {
    if (targetPath !== file.newPath && compare(content, await fileText(repo, backport, targetPath)) === "wrong") return false;
  }
  if (files.every((one) => one.content !== null)) return true;
  const upstream = new Set(change.patch.files.map(pathOf));
  return parsePatch(await repo.patch(pair.backport)).files.every((file) => upstream.has(pathOf(file)));
}

/** A partial copy of a repository cannot tell what a file reads. */
function unreadable(error: unknown): null {
  if (error instanceof GitError || error instanceof MissingObject) return null;
  throw error;
}

function compare(ours: string | null, human: string | null): Outcome {
  if (ours === human) return "equal";
  if (ours === null || human === null) return "wrong";
  return loose(ours) === loose(human) ? "loose" : "wrong";
}

/** White space, comments and blank lines ignored. */
function loose(text: string): string {
  return blankCommentsAndStrings(text.replace(/"(?:[^"\\\n]|\\.)*"/g, (literal) => literal.replace(/\W/g, "_"))).replace(/\s+/g, "");
}

function figures(judged: readonly Judged[]): Record<string, number> {
  const count = (test: (one: Judged) => boolean) => judged.filter(test).length;
  const right = (one: Judged) => one.outcome === "equal" || one.outcome === "loose";
  return {
    conflicts: judged.length,
    equal: count((one) => one.outcome === "equal"),
    equalLoose: count(right),
    placedLoose: count((one) => right(one) && one.placed),
    offeredHigh: count((one) => one.high),
    highEqualLoose: count((one) => one.high && right(one)),
    highPlacedLoose: count((one) => one.high && right(one) && one.placed),
    refused: count((one) => one.outcome === "refused"),
  };
}
