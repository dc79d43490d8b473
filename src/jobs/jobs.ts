import PQueue from "p-queue";
import { createMetrics } from "../metrics.ts";
import { unfinishedBatches } from "../store/batches.ts";
import { unfinishedFetches } from "../store/fetches.ts";
import { unfinishedRows } from "../store/queries.ts";
import { allTrees } from "../store/trees.ts";
import { startAnalysis } from "./analysis-jobs.ts";
import { startBatch } from "./batch-jobs.ts";
import { createChanges } from "./changes.ts";
import { rereadCrashes } from "./crashes.ts";
import { createWorkQueue } from "./fair-queue.ts";
import { createInFlight } from "./in-flight.ts";
import { createIndexKeeper } from "./index-keeper.ts";
import { createKeyedLanes } from "./lanes.ts";
import { createMirrorKeeper } from "./mirror-keeper.ts";
import type { JobContext, JobParts } from "./parts.ts";
import { startPlan } from "./plan-jobs.ts";
import { refreshTree } from "./refresh-tree.ts";
import { startRetention } from "./retention.ts";
import { createRunner } from "./runner.ts";
import { removeRefs, startFetch, startTree } from "./tree-jobs.ts";
import { createUpkeep } from "./upkeep.ts";

export type Jobs = JobContext & {
  /** Ends all work; unfinished rows stay for the next start. */
  close(): Promise<void>;
};

const UNFINISHED: readonly string[] = ["queued", "cloning", "indexing"];

/** Sets up the queues and takes up the work that an earlier process left unfinished. */
export async function startJobs(parts: JobParts): Promise<Jobs> {
  const shared = {
    ...parts,
    changes: createChanges(),
    runner: createRunner(parts.log),
    indexLane: new PQueue({ concurrency: 1 }),
    metrics: createMetrics(),
  };
  const upkeep = createUpkeep(shared);
  const context: JobContext = {
    ...shared,
    upkeep,
    index: createIndexKeeper({ ...shared, upkeep }),
    mirrorKeeper: createMirrorKeeper(shared, (tree, stop) => context.treeLanes.run(tree, () => refreshTree(context, tree, null, stop))),
    definitions: createKeyedLanes(),
    treeLanes: createKeyedLanes(),
    interactive: createWorkQueue(parts.limits.concurrency),
    searches: createWorkQueue(1),
    texts: createWorkQueue(1),
    batchParts: createWorkQueue(Math.max(1, parts.limits.concurrency - 1)),
    inFlight: createInFlight(),
  };
  await takeUp(context);
  return {
    ...context,
    async close() {
      context.changes.close();
      await context.runner.close();
      await Promise.all([context.workers.close(), context.mirror.close()]);
    },
  };
}

async function takeUp(context: JobContext): Promise<void> {
  await context.index.check();
  const trees = await allTrees(context.db);
  const known = new Set(trees.map((tree) => tree.id));
  const heads = await context.mirror.heads();
  for (const id of heads.keys()) if (!known.has(id)) removeRefs(context, id);
  for (const tree of trees) {
    // A mirror that was lost is a cache that was lost: a tree that answers were computed from is fetched again.
    const lost = tree.headOid !== null && !heads.has(tree.id);
    if (lost || UNFINISHED.includes(tree.state)) startTree(context, tree.id);
  }
  for (const fetch of await unfinishedFetches(context.db)) startFetch(context, fetch.tree, fetch.id);
  for (const { id, caller, priority } of await unfinishedRows(context.db, "analyses")) startAnalysis(context, id, { caller, priority });
  for (const { id, caller, priority } of await unfinishedRows(context.db, "plans")) startPlan(context, id, { caller, priority });
  for (const { id, caller } of await unfinishedBatches(context.db)) startBatch(context, id, caller);
  startRetention(context);
  context.runner.start(
    "crashes",
    (work) => work(),
    (signal) => rereadCrashes(context, signal),
  );
}
