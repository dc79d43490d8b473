import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runGit } from "../src/git/process.ts";
import type { Pair } from "./pairs.ts";

/** What git says of a pick. The tree counts only where it is clean: else it holds markers that name the commits merged. */
export interface Outcome {
  readonly applies: boolean;
  readonly tree: string;
}

/** What is merged: tree ids, or null when the repository lacks one of the commits or the origin is a merge, which nobody can pick. */
interface Trees {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

async function batchCheck(gitDir: string, names: readonly string[]): Promise<string[]> {
  const input = names.map((name) => `${name}\n`).join("");
  const printed = (await runGit(["cat-file", "--batch-check=%(objectname)"], { gitDir, input })).toString();
  return printed.trimEnd().split("\n");
}

async function treesOf(gitDir: string, pairs: readonly Pair[]): Promise<(Trees | null)[]> {
  const names = pairs.flatMap(({ origin, parent }) => [`${origin}^1^{tree}`, `${parent}^{tree}`, `${origin}^{tree}`, `${origin}^2`]);
  const found = await batchCheck(gitDir, names);
  return pairs.map((_, at) => {
    const [base = "", ours = "", theirs = "", secondParent = ""] = found.slice(at * 4);
    const absent = [base, ours, theirs].some((oid) => oid.endsWith(" missing"));
    return absent || !secondParent.endsWith(" missing") ? null : { base, ours, theirs };
  });
}

/** Three commits for each merge: git 2.39 cannot be told a base, so the base becomes the parent of the two sides. */
function importStream(merges: readonly Trees[]): string {
  const lines: string[] = [];
  const commit = (mark: number, tree: string, parent: number | null) => {
    lines.push(`commit refs/truth`, `mark :${mark}`, "committer truth <truth@localhost> 0 +0000", "data 0");
    // A commit without `from` continues the ref: the reset makes it a root.
    if (parent !== null) lines.push(`from :${parent}`);
    lines.push(`M 040000 ${tree} `, "");
  };
  for (const [at, { base, ours, theirs }] of merges.entries()) {
    lines.push("reset refs/truth", "");
    commit(at * 3 + 1, base, null);
    commit(at * 3 + 2, ours, at * 3 + 1);
    commit(at * 3 + 3, theirs, at * 3 + 1);
  }
  return `${lines.join("\n")}\n`;
}

/** Reads the records of merge-tree: flag, tree, names of conflicted files, an empty field; each ends with NUL. */
function readOutcomes(output: string): Outcome[] {
  const fields = output.split("\0");
  const outcomes: Outcome[] = [];
  for (let at = 0; at + 2 < fields.length; at++) {
    const [flag, tree = ""] = fields.slice(at, at + 2);
    if (flag !== "0" && flag !== "1") throw new Error(`unexpected flag from merge-tree: ${flag}`);
    outcomes.push({ applies: flag === "1", tree });
    at = fields.indexOf("", at + 2);
  }
  return outcomes;
}

/**
 * git's own verdict on each pair, by `git merge-tree` on synthetic commits: base is the origin's parent, ours the backport's parent,
 * theirs the origin. null for a pair that cannot be replayed (an object is missing, or the origin is a merge).
 * @param gitDir a repository that may be written to
 */
export async function mergeOutcomes(gitDir: string, pairs: readonly Pair[]): Promise<(Outcome | null)[]> {
  const trees = await treesOf(gitDir, pairs);
  const merges = trees.filter((each) => each !== null);
  const marks = join(gitDir, "truth-marks");
  await runGit(["fast-import", "--quiet", "--force", `--export-marks=${marks}`], { gitDir, input: importStream(merges) });
  const oids = new Map(
    readFileSync(marks, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(1, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
  );
  const input = merges.map((_, at) => `${oids.get(String(at * 3 + 2))} ${oids.get(String(at * 3 + 3))}\n`).join("");
  const args = ["merge-tree", "--write-tree", "--stdin", "--no-messages", "--name-only"];
  const outcomes = readOutcomes((await runGit(args, { gitDir, input })).toString("latin1"));
  if (outcomes.length !== merges.length) throw new Error(`git merged ${outcomes.length} of ${merges.length} pairs`);
  return trees.map((each) => (each === null ? null : (outcomes.shift() ?? null)));
}
