import { openAddedFiles } from "./added-files.ts";
import type { GitLog } from "./conversation.ts";
import { openLostFiles } from "./lost-files.ts";
import { openMerger } from "./merger.ts";
import { tellingMissing } from "./missing-object.ts";
import { openObjectReader } from "./object-reader.ts";
import { checkOid } from "./oid.ts";
import { openPatchSource } from "./patch-source.ts";
import { GitError } from "./process.ts";
import { privateMemory } from "./process-memory.ts";
import { blameLines, commitsChanging, grepWords, listTree } from "./queries.ts";
import { quickMerge } from "./quick-merge.ts";
import type { RawEntry, RawTree } from "./raw-tree.ts";
import { rememberAnswers } from "./remember-answers.ts";
import type { BlamedLine, MergeResult, Repository, TreeEntry } from "./repository.ts";
import { openScratchStore } from "./scratch-store.ts";
import { editTree } from "./tree-editor.ts";

export interface RepositoryOptions {
  /** The mirror, or any bare repository; it is only read. */
  readonly gitDir: string;
  /** A directory of this repository alone; a store from an earlier run in it is emptied. */
  readonly scratchDir: string;
  /** Closes the repository. */
  readonly signal?: AbortSignal;
  /** Longest time of one request to git, in milliseconds; 30,000 if not given. */
  readonly timeLimitMs?: number;
  /** Bytes of memory of its own beyond which a child is replaced between two requests. */
  readonly memoryLimit?: number;
  readonly log?: GitLog;
}

/** How a child answered a trivial request. */
export interface ChildHealth {
  readonly pid: number | undefined;
  readonly ms: number;
  /** Bytes of its own; null where the system does not tell. */
  readonly memory: number | null;
  /** null when it answered. It was replaced if it did not. */
  readonly problem: string | null;
}

export interface OpenRepository extends Repository {
  /** Process ids of the living children. */
  pids(): number[];
  /** Asks every child something trivial, starting those that do not run. One that hangs is replaced after five seconds. */
  ping(): Promise<ChildHealth[]>;
  /** What merges and `withFiles` wrote may become unreadable: nobody needs it any more, and it takes memory. */
  forget(): void;
}

const PING_MS = 5000;
/** That of a whole kernel takes 10 MB. */
const KEPT_LISTS = 4;
/** Of a few hundred lines or commits at most. */
const KEPT_ANSWERS = 500;

/**
 * Opens a repository over four long-lived git children (started when first needed) and a scratch store.
 *
 * Paths and texts are latin1, one character per byte. Single objects that are missing are null; `patch`, `diff`, `merge`, `list`,
 * `blame`, `grepWords` and `withFiles` throw MissingObject when an object they need is missing (an empty answer would be a false one), and
 * GitError when git dies twice on a request and at the time limit. Every method throws TypeError for what is not a full object id.
 */
export function openRepository(options: RepositoryOptions): OpenRepository {
  const { gitDir, signal, log, memoryLimit, timeLimitMs = 30_000 } = options;
  const scratch = openScratchStore(gitDir, options.scratchDir);
  const limits = { timeLimitMs, log, ...(memoryLimit === undefined ? {} : { memoryLimit }) };
  const git = { gitDir, env: scratch.env };
  const closing = new AbortController();
  const queries = { ...git, signal: closing.signal };
  const reader = openObjectReader(git, limits, scratch);
  const patches = openPatchSource(git, limits);
  const merger = openMerger(git, scratch, limits);
  const additions = openAddedFiles(git, limits);
  const lists = rememberAnswers<readonly TreeEntry[]>(KEPT_LISTS);
  const blames = rememberAnswers<readonly BlamedLine[]>(KEPT_ANSWERS);
  const changers = rememberAnswers<readonly string[]>(KEPT_ANSWERS);
  const children = [reader, patches, merger, additions];

  const trees = { read: readTree, write: scratch.writeTree };
  const lost = openLostFiles({
    added: (from, to) => additions.between(onDisk(from), onDisk(to)),
    sizes: (oids) => Promise.all(oids.map(reader.size)),
    readBlob: reader.blob,
  });
  const files = { readBlob: reader.blob, writeBlob: scratch.writeBlob, areGone: lost.areGone };

  async function readTree(oid: string): Promise<RawTree> {
    const tree = await reader.tree(oid);
    if (tree === null) throw missing("ls-tree", oid);
    return tree;
  }

  /** git 2.39 takes a root tree that it cannot read for an empty one; below the root it dies. */
  async function requireTrees(command: string, oids: readonly string[]): Promise<void> {
    const trees = await Promise.all(oids.map(reader.tree));
    const absent = oids.find((_, at) => trees[at] === null);
    if (absent !== undefined) throw missing(command, absent);
  }

  function onDisk(treeish: string): string {
    scratch.persist(treeish);
    return treeish;
  }

  async function patch(oid: string): Promise<string> {
    const commit = await reader.commit(oid);
    if (commit === null) throw missing("diff-tree", oid);
    const [parent, second] = commit.parents;
    if (second !== undefined) return "";
    // At the edge of a shallow clone git would show the whole tree as added.
    if (parent !== undefined && (await reader.commit(parent)) === null) throw missing("diff-tree", parent);
    return patches.patch(oid);
  }

  async function diff(fromTree: string, toTree: string): Promise<string> {
    await requireTrees("diff-tree", [fromTree, toTree]);
    for (const tree of [fromTree, toTree]) scratch.persist(tree);
    return patches.diff(fromTree, toTree);
  }

  async function merge(base: string, ours: string, theirs: string): Promise<MergeResult> {
    await requireTrees("merge-tree", [base, ours, theirs]);
    return (await quickMerge({ ...trees, ...files, merge: merger.merge }, base, ours, theirs)) ?? merger.merge(base, ours, theirs);
  }

  async function withFiles(tree: string, files: Parameters<Repository["withFiles"]>[1]): Promise<string> {
    const entries = new Map<string, RawEntry | null>();
    for (const [path, file] of files) {
      const entry = file === null ? null : { mode: file.mode.replace(/^0+/, ""), oid: scratch.writeBlob(file.bytes) };
      entries.set(path, entry);
    }
    return editTree(trees, checkOid(tree), entries);
  }

  async function pingChild(child: (typeof children)[number]): Promise<ChildHealth> {
    const started = performance.now();
    const problem = await child.ping(PING_MS).then(
      () => null,
      (error: unknown) => String(error),
    );
    return { pid: child.pid(), ms: performance.now() - started, memory: privateMemory(child.pid()), problem };
  }

  async function close(): Promise<void> {
    closing.abort();
    await Promise.all(children.map((child) => child.close()));
  }

  signal?.addEventListener("abort", () => void close(), { once: true });
  if (signal?.aborted) void close();

  return {
    commit: reader.commit,
    blob: reader.blob,
    entry: reader.entry,
    list: tellingMissing((treeish, paths) => lists([treeish, paths], () => listTree(queries, timeLimitMs, onDisk(treeish), paths))),
    patch: tellingMissing(patch),
    diff: tellingMissing(diff),
    merge: tellingMissing(merge),
    blame: tellingMissing((commit, path, ranges, not) =>
      blames([commit, path, ranges, not], () => blameLines(queries, timeLimitMs, commit, path, ranges, not)),
    ),
    commitsChanging: tellingMissing((word, tip, paths) =>
      changers([word, tip, paths], () => commitsChanging(queries, timeLimitMs, word, tip, paths)),
    ),
    grepWords: tellingMissing((treeish, words, paths) => grepWords(queries, timeLimitMs, onDisk(treeish), words, paths)),
    withFiles: tellingMissing(withFiles),
    close,
    forget: scratch.forget,
    ping: () => Promise.all(children.map(pingChild)),
    pids: () => children.map((child) => child.pid()).filter((pid) => pid !== undefined),
  };
}

function missing(command: string, oid: string): GitError {
  return new GitError([command], null, `missing object ${oid}`);
}
