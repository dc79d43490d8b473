import { join } from "node:path";
import { commitPresence } from "../src/analysis/analyze.ts";
import { openContext } from "../src/analysis/context.ts";
import { openRepository } from "../src/git/open-repository.ts";
import { runGit } from "../src/git/process.ts";
import type { HistoryIndex, IndexedCommit } from "../src/history/history-index.ts";
import { introducers } from "../src/history/introducer.ts";
import { openIndex } from "../src/history/open-index.ts";
import { openSourceIndex, sourceIndexPath } from "../src/source/source-index.ts";
import { quantile, sample } from "./sample.ts";

/** One line of the table of timings. */
export interface Row {
  readonly what: string;
  /** In the JSON line. */
  readonly name: string;
  readonly value: number;
  readonly unit: "ms" | "s" | "MiB";
  readonly target?: string;
  /** The median of the git command that answers the same, in milliseconds. */
  readonly git?: number;
}

interface Question {
  readonly what: string;
  readonly name: string;
  readonly items: readonly string[];
  readonly ours: (item: string) => unknown;
  readonly git?: (item: string) => readonly string[];
}

const SEED = 20_261_122;
const TARGET_MS = "<= 10";
/** More than a question may answer; the answers of git are whole, so ours are too. */
const ALL = 1_000_000;
const SHARE = 0.95;

/** Asks the indexes of a data directory what git is asked for comparison. Each question is asked once before it is timed ("warm"). */
export async function compareQueries(data: string, counts: { readonly ours: number; readonly git: number }): Promise<Row[]> {
  const gitDir = join(data, "mirror.git");
  const indexPath = join(data, "index.sqlite");
  const index = openIndex(indexPath);
  const repo = openRepository({ gitDir, scratchDir: join(data, "bench-scratch") });
  const sources = openSourceIndex(sourceIndexPath(indexPath), repo);
  try {
    const [mainline, vendor] = await Promise.all(["mainline", "vendor"].map((tree) => headOf(gitDir, tree)));
    const pin = (tree: string, oid: string) => ({ tree, ref: tree, oid });
    const target = pin("vendor", vendor ?? "");
    const ctx = await openContext({ repo, index, sources, target, upstreams: [pin("mainline", mainline ?? "")] });
    const missing = sample(ctx.upstreamOnly, counts.ours, SEED).map((num) => index.commitByNum(num));
    const functions = identifiersOf(index, missing);
    const heads = [mainline ?? "", vendor ?? ""];
    const range = [mainline ?? "", `^${vendor}`];
    const introducerOf = introducers({
      index,
      sources,
      repo,
      head: { oid: mainline ?? "", tree: (await repo.commit(mainline ?? ""))?.tree ?? "" },
      other: { oid: target.oid, tree: ctx.targetTree },
    });
    const questions: Question[] = [
      {
        what: "message search by identifier",
        name: "messageSearchMs",
        items: functions,
        ours: (name) => index.searchMessages([name], ALL),
        git: (name) => ["log", "--format=%H", "--fixed-strings", `--grep=${name}`, ...heads],
      },
      {
        what: "commits under a directory",
        name: "directoryMs",
        items: directoriesOf(index, missing),
        ours: (directory) => index.commitsOfPath(directory, ALL),
        git: (directory) => ["log", "--format=%H", ...heads, "--", directory],
      },
      {
        what: "commits under a directory, moves followed",
        name: "directoryFollowedMs",
        items: directoriesOf(index, missing),
        ours: (directory) => index.commitsOfPath(directory, ALL, "follow"),
      },
      {
        what: "what a file of mainline is called in the vendor tree",
        name: "nameInMs",
        items: filesOf(index, missing),
        ours: (path) => index.nameIn(path, mainline ?? "", target.oid),
      },
      {
        what: "introducer of an identifier",
        name: "introducerMs",
        items: functions,
        ours: (name) => index.commitsAdding(name, ALL),
        git: (name) => ["log", "--format=%H", `-S${name}`, ...range],
      },
      {
        what: "introducer of an identifier, git asked where the index does not know",
        name: "anyIntroducerMs",
        items: functions,
        ours: introducerOf,
      },
      {
        what: "is commit X in tree T, by ancestry",
        name: "containsMs",
        items: missing.map(({ oid }) => oid),
        ours: (oid) => index.contains(target.oid, oid),
        git: (oid) => ["for-each-ref", "--format=%(refname)", `--contains=${oid}`, "refs/trees/vendor/head"],
      },
      {
        what: "is commit X in tree T, all routes",
        name: "presenceMs",
        items: missing.map(({ oid }) => oid),
        ours: (oid) => presence(oid),
      },
      {
        what: "files that hold an identifier",
        name: "filesWithMs",
        items: functions,
        ours: (name) => sources.filesWith(ctx.targetTree, name),
        git: (name) => ["grep", "-l", "-w", "-F", "-e", name, ctx.targetTree, "--", "*.[chS]"],
      },
      {
        what: "definitions of a name, blobs parsed",
        name: "definitionsMs",
        items: functions,
        ours: (name) => sources.definitions(ctx.targetTree, name),
      },
    ];
    async function presence(oid: string): Promise<unknown> {
      const commit = index.commit(oid);
      return commit === null ? null : commitPresence({ ...ctx, presences: new Map(), checked: new Map(), contents: new Map() }, commit);
    }
    const rows: Row[] = [];
    for (const question of questions) rows.push(await compare(question, gitDir, counts.git));
    return rows;
  } finally {
    sources.close();
    index.close();
    await repo.close();
  }
}

async function headOf(gitDir: string, tree: string): Promise<string> {
  return (await runGit(["rev-parse", "--verify", `refs/trees/${tree}/head^{commit}`], { gitDir })).toString().trim();
}

/** p95 of ours beside the median of git's, of which few are asked: one takes seconds. */
async function compare({ what, name, items, ours, git }: Question, gitDir: string, gitQueries: number): Promise<Row> {
  const times: number[] = [];
  for (const item of items) {
    await ours(item);
    times.push(await milliseconds(() => ours(item)));
  }
  const row = { what: `${what}, p95 of ${items.length}`, name, value: quantile(times, SHARE), unit: "ms" as const, target: TARGET_MS };
  if (git === undefined) return row;
  const gitTimes: number[] = [];
  for (const item of sample(items, gitQueries, SEED)) {
    gitTimes.push(await milliseconds(() => runGit(git(item), { gitDir, okCodes: [0, 1] })));
  }
  return { ...row, git: quantile(gitTimes, 0.5) };
}

async function milliseconds(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** For each commit one function that it changes; commits without one give none. */
function identifiersOf(index: HistoryIndex, commits: readonly IndexedCommit[]): string[] {
  return [...new Set(commits.flatMap(({ oid }) => index.functions(oid).slice(0, 1)).map((change) => change.function))];
}

function filesOf(index: HistoryIndex, commits: readonly IndexedCommit[]): string[] {
  return [...new Set(commits.flatMap(({ oid }) => index.paths(oid).slice(0, 1)))];
}

function directoriesOf(index: HistoryIndex, commits: readonly IndexedCommit[]): string[] {
  return [...new Set(filesOf(index, commits).map((path) => path.slice(0, path.lastIndexOf("/") + 1)))].filter(
    (directory) => directory !== "",
  );
}
