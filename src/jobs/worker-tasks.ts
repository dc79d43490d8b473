import { statSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { analyze, commitStatus } from "../analysis/analyze.ts";
import { blobTexts } from "../analysis/blob-texts.ts";
import { type AnalysisContext, openContext } from "../analysis/context.ts";
import { planCommits } from "../analysis/plan.ts";
import { movePlan } from "../analysis/plan-move.ts";
import { resolveCommit } from "../analysis/resolve-commit.ts";
import { type SearchAnswer, searchCommits } from "../analysis/search.ts";
import { readCrash } from "../crash/read-crash.ts";
import { type LentRepository, lendRepository } from "../git/lent-repository.ts";
import type { HistoryIndex } from "../history/history-index.ts";
import { ingestHistory } from "../history/ingest.ts";
import { ingestPatches } from "../history/ingest-patches.ts";
import { IndexUnusable } from "../history/open-index.ts";
import type { AnalysisResult, Question } from "../schema/analysis.ts";
import { ingestSources } from "../source/ingest-sources.ts";
import { indexedCommit, readCommits } from "./commits-task.ts";
import { drawSvg } from "./draw.ts";
import { forgetIndex, indexOf, sourcesOf } from "./open-indexes.ts";
import type {
  AnalyseTask,
  CommitResult,
  CommitsTask,
  CommitTask,
  IndexResult,
  IndexTask,
  PlanMoveTask,
  PlanTask,
  SearchTask,
  TaskContext,
  TaskResult,
  WorkerTask,
} from "./task-types.ts";

/** Runs one task in this thread. The git children of a thread are started once and kept for its later tasks. */
export async function runTask(task: WorkerTask, context: TaskContext): Promise<TaskResult> {
  switch (task.kind) {
    case "read-crash":
      return readCrash(task.text);
    case "index":
      return indexTrees(task, context);
    case "analyse":
      return withContext(task, context, async (ctx) => runAnalysis(ctx, task));
    case "commit":
      return withContext(task, context, async (ctx) => readCommit(ctx, task));
    case "commits":
      return withContext(task, context, async (ctx) => readCommits(ctx, task.ids));
    case "plan":
      return withContext(task, context, async (ctx) => planCommits(ctx, resolveAll(ctx, task.ids), task.options));
    case "plan-move":
      return withContext(task, context, async (ctx) => movePlan(ctx, task.steps, task.files, task.from, task.accepted));
    case "draw":
      return drawSvg(task.dot);
    case "search":
      return searchIndex(task);
  }
}

async function indexTrees(task: IndexTask, { report, signal }: TaskContext): Promise<IndexResult> {
  const options = { gitDir: task.gitDir, indexPath: task.indexPath, trees: task.trees, conventions: task.conventions, signal, report };
  await ingestHistory(options);
  await ingestPatches(options);
  await ingestSources(options);
  const index = indexOf(task.indexPath);
  const nums = index.range(
    task.trees.map((tree) => tree.headOid),
    [],
  );
  return { commits: nums.length, patches: index.withPatch(nums) };
}

/** Contents that tasks of this thread read are there for the next ones. */
const texts = blobTexts();

interface OpenMirror {
  readonly repository: LentRepository;
  /** Tells the mirror from a fresh one that took its place. */
  inode: number;
}

const mirrors = new Map<string, OpenMirror>();

/** One scratch store per thread: two threads never write to the same one. */
async function repositoryOf(gitDir: string, scratchRoot: string): Promise<LentRepository> {
  const scratchDir = join(scratchRoot, `thread-${threadId}`);
  const inode = statSync(gitDir, { throwIfNoEntry: false })?.ino ?? 0;
  const known = mirrors.get(scratchDir);
  if (known === undefined) {
    const repository = lendRepository({ gitDir, scratchDir });
    mirrors.set(scratchDir, { repository, inode });
    return repository;
  }
  // Its git processes have the files of the old one open; the next use starts others. A thread has one task at a time.
  if (known.inode !== inode) await known.repository.close();
  known.inode = inode;
  return known.repository;
}

/** The index is sound and does not have a commit that the task is pinned to. */
class IndexBehind extends Error {
  readonly code = "index-behind";
  constructor(tree: string, oid: string) {
    super(`the history index does not have ${oid} of tree ${tree}`);
    this.name = "IndexBehind";
  }
}

async function withContext<T>(
  task: AnalyseTask | CommitTask | CommitsTask | PlanTask | PlanMoveTask,
  { report, signal }: TaskContext,
  use: (ctx: AnalysisContext) => Promise<T>,
): Promise<T> {
  try {
    const index = indexWith(task);
    const repository = await repositoryOf(task.gitDir, task.scratchRoot);
    const sources = sourcesOf(task.indexPath, repository);
    const pins = { target: task.target, upstreams: task.upstreams };
    return await repository.use(async (repo) => use(await openContext({ repo, index, sources, texts, ...pins, report, signal })));
  } catch (error) {
    if (error instanceof IndexUnusable) forgetIndex(task.indexPath);
    throw error;
  }
}

/** @throws IndexBehind when the index lacks a commit that the task is pinned to */
function indexWith({ indexPath, target, upstreams }: Pick<AnalyseTask, "indexPath" | "target" | "upstreams">): HistoryIndex {
  const index = indexOf(indexPath);
  for (const { tree, oid } of [target, ...upstreams]) if (index.commit(oid) === null) throw new IndexBehind(tree, oid);
  return index;
}

function searchIndex(task: SearchTask): SearchAnswer {
  try {
    return searchCommits(indexWith(task), task);
  } catch (error) {
    if (error instanceof IndexUnusable) forgetIndex(task.indexPath);
    throw error;
  }
}

async function runAnalysis(ctx: AnalysisContext, task: AnalyseTask): Promise<AnalysisResult> {
  return analyze(ctx, resolved(ctx, task.question), task.options);
}

/** A commit that the request names and the trees do not have; `code` and `detail` become the problem of the analysis. */
class CommitUnusable extends Error {
  readonly code: "commit-not-found" | "commit-ambiguous";
  readonly detail: string;
  constructor(code: "commit-not-found" | "commit-ambiguous", detail: string) {
    super(detail);
    this.name = "CommitUnusable";
    this.code = code;
    this.detail = detail;
  }
}

function resolved(ctx: AnalysisContext, question: Question): Question {
  if (question.kind !== "commits") return question;
  return { kind: "commits", oids: resolveAll(ctx, question.oids) };
}

function resolveAll(ctx: AnalysisContext, ids: readonly string[]): string[] {
  return ids.map((id) => {
    const found = resolveCommit(ctx.index, id);
    if (found.kind === "found") return found.oid;
    if (found.kind === "ambiguous") throw new CommitUnusable("commit-ambiguous", `${id} names several commits: ${found.oids.join(", ")}`);
    throw new CommitUnusable("commit-not-found", `no tree of the mirror has a commit ${id}, and no commit refers to it`);
  });
}

async function readCommit(ctx: AnalysisContext, task: CommitTask): Promise<CommitResult> {
  const found = indexedCommit(ctx, task.oid);
  return "num" in found ? { ...(await commitStatus(ctx, found)), tree: task.target } : found;
}
