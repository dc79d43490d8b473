import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { cancelAnalysis, requireAnalysis, requireState, submitAnalysis, waitForAnalysis } from "../jobs/analysis-jobs.ts";
import type { JobContext } from "../jobs/parts.ts";
import { analysisResource, urlOf } from "../jobs/resources.ts";
import { renderAnalyses } from "../report/resources.ts";
import { renderAnalysisText } from "../report/text.ts";
import { Analysis, AnalysisRequest, Verdict } from "../schema/analysis.ts";
import { JobStatus, TreeId } from "../schema/common.ts";
import { AnalysisList } from "../schema/lists.ts";
import { type AnalysisState, listAnalyses } from "../store/analyses.ts";
import { negotiate } from "./accept.ts";
import { createAnswerCache } from "./answer-cache.ts";
import type { App } from "./app.ts";
import { askerOf, clientGone } from "./client.ts";
import { streamEvents } from "./event-stream.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { anyOf, cutPage, linkNext, Paging, readPlace, UpdatedSince, Wait } from "./paging.ts";
import { eventStreamContent, problems, showAnalysis, showSummary } from "./representations.ts";

const AnalysisParams = z.object({ id: z.string().max(64) });
const IMMUTABLE = "private, max-age=31536000, immutable";
const tags = ["analyses"];
const analysisContent = inForms("The analysis", Analysis);

export function analysisRoutes(app: App, context: JobContext): void {
  const answers = createAnswerCache();

  /** Reading and checking a long answer takes milliseconds, in which nobody else is answered: it is done once for one that stays. */
  async function sendAnalysis(request: FastifyRequest, reply: FastifyReply, { id, conclusion }: AnalysisState): Promise<FastifyReply> {
    // A failed or cancelled one may be started anew under its id.
    const stays = conclusion === "success";
    if (stays && reply.statusCode === 200) reply.header("cache-control", IMMUTABLE);
    if (!stays || negotiate(request.headers.accept, FORMS) !== "application/json") {
      return sendForm(request, reply, showAnalysis(await requireAnalysis(context, id)), renderAnalysisText);
    }
    const body = answers.get(id) ?? JSON.stringify(Analysis.parse(showAnalysis(await requireAnalysis(context, id))));
    answers.set(id, body);
    return reply.type("application/json").header("vary", "accept").send(body);
  }

  app.post(
    "/v1/analyses",
    {
      config: { scope: "analyze", offers: FORMS },
      schema: {
        tags,
        summary: "Ask which upstream commits fix a crash, or what becomes of given commits or a patch, in a tree",
        querystring: Wait,
        body: AnalysisRequest,
        response: { 202: analysisContent, ...problems(404, 409, 410, 413, 415, 422, 504) },
      },
    },
    async (request, reply) => {
      const gone = clientGone(reply);
      const accepted = await submitAnalysis(context, request.body, askerOf(request), gone);
      // Joins the request id with that of the job, by which its own lines are found.
      request.log.info({ analysis: accepted.id }, "question accepted");
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
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "List the analyses, newest first",
        querystring: Paging.extend({
          target: anyOf(TreeId),
          status: anyOf(JobStatus),
          verdict: anyOf(Verdict),
          updatedSince: UpdatedSince,
        }),
        response: { 200: inForms("A page of analyses", AnalysisList), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit, cursor, target: targets, status: statuses, verdict: verdicts, updatedSince } = request.query;
      const rows = await listAnalyses(context.db, { targets, statuses, verdicts, updatedSince }, readPlace(cursor), limit + 1);
      const page = cutPage(rows, limit, (row) => [row.createdAt, row.id], showSummary);
      return sendForm(request, reply, linkNext(request, reply, page), renderAnalyses);
    },
  );

  app.get(
    "/v1/analyses/:id",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "An analysis and, when it is completed, its answer",
        params: AnalysisParams,
        querystring: Wait,
        response: { 200: analysisContent, ...problems(404, 410) },
      },
    },
    async (request, reply) => {
      const row = await waitForAnalysis(context, request.params.id, request.query.wait * 1000, clientGone(reply));
      return sendAnalysis(request, reply, row);
    },
  );

  app.delete(
    "/v1/analyses/:id",
    {
      config: { scope: "analyze" },
      schema: { tags, summary: "Cancel an analysis", params: AnalysisParams, response: { 200: Analysis, ...problems(404, 409, 410) } },
    },
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
      await requireState(context, request.params.id);
      return streamEvents(context, analysisResource(request.params.id), request, reply);
    },
  );
}
