import type { Progress, ReportProgress } from "../schema/common.ts";
import { allTrees, progressReadyTrees, type TreeRow } from "../store/trees.ts";
import { abortable } from "./abortable.ts";
import { problemOfError, runTwice, withLimit } from "./failure.ts";
import type { IndexFault, JobContext, JobParts } from "./parts.ts";
import { createProgressWriter } from "./progress.ts";
import { treeResource } from "./resources.ts";
import type { Lane } from "./runner.ts";
import type { TaskContext } from "./task-types.ts";
import { TaskFailed } from "./worker-pool.ts";

/**
 * Keeps the history index whole: it has one writer, is filled by fetches, and is built anew when it turns out to be missing, damaged or
 * of another version. What reads it waits meanwhile, since an answer from half an index would be kept as the answer.
 */
export interface IndexKeeper {
  /** Grows with every build; a reader notes it, so that a fault which a build has cured since is not cured twice. */
  readonly builds: number;
  /** What is wrong with the index; null when it can be read. */
  readonly fault: IndexFault | null;
  /** Looks at the file, and begins to repair it when ready trees need that. Does not wait for it. */
  check(): Promise<void>;
  /** Resolves when the index can be read; repairs it if need be, once for all who wait. Progress of the repair goes to `report`. */
  usable(context: TaskContext): Promise<void>;
  /** A reader found a fault in the index of `builds`. */
  found(fault: IndexFault, builds: number): void;
  /** Brings the index up to date with the mirror, in turn. `begin` runs when the turn has come. */
  update(begin: () => Promise<void>, fetched: { readonly tree: string; readonly headOid: string }, context: TaskContext): Promise<void>;
}

type KeeperParts = JobParts & Pick<JobContext, "changes" | "runner" | "indexLane" | "upkeep">;

/** Codes that cross the thread boundary (worker-protocol.ts and worker-tasks.ts). */
const INDEX_FAULTS: Readonly<Record<string, IndexFault>> = { "index-unusable": "unusable", "index-behind": "behind" };

export function createIndexKeeper(parts: KeeperParts): IndexKeeper {
  const { db, mirror, indexFile, indexLane, log, paths, limits, changes, runner, upkeep } = parts;
  const listeners = new Set<ReportProgress>();
  let builds = 0;
  let fault: IndexFault | null = null;
  let repair: Promise<void> | null = null;

  function inLane(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    upkeep.giveWay();
    return indexLane.add(work, { signal });
  }

  /**
   * One index job; runs in the lane. Of the tree whose turn it is the index gets the new head, of the others the head that it has already: a
   * history that git cannot read keeps no other tree from being indexed.
   */
  async function build(context: TaskContext, turn: { readonly tree: string; readonly headOid: string } | null): Promise<void> {
    const heads = await mirror.heads();
    if (fault === "unusable" || indexFile.look([]) === "unusable") {
      log.info("the history index is built from the start");
      indexFile.startAnew();
      // What an interrupted build leaves behind is sound, and the next one goes on from there.
      fault = "behind";
    }
    const trees: { id: string; role: TreeRow["role"]; headOid: string }[] = [];
    for (const { id, role, state, headOid: known } of await allTrees(db)) {
      const fetched = heads.get(id);
      if (turn?.tree === id) trees.push({ id, role, headOid: turn.headOid });
      else if (fetched !== undefined && state !== "failed") trees.push({ id, role, headOid: known ?? fetched });
    }
    const task = { kind: "index" as const, gitDir: paths.gitDir, indexPath: paths.indexPath, trees, conventions: parts.conventions };
    await runTwice(parts, task, context).catch((error: unknown) => {
      context.signal.throwIfAborted();
      fault = indexFaultOf(error) ?? fault;
      throw Object.assign(problemOfError(error, "index-failed"), { cause: error });
    });
    indexFile.finished();
    fault = null;
    builds += 1;
  }

  async function recordProgress(progress: Progress | null): Promise<void> {
    for (const id of await progressReadyTrees(db, progress)) changes.notify(treeResource(id));
  }

  /** Trees that were ready stay so, and show the progress. */
  async function repairInTurn(stop: AbortSignal): Promise<void> {
    // The fetch of a tree may have built the index meanwhile.
    if (fault === null) return;
    log.warn({ fault }, "the history index is repaired");
    const writer = createProgressWriter(recordProgress, log);
    const report: ReportProgress = (progress) => {
      writer.report(progress);
      for (const listener of listeners) listener(progress);
    };
    report({ stage: "index", done: 0, total: null });
    const signal = withLimit(stop, limits.fetchTimeout);
    try {
      await build({ report, signal }, null);
      log.info("the history index is repaired");
    } catch (error) {
      if (!stop.aborted) log.error({ err: error }, "the history index could not be repaired");
      throw problemOfError(error, "index-failed");
    } finally {
      await writer.settle();
      await recordProgress(null);
    }
  }

  function startRepair(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const lane: Lane = inLane;
    runner.start("index", lane, async (stop) => {
      const repaired = repairInTurn(stop);
      resolve(repaired);
      await repaired.catch(() => {});
    });
    const ended = promise.finally(() => {
      repair = null;
    });
    // Who waits hears of a failure; nobody may be waiting.
    ended.catch(() => {});
    return ended;
  }

  return {
    get builds() {
      return builds;
    },
    get fault() {
      return fault;
    },
    async check() {
      const heads: string[] = [];
      for (const { state, headOid } of await allTrees(db)) if (state === "ready" && headOid !== null) heads.push(headOid);
      fault = heads.length === 0 ? null : indexFile.look(heads);
      if (fault !== null) repair ??= startRepair();
    },
    async usable({ report, signal }) {
      listeners.add(report);
      try {
        while (fault !== null) {
          repair ??= startRepair();
          await abortable(repair, signal);
        }
      } finally {
        listeners.delete(report);
      }
    },
    found(found, inBuild) {
      if (inBuild === builds && fault !== "unusable") fault = found;
    },
    async update(begin, fetched, context) {
      const inTurn = async () => {
        await begin();
        await build(context, fetched);
      };
      await inLane(inTurn, context.signal);
    },
  };
}

/** What an error of a task says about the index; null for errors of other kinds. */
export function indexFaultOf(error: unknown): IndexFault | null {
  if (!(error instanceof TaskFailed)) return null;
  return INDEX_FAULTS[error.code ?? ""] ?? null;
}
