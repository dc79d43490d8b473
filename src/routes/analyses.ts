import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { cancelAnalysis, requireAnalysis, submitAnalysis, waitForAnalysis } from "../jobs/analysis-jobs.ts";
import type { JobContext } from "../jobs/parts.ts";
import { analysisResource, urlOf } from "../jobs/resources.ts";
import { renderAnalysisText } from "../report/text.ts";
import { Analysis, AnalysisRequest } from "../schema/analysis.ts";
import { JobStatus, TreeId } from "../schema/common.ts";
import { type AnalysisRow, listAnalyses } from "../store/analyses.ts";
import { negotiate } from "./accept.ts";
import type { App } from "./app.ts";
import { clientGone } from "./client.ts";
import { streamEvents } from "./event-stream.ts";
import { cutPage, Paging, readPlace } from "./paging.ts";
import { AnalysisList, eventStreamContent, problems, showAnalysis, showSummary } from "./representations.ts";

const AnalysisParams = z.object({ id: z.string().max(64) });
const Wait = z.strictObject({ wait: z.coerce.number().min(0).max(60).default(0).describe("wait so many seconds for the end") });
const OFFERS = ["application/json", "text/markdown", "text/plain"] as const;
const IMMUTABLE = "private, max-age=31536000, immutable";
const tags = ["analyses"];
/** One answer, three forms; text is for people. */
const analysisContent = {
  description: "The analysis",
  content: {
    "application/json": { schema: Analysis },
    "text/markdown": { schema: z.string() },
    "text/plain": { schema: z.string() },
  },
};

function sendAnalysis(request: FastifyRequest, reply: FastifyReply, row: AnalysisRow): FastifyReply {
  const analysis = showAnalysis(row);
  const type = negotiate(request.headers.accept, OFFERS);
  reply.header("vary", "accept");
  // A failed or cancelled one may be started anew under its id.
  if (analysis.conclusion === "success" && reply.statusCode === 200) reply.header("cache-control", IMMUTABLE);
  if (type === "application/json") return reply.type(type).send(analysis);
  return reply.type(`${type}; charset=utf-8`).send(renderAnalysisText(analysis));
}

export function analysisRoutes(app: App, context: JobContext): void {
  app.post(
    "/v1/analyses",
    {
      config: { offers: OFFERS },
      schema: {
        tags,
        summary: "Ask which upstream commits fix a crash, or what becomes of given commits or a patch, in a tree",
        querystring: Wait,
        body: AnalysisRequest,
        response: { 202: analysisContent, ...problems(404, 409, 413, 415, 422, 503, 504) },
      },
    },
    async (request, reply) => {
      const gone = clientGone(reply);
      const accepted = await submitAnalysis(context, request.body, gone);
      const row = await waitForAnalysis(context, accepted.id, request.query.wait * 1000, gone);
      reply
        .code(202)
        .header("location", urlOf(analysisResource(row.id)))
        .header("retry-after", 1);
      return sendAnalysis(request, reply, row);
    },
  );

  app.get(
    "/v1/analyses",
    {
      schema: {
        tags,
        summary: "List the analyses, newest first",
        querystring: Paging.extend({ target: TreeId.optional(), status: JobStatus.optional() }),
        response: { 200: AnalysisList, ...problems() },
      },
    },
    async (request) => {
      const { limit, cursor, target, status } = request.query;
      const rows = await listAnalyses(context.db, { target, status }, readPlace(cursor), limit + 1);
      return cutPage(rows, limit, (row) => [row.createdAt, row.id], showSummary);
    },
  );

  app.get(
    "/v1/analyses/:id",
    {
      config: { offers: OFFERS },
      schema: {
        tags,
        summary: "An analysis and, when it is completed, its answer",
        params: AnalysisParams,
        querystring: Wait,
        response: { 200: analysisContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      const row = await waitForAnalysis(context, request.params.id, request.query.wait * 1000, clientGone(reply));
      return sendAnalysis(request, reply, row);
    },
  );

  app.delete(
    "/v1/analyses/:id",
    { schema: { tags, summary: "Cancel an analysis", params: AnalysisParams, response: { 200: Analysis, ...problems(404, 409) } } },
    async (request) => showAnalysis(await cancelAnalysis(context, request.params.id)),
  );

  app.get(
    "/v1/analyses/:id/events",
    {
      exposeHeadRoute: false,
      config: { offers: ["text/event-stream"] },
      schema: {
        tags,
        summary: "Progress as server-sent events",
        params: AnalysisParams,
        response: { ...eventStreamContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      await requireAnalysis(context, request.params.id);
      return streamEvents(context, analysisResource(request.params.id), request, reply);
    },
  );
}
