import { runGit } from "../src/git/process.ts";
import { UsageError } from "./usage.ts";

/** Heads of the trees that an evaluation compares. */
export interface Heads {
  /** The newest first. */
  readonly upstream: readonly string[];
  readonly vendor: readonly string[];
}

/**
 * Of repositories joined by joinRepositories: every commit without a child is a head. The first repository is the upstream, the others are
 * vendor trees. With only one, its own past serves as the vendor tree: the nearest first-parent ancestor of the newest head that is at least
 * `behind` commits behind.
 */
export async function headsOf(gitDir: string, repositories: number, behind: number): Promise<Heads> {
  const upstream = await childless(gitDir, "refs/joined/0");
  const newest = upstream[0];
  if (newest === undefined) throw new UsageError("the first repository has no commits");
  const others: string[] = [];
  for (let n = 1; n < repositories; n++) others.push(...(await childless(gitDir, `refs/joined/${n}`)));
  return { upstream, vendor: others.length > 0 ? others : [await farBehind(gitDir, newest, behind)] };
}

async function lines(gitDir: string, args: readonly string[]): Promise<string[]> {
  const printed = (await runGit(["rev-list", ...args], { gitDir })).toString("latin1");
  return printed.split("\n").filter((line) => line !== "");
}

async function childless(gitDir: string, refs: string): Promise<string[]> {
  const found = new Set<string>();
  const parents = new Set<string>();
  for (const line of await lines(gitDir, ["--parents", `--glob=${refs}`])) {
    const [oid = "", ...rest] = line.split(" ");
    found.add(oid);
    for (const parent of rest) parents.add(parent);
  }
  return [...found].filter((oid) => !parents.has(oid));
}

async function farBehind(gitDir: string, tip: string, behind: number): Promise<string> {
  const past = await lines(gitDir, ["--first-parent", tip]);
  let low = 0;
  let high = past.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const [count = "0"] = await lines(gitDir, ["--count", `${past[middle]}..${tip}`]);
    if (Number(count) >= behind) high = middle;
    else low = middle + 1;
  }
  return past[low] ?? tip;
}
