import PQueue from "p-queue";
import { unfinishedAnalyses } from "../store/analyses.ts";
import { unfinishedFetches } from "../store/fetches.ts";
import { allTrees } from "../store/trees.ts";
import { startAnalysis } from "./analysis-jobs.ts";
import { createChanges } from "./changes.ts";
import { rereadCrashes } from "./crashes.ts";
import { createIndexKeeper } from "./index-keeper.ts";
import { createKeyedLanes } from "./lanes.ts";
import type { JobContext, JobParts } from "./parts.ts";
import { createRunner } from "./runner.ts";
import { removeRefs, startFetch, startTree } from "./tree-jobs.ts";

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
  };
  const context: JobContext = {
    ...shared,
    index: createIndexKeeper(shared),
    definitions: createKeyedLanes(),
    treeLanes: createKeyedLanes(),
    interactive: new PQueue({ concurrency: parts.limits.concurrency }),
    texts: new PQueue({ concurrency: 1 }),
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
  for (const id of (await context.mirror.heads()).keys()) if (!known.has(id)) removeRefs(context, id);
  for (const tree of trees) if (UNFINISHED.includes(tree.state)) startTree(context, tree.id);
  for (const fetch of await unfinishedFetches(context.db)) startFetch(context, fetch.tree, fetch.id);
  for (const id of await unfinishedAnalyses(context.db)) startAnalysis(context, id);
  context.runner.start(
    "crashes",
    (work) => work(),
    (signal) => rereadCrashes(context, signal),
  );
}
