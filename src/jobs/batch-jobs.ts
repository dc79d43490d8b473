import { setTimeout as sleep } from "node:timers/promises";
import { ApiProblem, problemDocument } from "../problems.ts";
import type { BatchRequest } from "../schema/batch.ts";
import type { JobConclusion } from "../schema/common.ts";
import {
  type BatchRow,
  beginBatch,
  finishBatch,
  getBatch,
  itemQuestion,
  listItems,
  type NewItem,
  queueBatch,
  settleItem,
  unfinishedBatches,
} from "../store/batches.ts";
import { withoutFlush } from "../store/database.ts";
import { addEvent, clearEvents } from "../store/events.ts";
import { contentId } from "./analysis-id.ts";
import { pinQuestion, requireState, submitPinned } from "./analysis-jobs.ts";
import { problemOfError } from "./failure.ts";
import { PRIORITY } from "./fair-queue.ts";
import type { JobContext } from "./parts.ts";
import { persist } from "./persist.ts";
import { createProgressWriter, type ProgressWriter } from "./progress.ts";
import { analysisResource, batchResource, urlOf } from "./resources.ts";
import { waitUntil } from "./wait.ts";

/** A batch is a thousand questions; more of them than this need another plan than to wait. */
const MAX_UNFINISHED = 100;
const BUSY_MS = 1000;

/** @throws ApiProblem batch-not-found */
export async function requireBatch(context: Pick<JobContext, "db">, id: string): Promise<BatchRow> {
  const batch = await getBatch(context.db, id);
  if (batch !== null) return batch;
  throw new ApiProblem("batch-not-found", `There is no batch "${id}". GET /v1/batches lists them.`);
}

/**
 * Accepts a batch: it is committed when this returns. All questions are pinned to the commits that the trees are at now. A question that
 * cannot be asked has its problem in its place and does not spoil the others. The same batch on the same commits finds the one that is there.
 * @throws ApiProblem service-busy
 */
export async function submitBatch(context: JobContext, request: BatchRequest, caller: string): Promise<BatchRow> {
  const items: NewItem[] = [];
  for (const [position, question] of request.analyses.entries()) {
    items.push(await pinItem(context, question, `/analyses/${position}`));
  }
  const id = contentId({ items, ...context.versions });
  return context.definitions.run(batchResource(id), () => queueOnce(context, id, caller, items));
}

async function pinItem(context: JobContext, request: BatchRequest["analyses"][number], pointer: string): Promise<NewItem> {
  try {
    const { target, upstreams } = await pinQuestion(context, request);
    return { question: { request, target, upstreams: [...upstreams] } };
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const { code, detail } = error;
    const errors = error.errors.map((field) => ({ ...field, pointer: `${pointer}${field.pointer}` }));
    return { problem: problemDocument({ code, detail, errors }) };
  }
}

async function queueOnce(context: JobContext, id: string, caller: string, items: readonly NewItem[]): Promise<BatchRow> {
  const known = await getBatch(context.db, id);
  if (known !== null && known.conclusion !== "cancelled") return known;
  if ((await unfinishedBatches(context.db)).length >= MAX_UNFINISHED) {
    throw new ApiProblem("service-busy", `${MAX_UNFINISHED} batches are under way, which is the limit. Ask again later.`);
  }
  const resource = batchResource(id);
  await context.db.transaction().execute(async (db) => {
    await queueBatch(db, id, caller, items, new Date().toISOString());
    await clearEvents(db, resource);
    await addEvent(db, resource, "stage", { progress: { stage: "queued", done: 0, total: items.length } });
  });
  startBatch(context, id, caller);
  context.changes.notify(resource);
  return requireBatch(context, id);
}

export function startBatch(context: JobContext, id: string, caller: string): void {
  context.runner.start(
    batchResource(id),
    (work) => work(),
    (signal) => runBatch(context, id, caller, signal),
  );
}

/** Asks the questions of a batch, a few at a time, and waits for their answers. What was asked before a restart is found again. */
async function runBatch(context: JobContext, id: string, caller: string, stop: AbortSignal): Promise<void> {
  const resource = batchResource(id);
  const writer = createProgressWriter(async (progress) => {
    await withoutFlush(context.db, (db) => addEvent(db, resource, "stage", { progress }));
    context.changes.notify(resource);
  }, context.log);
  try {
    await persist(context, stop, () => beginBatch(context.db, id));
    const { total } = await requireBatch(context, id);
    let done = 0;
    const runOne = async (position: number) => {
      await runItem(context, id, position, caller, stop);
      done += 1;
      writer.report({ stage: "analyses", done, total });
    };
    const parts = Array.from({ length: total }, (_, position) =>
      context.batchParts.add(() => runOne(position), { id: `${resource}/${position}`, caller, signal: stop }),
    );
    // All of them, so that nothing goes on behind a batch that has ended.
    const results = await Promise.allSettled(parts);
    stop.throwIfAborted();
    const broken = results.find((result) => result.status === "rejected");
    if (broken !== undefined) throw broken.reason;
    await persist(context, stop, () => settle(context, id, writer, "success"));
  } catch (error) {
    await writer.settle();
    if (stop.aborted) return;
    context.log.error({ err: error, batch: id }, "batch failed");
    await persist(context, stop, () => settle(context, id, writer, "failure"));
  }
}

async function settle(context: JobContext, id: string, writer: ProgressWriter, conclusion: JobConclusion): Promise<void> {
  await writer.settle();
  const resource = batchResource(id);
  const ended = await context.db.transaction().execute(async (db) => {
    if (!(await finishBatch(db, id, conclusion, new Date().toISOString()))) return false;
    await addEvent(db, resource, "completed", { conclusion });
    return true;
  });
  if (ended) context.metrics.jobsEnded.inc({ kind: "batch", conclusion });
  context.changes.notify(resource);
}

async function runItem(context: JobContext, batch: string, position: number, caller: string, stop: AbortSignal): Promise<void> {
  const [item] = await listItems(context.db, batch, position, 1);
  if (item === undefined || item.problem !== null || item.status === "completed") return;
  const analysis = item.analysis ?? (await askItem(context, batch, position, caller, stop));
  if (analysis === null) return;
  const state = () => requireState(context, analysis);
  const ended = ({ status }: { readonly status: string }) => status === "completed";
  await waitUntil(context.changes, analysisResource(analysis), state, ended, Number.POSITIVE_INFINITY, stop);
}

/** Returns the id of the analysis; null when the question cannot be asked. */
async function askItem(context: JobContext, batch: string, position: number, caller: string, stop: AbortSignal): Promise<string | null> {
  for (;;) {
    stop.throwIfAborted();
    try {
      const pinned = await itemQuestion(context.db, batch, position);
      if (pinned === null) return null;
      const { id } = await submitPinned(context, pinned.request, pinned, { caller, priority: PRIORITY.batch }, stop);
      // Asked again after a loss, the same question finds the same analysis.
      await withoutFlush(context.db, (db) => settleItem(db, batch, position, { analysis: id, problem: null }));
      return id;
    } catch (error) {
      stop.throwIfAborted();
      const problem = problemOfError(error, "analysis-failed");
      if (problem.code === "service-busy" || problem.code === "disk-full") {
        // Others go first; a batch has time.
        await sleep(BUSY_MS, undefined, { signal: stop });
        continue;
      }
      const instance = `${urlOf(batchResource(batch))}/items`;
      await settleItem(context.db, batch, position, { analysis: null, problem: problemDocument(problem, { instance }) });
      return null;
    }
  }
}

/**
 * Cancels a batch: what was not asked is not asked any more. Analyses under way go on, since others may wait for them too.
 * @throws ApiProblem batch-completed
 */
export async function cancelBatch(context: JobContext, id: string): Promise<BatchRow> {
  return context.definitions.run(batchResource(id), async () => {
    await requireBatch(context, id);
    const writer = createProgressWriter(async () => {}, context.log);
    await settle(context, id, writer, "cancelled");
    await context.runner.stop(batchResource(id), "cancelled");
    const batch = await requireBatch(context, id);
    if (batch.conclusion === "cancelled") return batch;
    throw new ApiProblem("batch-completed", `Batch "${id}" is completed; there is nothing to cancel.`);
  });
}

/** Waits up to `ms` until the batch is completed, and returns it as it is then. */
export async function waitForBatch(context: JobContext, id: string, ms: number, signal: AbortSignal): Promise<BatchRow> {
  const read = () => requireBatch(context, id);
  return waitUntil(context.changes, batchResource(id), read, ({ status }) => status === "completed", ms, signal);
}
