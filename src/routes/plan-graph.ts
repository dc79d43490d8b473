import { z } from "zod";
import { runForRequest, runTwice } from "../jobs/failure.ts";
import { PRIORITY } from "../jobs/fair-queue.ts";
import type { JobContext } from "../jobs/parts.ts";
import { requirePlan } from "../jobs/plan-jobs.ts";
import { planGraph, renderDot } from "../report/graph.ts";
import { type Plan, PlanGraph } from "../schema/plan.ts";
import type { PlanRow } from "../store/plans.ts";
import { negotiate } from "./accept.ts";
import type { App } from "./app.ts";
import { callerOf, clientGone } from "./client.ts";
import { problems } from "./representations.ts";

/** Media types by the name that `?format=` knows them by. */
const FORMATS = { json: "application/json", dot: "text/vnd.graphviz", svg: "image/svg+xml" } as const;
const OFFERS = [FORMATS.json, FORMATS.dot, FORMATS.svg] as const;
const Format = z.enum(["json", "dot", "svg"]);
/** A drawing of a plan of 50 commits takes about a tenth of a second. */
const DRAWING_MS = 20_000;
/** Labels are hostile text: a browser that shows the drawing runs nothing and fetches nothing. */
const LOCKED = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

export function planGraphRoute(app: App, context: JobContext, show: (row: PlanRow) => Promise<Plan>): void {
  app.get(
    "/v1/plans/:id/graph",
    {
      config: { offers: OFFERS },
      schema: {
        tags: ["plans"],
        summary: "Which commit of the plan needs which, as data, as text for Graphviz, or drawn",
        params: z.object({ id: z.string().max(64) }),
        querystring: z.strictObject({ format: Format.optional().describe("goes before the Accept header") }),
        response: {
          200: {
            description: "The graph",
            content: {
              [FORMATS.json]: { schema: PlanGraph },
              [FORMATS.dot]: { schema: z.string() },
              [FORMATS.svg]: { schema: z.string() },
            },
          },
          ...problems(404, 410, 504),
        },
      },
    },
    async (request, reply) => {
      const graph = planGraph(await show(await requirePlan(context, request.params.id)));
      const { format } = request.query;
      const type = format === undefined ? negotiate(request.headers.accept, OFFERS) : FORMATS[format];
      reply.header("vary", "accept").type(type);
      if (type === FORMATS.json) return reply.send(graph);
      const dot = renderDot(graph);
      reply.header("x-content-type-options", "nosniff").type(`${type}; charset=utf-8`);
      if (type === FORMATS.dot) return reply.send(dot);
      const limit = { ms: DRAWING_MS, signal: clientGone(reply), caller: callerOf(request), priority: PRIORITY.person } as const;
      const svg = await runForRequest(context, (task) => runTwice(context, { kind: "draw", dot }, task), context.texts, {
        ...limit,
        fallback: "internal-error",
      });
      return reply.header("content-security-policy", LOCKED).send(svg);
    },
  );
}
