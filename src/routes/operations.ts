import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { JobContext } from "../jobs/parts.ts";
import { allTrees } from "../store/trees.ts";
import type { App } from "./app.ts";

const Health = z.object({ status: z.literal("ok") }).meta({ id: "Health" });
const Readiness = z
  .object({
    status: z.enum(["ready", "not_ready"]),
    reason: z.string().nullable(),
    trees: z.object({ ready: z.number().int(), total: z.number().int() }).nullable(),
    waiting: z.number().int().describe("analyses and commit checks waiting for their turn"),
  })
  .meta({ id: "Readiness" });
type Readiness = z.infer<typeof Readiness>;

const ERRORS_PAGE = new URL("../../docs/errors.md", import.meta.url);
const tags = ["operations"];

export function operationRoutes(app: App, context: JobContext): void {
  app.get("/healthz", { schema: { tags, summary: "The process answers", response: { 200: Health } } }, async () => ({
    status: "ok" as const,
  }));

  app.get(
    "/readyz",
    { schema: { tags, summary: "The service accepts work", response: { 200: Readiness, 503: Readiness } } },
    async (request, reply) => {
      const readiness = await readReadiness(context).catch((error: unknown): Readiness => {
        request.log.error({ err: error }, "the state database does not answer");
        return { status: "not_ready", reason: "the state database does not answer", trees: null, waiting: 0 };
      });
      return reply.code(readiness.status === "ready" ? 200 : 503).send(readiness);
    },
  );

  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());

  app.get("/errors", { schema: { hide: true } }, async (_request, reply) =>
    reply.type("text/markdown; charset=utf-8").send(await readFile(ERRORS_PAGE)),
  );
}

async function readReadiness(context: JobContext): Promise<Readiness> {
  const all = await allTrees(context.db);
  const waiting = context.interactive.size;
  const trees = { ready: all.filter((tree) => tree.state === "ready").length, total: all.length };
  if (context.changes.closing.aborted) return { status: "not_ready", reason: "the service is stopping", trees, waiting };
  if (context.index.fault !== null) return { status: "not_ready", reason: "the history index is being built anew", trees, waiting };
  if (context.mirrorKeeper.fault !== null)
    return { status: "not_ready", reason: "the mirror is damaged, and its trees are fetched again", trees, waiting };
  if (waiting >= context.limits.maxQueued) return { status: "not_ready", reason: "the queue is full", trees, waiting };
  return { status: "ready", reason: null, trees, waiting };
}
