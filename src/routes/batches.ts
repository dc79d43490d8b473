import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { cancelBatch, requireBatch, submitBatch, waitForBatch } from "../jobs/batch-jobs.ts";
import type { JobContext } from "../jobs/parts.ts";
import { batchResource, urlOf } from "../jobs/resources.ts";
import { renderBatch, renderBatches, renderBatchItems } from "../report/resources.ts";
import { Batch, BatchRequest } from "../schema/batch.ts";
import { JobStatus } from "../schema/common.ts";
import { BatchItemList, BatchList } from "../schema/lists.ts";
import { type BatchRow, countItems, listBatches, listItems } from "../store/batches.ts";
import type { App } from "./app.ts";
import { callerOf, clientGone } from "./client.ts";
import { streamEvents } from "./event-stream.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { anyOf, cutPage, linkNext, Paging, readNumber, readPlace, UpdatedSince, Wait } from "./paging.ts";
import { eventStreamContent, problems, showBatch, showBatchItem } from "./representations.ts";

const BatchParams = z.object({ id: z.string().max(64) });
const tags = ["batches"];
const batchContent = inForms("The batch", Batch);

export function batchRoutes(app: App, context: JobContext): void {
  const sendBatch = async (request: FastifyRequest, reply: FastifyReply, row: BatchRow) => {
    const whole = { ...showBatch(row), ...(await countItems(context.db, row.id)) };
    return sendForm(request, reply, whole, renderBatch);
  };

  app.post(
    "/v1/batches",
    {
      config: { scope: "analyze", offers: FORMS },
      schema: {
        tags,
        summary: "Ask up to 1,000 questions at once, behind the questions of others",
        description: "All are pinned to the commits that the trees are at now. A question that cannot be asked has a problem in its place.",
        querystring: Wait,
        body: BatchRequest,
        response: { 202: batchContent, ...problems(413, 415) },
      },
    },
    async (request, reply) => {
      const { id } = await submitBatch(context, request.body, callerOf(request));
      request.log.info({ batch: id }, "batch accepted");
      const row = await waitForBatch(context, id, request.query.wait * 1000, clientGone(reply));
      reply
        .code(202)
        .header("location", urlOf(batchResource(id)))
        .header("retry-after", 1);
      return sendBatch(request, reply, row);
    },
  );

  app.get(
    "/v1/batches",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "List the batches, newest first",
        querystring: Paging.extend({ status: anyOf(JobStatus), updatedSince: UpdatedSince }),
        response: { 200: inForms("A page of batches", BatchList), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit, cursor, status: statuses, updatedSince } = request.query;
      const rows = await listBatches(context.db, { statuses, updatedSince }, readPlace(cursor), limit + 1);
      const page = cutPage(rows, limit, (row) => [row.createdAt, row.id], showBatch);
      return sendForm(request, reply, linkNext(request, reply, page), renderBatches);
    },
  );

  app.get(
    "/v1/batches/:id",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "A batch: how far it is, and how many analyses came to which verdict",
        params: BatchParams,
        querystring: Wait,
        response: { 200: batchContent, ...problems(404) },
      },
    },
    async (request, reply) =>
      sendBatch(request, reply, await waitForBatch(context, request.params.id, request.query.wait * 1000, clientGone(reply))),
  );

  app.get(
    "/v1/batches/:id/items",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "The questions of a batch in the order of the request, and what became of them",
        params: BatchParams,
        querystring: Paging,
        response: { 200: inForms("A page of questions", BatchItemList), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      await requireBatch(context, request.params.id);
      const from = cursor === undefined ? 0 : readNumber(cursor) + 1;
      const rows = await listItems(context.db, request.params.id, from, limit + 1);
      const page = cutPage(rows, limit, (row) => [String(row.position)], showBatchItem);
      return sendForm(request, reply, linkNext(request, reply, page), renderBatchItems);
    },
  );

  app.delete(
    "/v1/batches/:id",
    {
      config: { scope: "analyze", offers: FORMS },
      schema: {
        tags,
        summary: "Cancel a batch; analyses under way go on",
        params: BatchParams,
        response: { 200: batchContent, ...problems(404, 409) },
      },
    },
    async (request, reply) => sendBatch(request, reply, await cancelBatch(context, request.params.id)),
  );

  app.get(
    "/v1/batches/:id/events",
    {
      exposeHeadRoute: false,
      config: { offers: ["text/event-stream"] },
      schema: {
        tags,
        summary: "Progress as server-sent events",
        params: BatchParams,
        response: { ...eventStreamContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      await requireBatch(context, request.params.id);
      return streamEvents(context, batchResource(request.params.id), request, reply);
    },
  );
}
