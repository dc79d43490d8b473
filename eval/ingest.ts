import { join } from "node:path";
import { streamGit } from "../src/git/process.ts";
import { openForReading } from "../src/history/index-file.ts";
import { type IngestTree, ingestHistory } from "../src/history/ingest.ts";
import { ingestPatches } from "../src/history/ingest-patches.ts";
import { ingestSources } from "../src/source/ingest-sources.ts";
import { type Heads, headsOf } from "./heads.ts";
import { processorSeconds, watchMemory } from "./memory.ts";
import { joinRepositories } from "./repos.ts";
import { readOptions, required, wholeNumber } from "./usage.ts";

/** Two kernel releases, which is what a vendor tree of 2011 and the mainline it is compared with lie apart. */
const PATCHES = 25_000;
/** The tip's ancestor from which the index is brought up to date. */
const BEHIND = 1_000;

/**
 * Builds the index as the service's worker does, beside the bare git passes that it needs, and then brings in the last commits.
 * --repo R [--repo VENDOR]... [--patches N]
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, { repo: { type: "string", multiple: true }, patches: { type: "string" } });
  const repositories = required("repo", options.repo);
  const joined = await joinRepositories(repositories);
  const { gitDir } = joined;
  try {
    const heads = await headsOf(gitDir, repositories.length, wholeNumber("patches", options.patches, PATCHES));
    const full = await fullBuild(gitDir, heads, join(joined.workDir, "full"));
    const incremental = await incrementalBuild(gitDir, heads, join(joined.workDir, "incremental"));
    return { ...full, ...incremental };
  } finally {
    joined.remove();
  }
}

function treesOf(heads: Heads): IngestTree[] {
  const named = (role: IngestTree["role"], oids: readonly string[]) => oids.map((headOid, at) => ({ id: `${role}${at}`, role, headOid }));
  return [...named("mainline", heads.upstream), ...named("vendor", heads.vendor)];
}

/** Wall time, and processor time of this process and the git children that ended meanwhile; the latter is steady on a busy machine. */
interface Cost {
  readonly wall: number;
  readonly processor: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const started = performance.now();
  const before = processorSeconds();
  await work();
  return { wall: (performance.now() - started) / 1000, processor: processorSeconds() - before };
}

function sum(a: Cost, b: Cost): Cost {
  return { wall: a.wall + b.wall, processor: a.processor + b.processor };
}

function show(what: string, ours: Cost, git?: Cost): void {
  const words = ({ wall, processor }: Cost) => `${wall.toFixed(1).padStart(8)} s (${processor.toFixed(1)} s)`.padEnd(22);
  const ratios = git === undefined ? "" : `${(ours.wall / git.wall).toFixed(2)} (${(ours.processor / git.processor).toFixed(2)})`;
  console.log(`${what.padEnd(36)}${words(ours)}${git === undefined ? "" : words(git)}${ratios}`);
}

async function fullBuild(gitDir: string, heads: Heads, base: string): Promise<Record<string, number>> {
  const indexPath = `${base}.sqlite`;
  const job = { gitDir, indexPath, trees: treesOf(heads), report: () => {} };
  console.log(`${"wall time (processor time)".padEnd(36)}${"     ours".padEnd(22)}${"     git".padEnd(22)}ratio`);
  const gitLog = await costOf(() => bareLog(gitDir, job.trees));
  const memory = watchMemory(process.pid);
  const history = await costOf(() => ingestHistory(job));
  show("commits (git log --raw)", history, gitLog);
  const patches = await costOf(() => ingestPatches(job));
  const sources = await costOf(() => ingestSources(job));
  const peakMiB = memory.stop();
  const { commits, patchOids } = contentsOf(indexPath);
  const gitPatches = await costOf(() => barePatches(gitDir, patchOids));
  show(`${patchOids.length} patches (git diff-tree -p)`, patches, gitPatches);
  const both = sum(history, patches);
  const gitBoth = sum(gitLog, gitPatches);
  show("both", both, gitBoth);
  show(`sources of ${job.trees.length} heads`, sources);
  return {
    commits,
    patches: patchOids.length,
    seconds: both.wall,
    ratioToGit: both.wall / gitBoth.wall,
    processorRatioToGit: both.processor / gitBoth.processor,
    sourceSeconds: sources.wall,
    peakMiB,
  };
}

/** Indexes one upstream at an ancestor of its tip, with a vendor tree so near that the last commits have their patches read too. */
async function incrementalBuild(gitDir: string, heads: Heads, base: string): Promise<Record<string, number>> {
  const indexPath = `${base}.sqlite`;
  const [main = ""] = heads.upstream;
  const older = await ancestor(gitDir, main, BEHIND);
  const oldest = await ancestor(gitDir, main, 2 * BEHIND);
  const job = (headOid: string) => ({
    gitDir,
    indexPath,
    trees: treesOf({ upstream: [headOid], vendor: [oldest] }),
    report: () => {},
  });
  const build = async (headOid: string) => {
    await ingestHistory(job(headOid));
    await ingestPatches(job(headOid));
  };
  await build(older);
  await ingestSources(job(older));
  const before = contentsOf(indexPath).commits;
  const history = await costOf(() => build(main));
  const sources = await costOf(() => ingestSources(job(main)));
  const commits = contentsOf(indexPath).commits - before;
  show(`the last ${commits} commits`, history);
  show("sources of their head", sources);
  return { incrementalCommits: commits, incrementalSeconds: history.wall, incrementalSourceSeconds: sources.wall };
}

/** Reads git's output and throws it away, so that git never waits. */
async function discard(gitDir: string, args: readonly string[], input: string): Promise<void> {
  for await (const chunk of streamGit(args, { gitDir, input })) void chunk;
}

function bareLog(gitDir: string, trees: readonly IngestTree[]): Promise<void> {
  const args = ["log", "--topo-order", "--reverse", "--raw", "-z", "--no-renames", "--no-abbrev", "--root", "--format=%H%x00%B", "--stdin"];
  return discard(gitDir, args, trees.map(({ headOid }) => `${headOid}\n`).join(""));
}

function barePatches(gitDir: string, oids: readonly string[]): Promise<void> {
  const args = ["diff-tree", "--stdin", "-p", "-r", "--root", "--no-renames", "--full-index", "--always", "--format=%H"];
  return discard(gitDir, args, oids.map((oid) => `${oid}\n`).join(""));
}

function contentsOf(indexPath: string): { readonly commits: number; readonly patchOids: readonly string[] } {
  const db = openForReading(indexPath);
  try {
    const commits = Number(db.prepare("SELECT count(*) FROM commits").pluck().get());
    const patchOids = db.prepare("SELECT lower(hex(oid)) FROM patches JOIN commits USING (num) ORDER BY num").pluck().all() as string[];
    return { commits, patchOids };
  } finally {
    db.close();
  }
}

/** The n-th commit before the tip, newest first. */
async function ancestor(gitDir: string, tip: string, n: number): Promise<string> {
  let text = "";
  const args = ["rev-list", "--topo-order", `--skip=${n}`, "--max-count=1", tip];
  for await (const chunk of streamGit(args, { gitDir })) text += chunk.toString();
  return text.trim() === "" ? tip : text.trim();
}
