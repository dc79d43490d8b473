import type { Progress } from "../schema/common.ts";
import { withoutFlush } from "../store/database.ts";
import { addEvent } from "../store/events.ts";
import { type FetchOutcome, finishFetch, progressFetch } from "../store/fetches.ts";
import { getTree, type TreeChange, type TreeRow, updateTree } from "../store/trees.ts";
import { abortable } from "./abortable.ts";
import { jobProblem, withLimit } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { persist } from "./persist.ts";
import { createProgressWriter } from "./progress.ts";
import { fetchResource, treeResource, urlOf } from "./resources.ts";
import { timeStages } from "./stage-times.ts";

/**
 * Brings a tree up to date: remote -> mirror -> index -> ready. A tree that was ready stays so while this goes on and when it fails;
 * any other goes through its states. `fetchId` names the fetch that asked for it, null when the tree was defined anew.
 */
export async function refreshTree(context: JobContext, id: string, fetchId: string | null, stop: AbortSignal): Promise<void> {
  const tree = await getTree(context.db, id);
  if (tree === null) return;
  const log = context.log.child({ tree: id, fetch: fetchId });
  const started = performance.now();
  const writer = createProgressWriter((progress) => recordProgress(context, tree, fetchId, progress), log);
  const stages = timeStages(context.metrics, "fetch", writer.report);
  if (fetchId !== null) await progressFetch(context.db, fetchId, null);
  try {
    const signal = withLimit(stop, context.limits.fetchTimeout);
    const after = await fetchAndIndex(context, tree, stages.report, signal);
    stages.end();
    await writer.settle();
    await persist(context, stop, () => finish(context, tree, fetchId, { conclusion: "success", problem: null, headAfter: after }));
    context.upkeep.ask();
    log.info({ oid: after, ms: Math.round(performance.now() - started) }, "tree is ready");
  } catch (error) {
    await writer.settle();
    // A stopped job leaves its rows to whoever stopped it: at the next start they are taken up again, or they are gone already.
    if (stop.aborted) return;
    log.warn({ err: error }, "tree could not be refreshed");
    const resource = fetchId === null ? treeResource(id) : fetchResource(id, fetchId);
    const advice = `POST /v1/trees/${id}/fetches tries again; PUT /v1/trees/${id} changes the remote or the ref.`;
    const problem = jobProblem(error, "internal-error", urlOf(resource), advice);
    await persist(context, stop, () => finish(context, tree, fetchId, { conclusion: "failure", problem, headAfter: null }));
  }
}

async function fetchAndIndex(
  context: JobContext,
  tree: TreeRow,
  report: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<string> {
  const { mirror } = context;
  const enter = async (state: "cloning" | "indexing", stage: string) => {
    signal.throwIfAborted();
    if (tree.headOid === null) await updateTree(context.db, tree.id, tree.generation, { state, progress: null, problem: null });
    report({ stage, done: 0, total: null });
  };
  await enter("cloning", "remote");
  await mirror.checkRemote(tree.remote, tree.ref, signal);
  // First fetches come one after the other: this may wait for the clone of another tree.
  const fetching = mirror.fetch({ tree: tree.id, remote: tree.remote, ref: tree.ref, report, signal });
  const { after } = await abortable(fetching, signal);
  if (after !== tree.headOid) context.metrics.lag.moved(tree.id);
  await context.index.update(() => enter("indexing", "index"), { tree: tree.id, headOid: after }, { report, signal });
  return after;
}

async function recordProgress(context: JobContext, tree: TreeRow, fetchId: string | null, progress: Progress): Promise<void> {
  await withoutFlush(context.db, async (db) => {
    if (!(await updateTree(db, tree.id, tree.generation, { progress }))) return;
    if (fetchId !== null) await progressFetch(db, fetchId, progress);
    await addEvent(db, treeResource(tree.id), "stage", { fetch: fetchId, progress });
  });
  context.changes.notify(treeResource(tree.id));
  if (fetchId !== null) context.changes.notify(fetchResource(tree.id, fetchId));
}

async function finish(context: JobContext, tree: TreeRow, fetchId: string | null, outcome: FetchOutcome): Promise<void> {
  const now = new Date().toISOString();
  const change: TreeChange =
    outcome.headAfter === null
      ? { state: tree.headOid === null ? "failed" : "ready", problem: outcome.problem, progress: null }
      : { state: "ready", problem: null, progress: null, headOid: outcome.headAfter, fetchedAt: now };
  const ended = await context.db.transaction().execute(async (db) => {
    if (!(await updateTree(db, tree.id, tree.generation, change))) return false;
    if (fetchId !== null) await finishFetch(db, fetchId, outcome, now);
    const data = { fetch: fetchId, state: change.state, headOid: change.headOid ?? tree.headOid, problem: outcome.problem };
    await addEvent(db, treeResource(tree.id), "completed", data);
    return true;
  });
  if (ended) context.metrics.jobsEnded.inc({ kind: "fetch", conclusion: outcome.conclusion });
  if (ended && outcome.headAfter !== null) context.metrics.lag.caughtUp(tree.id);
  context.changes.notify(treeResource(tree.id));
  if (fetchId !== null) context.changes.notify(fetchResource(tree.id, fetchId));
}
