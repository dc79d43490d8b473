import type { OpenRepository } from "../src/git/open-repository.ts";
import { applyHunks } from "../src/patch/apply.ts";
import { parsePatch } from "../src/patch/parse.ts";
import type { Pair } from "./pairs.ts";

/** Commits measured: so many fit into the memory with the files that they change. */
const MOST_COMMITS = 1500;
/** The first rounds warm up; the last one counts. */
const ROUNDS = 3;

interface Commit {
  readonly patch: string;
  /** Contents by path, of those files that the target has. */
  readonly files: ReadonlyMap<string, string>;
}

async function load(repo: OpenRepository, { origin, parent }: Pair): Promise<Commit> {
  const patch = await repo.patch(origin);
  const files = new Map<string, string>();
  for (const { oldPath } of parsePatch(patch).files) {
    const entry = oldPath === null ? null : await repo.entry(parent, oldPath);
    const content = entry === null || entry.mode === "040000" ? null : await repo.blob(entry.oid);
    if (oldPath !== null && content !== null) files.set(oldPath, content.toString("latin1"));
  }
  return { patch, files };
}

/** Reads the patch and applies the hunks of all files that are there; the number of hunks that found a place. */
function applyCommit({ patch, files }: Commit): number {
  let placed = 0;
  for (const file of parsePatch(patch).files) {
    const content = file.oldPath === null ? "" : files.get(file.oldPath);
    if (content === undefined) continue;
    placed += applyHunks(file, content).placements.filter(({ offset }) => offset !== null).length;
  }
  return placed;
}

/** How many commits a second of processor time the strict tier reads and applies, with patches and files in memory. */
export async function strictPerSecond(repo: OpenRepository, pairs: readonly Pair[]): Promise<number> {
  const commits: Commit[] = [];
  for (const pair of pairs.slice(0, MOST_COMMITS)) commits.push(await load(repo, pair));
  let seconds = 0;
  let placed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    placed = commits.reduce((sum, commit) => sum + applyCommit(commit), 0);
    const { user, system } = process.cpuUsage(before);
    seconds = (user + system) / 1e6;
  }
  console.log(`strict tier: ${commits.length} commits in ${seconds.toFixed(2)} s of processor time, ${placed} hunks placed`);
  return commits.length / seconds;
}
