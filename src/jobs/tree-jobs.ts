import { randomUUID } from "node:crypto";
import { ApiProblem } from "../problems.ts";
import type { TreeRequest } from "../schema/tree.ts";
import { addEvent, clearEvents } from "../store/events.ts";
import { addFetch, cancelFetches, type FetchRow, getFetch, queuedFetch } from "../store/fetches.ts";
import { allTrees, deleteTree, getTree, saveTree, type TreeRow } from "../store/trees.ts";
import type { JobContext, NameCheck } from "./parts.ts";
import { refreshTree } from "./refresh-tree.ts";
import { fetchResource, treeResource } from "./resources.ts";

/** @throws ApiProblem tree-not-found */
export async function requireTree(context: Pick<JobContext, "db">, id: string): Promise<TreeRow> {
  const tree = await getTree(context.db, id);
  if (tree !== null) return tree;
  throw new ApiProblem("tree-not-found", `There is no tree "${id}". GET /v1/trees lists them; PUT /v1/trees/${id} registers it.`);
}

/**
 * Registers a tree or changes it. The row is committed before this returns; cloning goes on afterwards. The same request for a tree
 * that has not failed changes nothing.
 */
export async function putTree(context: JobContext, id: string, request: TreeRequest): Promise<{ tree: TreeRow; created: boolean }> {
  requireAllowed(context.validateRemote(request.remote), "/remote", "Use an https, ssh or git address that this service allows.");
  requireAllowed(context.validateRef(request.ref), "/ref", "Use the name of a branch or tag, such as master or refs/heads/master.");
  return context.definitions.run(id, async () => {
    const before = await getTree(context.db, id);
    const same = before?.remote === request.remote && before.ref === request.ref && before.role === request.role;
    if (same && before.state !== "failed") return { tree: before, created: false };
    if (before === null) await requireRoom(context);
    const now = new Date().toISOString();
    const resource = treeResource(id);
    await context.db.transaction().execute(async (db) => {
      await saveTree(db, { id, ...request }, now);
      await cancelFetches(db, id, now);
      await clearEvents(db, resource);
      await addEvent(db, resource, "stage", { fetch: null, progress: { stage: "queued", done: 0, total: null } });
    });
    const tree = await requireTree(context, id);
    // The lane of the tree lets the new job begin only when the stopped one has ended.
    void context.runner.stop(resource, "superseded");
    startTree(context, id);
    context.changes.notify(resource);
    return { tree, created: before === null };
  });
}

function requireAllowed(check: NameCheck, pointer: string, advice: string): void {
  if (check.ok) return;
  const code = check.reason === "remote-not-allowed" ? "remote-not-allowed" : "invalid-request";
  throw new ApiProblem(code, `${pointer}: ${check.detail}. ${advice}`, [{ pointer, detail: check.detail }]);
}

async function requireRoom(context: JobContext): Promise<void> {
  const { maxTrees } = context.limits;
  if ((await allTrees(context.db)).length < maxTrees) return;
  throw new ApiProblem("too-many-trees", `The service holds ${maxTrees} trees, its maximum. DELETE one that is no longer needed.`);
}

/** Clones or continues to clone a tree whose row says so. */
export function startTree(context: JobContext, id: string): void {
  const lane = (work: () => Promise<void>) => context.treeLanes.run(id, work);
  context.runner.start(treeResource(id), lane, (signal) => refreshTree(context, id, null, signal));
}

/**
 * Removes a tree. Its refs follow when the mirror has time, its objects stay: analyses that pin them keep their meaning.
 * The mirror does things in order, so a tree registered anew under the name is fetched after the old refs are gone.
 */
export async function removeTree(context: JobContext, id: string): Promise<void> {
  await context.definitions.run(id, async () => {
    await requireTree(context, id);
    await context.runner.stop(treeResource(id), "cancelled");
    await context.db.transaction().execute(async (db) => {
      await deleteTree(db, id);
      await clearEvents(db, treeResource(id));
    });
    removeRefs(context, id);
    context.metrics.lag.forget(id);
    context.changes.notify(treeResource(id));
  });
}

/** At the next start jobs.ts removes what could not be removed now. */
export function removeRefs(context: Pick<JobContext, "mirror" | "log">, id: string): void {
  context.mirror
    .remove(id)
    .catch((error: unknown) => context.log.warn({ err: error, tree: id }, "the refs of a removed tree are still there"));
}

/** Asks for a fetch. One that still waits for its turn will see the remote as it is then, so it serves this caller too. */
export async function requestFetch(context: JobContext, treeId: string): Promise<FetchRow> {
  return context.definitions.run(treeId, async () => {
    const tree = await requireTree(context, treeId);
    const waiting = await queuedFetch(context.db, treeId);
    if (waiting !== null) return waiting;
    const id = randomUUID();
    await context.db.transaction().execute(async (db) => {
      await addFetch(db, id, treeId, tree.headOid, new Date().toISOString());
      // While a job of this tree runs, its events are still being told.
      if (tree.progress === null && tree.state !== "queued") await clearEvents(db, treeResource(treeId));
      await addEvent(db, treeResource(treeId), "stage", { fetch: id, progress: { stage: "queued", done: 0, total: null } });
    });
    const fetch = await requireFetch(context, treeId, id);
    startFetch(context, treeId, id);
    return fetch;
  });
}

/** @throws ApiProblem fetch-not-found */
export async function requireFetch(context: Pick<JobContext, "db">, tree: string, id: string): Promise<FetchRow> {
  const fetch = await getFetch(context.db, tree, id);
  if (fetch !== null) return fetch;
  throw new ApiProblem("fetch-not-found", `Tree "${tree}" has no fetch "${id}". POST /v1/trees/${tree}/fetches starts one.`);
}

export function startFetch(context: JobContext, tree: string, id: string): void {
  const lane = (work: () => Promise<void>) => context.treeLanes.run(tree, work);
  context.runner.start(fetchResource(tree, id), lane, (signal) => refreshTree(context, tree, id, signal));
}
