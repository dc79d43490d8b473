import { z } from "zod";
import { childCounts } from "../git/child-counts.ts";
import type { JobContext } from "../jobs/parts.ts";
import type { Metrics } from "../metrics.ts";
import { jobCounts, rowCounts, treeCounts } from "../store/counts.ts";
import type { App } from "./app.ts";

/** Observes every request when its answer has been sent. */
export function measureRequests(app: App, metrics: Metrics): void {
  app.addHook("onResponse", async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? "none", status: String(reply.statusCode) };
    metrics.requests.observe(labels, reply.elapsedTime / 1000);
  });
}

/** Counting rows takes longer than anything else here. */
const COUNT_ROWS_MS = 60_000;

export function metricRoutes(app: App, context: JobContext): void {
  const { registry } = context.metrics;
  let countedAt = -Infinity;
  app.get(
    "/metrics",
    {
      schema: {
        tags: ["operations"],
        summary: "What the service counts about itself, for Prometheus",
        response: { 200: { description: "Text exposition format 0.0.4", content: { "text/plain": { schema: z.string() } } } },
      },
    },
    async (_request, reply) => {
      await setGauges(context);
      if (performance.now() - countedAt > COUNT_ROWS_MS) {
        countedAt = performance.now();
        for (const { table, count } of await rowCounts(context.db)) context.metrics.rows.set({ table }, count);
      }
      return reply.type(registry.contentType).send(await registry.metrics());
    },
  );
}

/** Reads what is not counted as it happens. */
async function setGauges({ db, metrics, interactive, batchParts, texts, searches, indexLane, mirrorKeeper }: JobContext): Promise<void> {
  metrics.jobs.reset();
  for (const { count, ...labels } of await jobCounts(db)) metrics.jobs.set(labels, count);
  metrics.trees.reset();
  for (const { count, state } of await treeCounts(db)) metrics.trees.set({ state }, count);
  const queues = { interactive, batches: batchParts, texts, searches, index: indexLane };
  for (const [queue, { size }] of Object.entries(queues)) metrics.queued.set({ queue }, size);
  metrics.mirrorDamaged.set(mirrorKeeper.fault === null ? 0 : 1);
  const { started, replaced, running } = childCounts();
  metrics.gitStarted.set(started);
  metrics.gitReplaced.set(replaced);
  if (running !== null) metrics.gitRunning.set(running);
}
