import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { MissingObject } from "../src/git/missing-object.ts";
import { type OpenRepository, openRepository } from "../src/git/open-repository.ts";
import { GitError, runGit } from "../src/git/process.ts";
import { patchId } from "../src/patch/patch-id.ts";
import { readReferences } from "../src/rules/read-references.ts";
import { mergeOutcomes, type Outcome } from "./git-truth.ts";
import { type Pair, readPairs } from "./pairs.ts";
import { joinRepositories } from "./repos.ts";
import { sample } from "./sample.ts";
import { readOptions, required, UsageError, wholeNumber } from "./usage.ts";

const COLUMNS = ["backport", "origin", "parent", "patchId", "merge", "tree"];

/**
 * Every commit of the repositories, on any ref and no merge, whose message names the full id of the commit that it carries; the first such
 * reference is the origin.
 * @param convention only references of this row of rules/reference-conventions.ts; of any when not given
 */
async function claims(gitDir: string, convention: string | undefined): Promise<Pair[]> {
  const format = "--format=%x00%H %P%n%B";
  const printed = (await runGit(["log", "--all", "--no-merges", "--encoding=UTF-8", format], { gitDir })).toString("utf8");
  const pairs: Pair[] = [];
  for (const record of printed.split("\0").slice(1)) {
    const head = record.slice(0, record.indexOf("\n"));
    const [backport = "", parent] = head.split(" ");
    if (parent === undefined) continue;
    const claim = readReferences(record.slice(head.length + 1)).find(
      ({ kind, id, convention: row }) => kind === "backport_of" && id.length === 40 && (convention === undefined || row === convention),
    );
    if (claim !== undefined) pairs.push({ backport, origin: claim.id, parent });
  }
  return pairs.sort((a, b) => (a.backport < b.backport ? -1 : 1));
}

async function treeOf(repo: OpenRepository, commit: string): Promise<string | null> {
  return (await repo.commit(commit))?.tree ?? null;
}

/** Pairs that git merges in one go. */
const BATCH = 256;

/** git's verdicts, null also for a pair that meets an object which a partial copy of the repository lacks: git gives up the batch then, so it is halved. */
async function outcomesOf(gitDir: string, pairs: readonly Pair[], batch = BATCH): Promise<(Outcome | null)[]> {
  const outcomes: (Outcome | null)[] = [];
  for (let at = 0; at < pairs.length; at += batch) {
    const some = pairs.slice(at, at + batch);
    try {
      outcomes.push(...(await mergeOutcomes(gitDir, some)));
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      outcomes.push(...(some.length === 1 ? [null] : await outcomesOf(gitDir, some, Math.ceil(some.length / 2))));
    }
  }
  return outcomes;
}

/** The columns that git and the patches say something about. */
async function judge(repo: OpenRepository, pair: Pair, outcome: Outcome | null): Promise<string[]> {
  if (outcome === null) return ["-", (await treeOf(repo, pair.origin)) === null ? "reference-dangling" : "not-replayed", "-"];
  const same = patchId(await repo.patch(pair.backport)) === patchId(await repo.patch(pair.origin));
  const equal = outcome.tree === (await treeOf(repo, pair.backport));
  return [same ? "same-id" : "adapted", outcome.applies ? "3way-clean" : "conflict", equal ? "tree-equal" : "tree-differs"];
}

function unreadable(error: unknown): string[] {
  if (error instanceof GitError || error instanceof MissingObject) return ["-", "not-replayed", "-"];
  throw error;
}

/**
 * Writes the recorded picks of repositories as a table of pairs, as `presence`, `apply` and `adapt` read it: what git's own merge says of the
 * pick, and whether it left the tree that was committed. Options: `--repo R` (may be repeated), `--out TSV`, `--convention ID`,
 * `--without TSV` (leaves out the origins of that table, so that what was tuned on it can be measured on others), `--sample N`, `--seed N`.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, {
    repo: { type: "string", multiple: true },
    out: { type: "string" },
    convention: { type: "string" },
    without: { type: "string" },
    sample: { type: "string" },
    seed: { type: "string" },
  });
  const out = resolve(required("out", values.out));
  const joined = await joinRepositories(required("repo", values.repo));
  try {
    const { gitDir, workDir } = joined;
    const known = new Set(values.without === undefined ? [] : readPairs(values.without).map((pair) => pair.origin));
    const all = (await claims(gitDir, values.convention)).filter((pair) => !known.has(pair.origin));
    const pairs = sample(all, wholeNumber("sample", values.sample, all.length), wholeNumber("seed", values.seed, 1));
    if (pairs.length === 0) throw new UsageError("no commit of the repositories names the one that it carries");
    const outcomes = await outcomesOf(gitDir, pairs);
    const repo = openRepository({ gitDir, scratchDir: join(workDir, ".git/scratch") });
    const rows: string[][] = [];
    try {
      for (const [at, pair] of pairs.entries()) {
        const columns = await judge(repo, pair, outcomes[at] ?? null).catch(unreadable);
        rows.push([pair.backport, pair.origin, pair.parent, ...columns]);
      }
    } finally {
      await repo.close();
    }
    writeFileSync(out, [COLUMNS, ...rows].map((row) => `${row.join("\t")}\n`).join(""));
    const count = (word: string): number => rows.filter((row) => row.includes(word)).length;
    return {
      commits: rows.length,
      dangling: count("reference-dangling"),
      pairs: count("3way-clean") + count("conflict"),
      samePatchId: count("same-id"),
      clean: count("3way-clean"),
      treeEqual: count("tree-equal"),
    };
  } finally {
    joined.remove();
  }
}
