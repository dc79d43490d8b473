import { z } from "zod";
import type { JobContext } from "../jobs/parts.ts";
import { deliveryResource, urlOf, webhookResource } from "../jobs/resources.ts";
import { createWebhook, redeliver, removeWebhook, requireDelivery, requireWebhook } from "../jobs/webhooks.ts";
import type { AddressGuard } from "../net/address-guard.ts";
import { Delivery, DeliveryState, NewWebhook, Webhook, WebhookRequest } from "../schema/webhook.ts";
import { type DeliveryRow, listDeliveries } from "../store/deliveries.ts";
import { listWebhooks, type WebhookRow } from "../store/webhooks.ts";
import type { App } from "./app.ts";
import { cutPage, Paging, readPlace } from "./paging.ts";
import { problems } from "./representations.ts";

const WebhookList = z.object({ items: z.array(Webhook), nextCursor: z.string().nullable() }).meta({ id: "WebhookList" });
const DeliveryList = z.object({ items: z.array(Delivery), nextCursor: z.string().nullable() }).meta({ id: "DeliveryList" });

const WebhookParams = z.object({ webhook: z.string().max(64) });
const DeliveryParams = WebhookParams.extend({ delivery: z.string().max(64) });
const IdempotencyKey = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(200)
    .describe("of your choice, new for each webhook: a repetition with the same key creates nothing and has the same answer"),
});
const tags = ["webhooks"];
/** Endpoints and deliveries are nobody's business but the administrator's. */
const config = { scope: "admin" } as const;

function showWebhook(row: WebhookRow): Webhook {
  const { secret: _, idempotencyKey: __, ...shown } = row;
  const url = urlOf(webhookResource(row.id));
  return { ...shown, kind: "webhook", url, deliveriesUrl: `${url}/deliveries` };
}

function showDelivery(row: DeliveryRow): Delivery {
  return { ...row, kind: "delivery", url: urlOf(deliveryResource(row.webhook, row.id)) };
}

export function webhookRoutes(app: App, context: JobContext, guard: AddressGuard): void {
  app.post(
    "/v1/webhooks",
    {
      config,
      schema: {
        tags,
        summary: "Be told when analyses, batches, plans and trees are done",
        headers: IdempotencyKey,
        body: WebhookRequest,
        response: { 201: NewWebhook, ...problems(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const row = await createWebhook(context, guard, request.body, request.headers["idempotency-key"]);
      const shown = showWebhook(row);
      return reply
        .code(201)
        .header("location", shown.url)
        .header("cache-control", "no-store")
        .send({ ...shown, secret: row.secret });
    },
  );

  app.get(
    "/v1/webhooks",
    {
      config,
      schema: { tags, summary: "List the webhooks, newest first", querystring: Paging, response: { 200: WebhookList, ...problems() } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const rows = await listWebhooks(context.db, readPlace(cursor), limit + 1);
      return cutPage(rows, limit, (row) => [row.createdAt, row.id], showWebhook);
    },
  );

  app.get(
    "/v1/webhooks/:webhook",
    { config, schema: { tags, summary: "A webhook", params: WebhookParams, response: { 200: Webhook, ...problems(404) } } },
    async (request) => showWebhook(await requireWebhook(context, request.params.webhook)),
  );

  app.delete(
    "/v1/webhooks/:webhook",
    {
      config,
      schema: {
        tags,
        summary: "Remove a webhook and its deliveries",
        params: WebhookParams,
        response: { 204: z.null(), ...problems(404) },
      },
    },
    async (request, reply) => {
      await removeWebhook(context, request.params.webhook);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/v1/webhooks/:webhook/deliveries",
    {
      config,
      schema: {
        tags,
        summary: "List the deliveries of a webhook, newest first",
        params: WebhookParams,
        querystring: Paging.extend({ state: DeliveryState.optional() }),
        response: { 200: DeliveryList, ...problems(404) },
      },
    },
    async (request) => {
      const { limit, cursor, state } = request.query;
      const { id } = await requireWebhook(context, request.params.webhook);
      const rows = await listDeliveries(context.db, id, state, readPlace(cursor), limit + 1);
      return cutPage(rows, limit, (row) => [row.createdAt, row.id], showDelivery);
    },
  );

  app.get(
    "/v1/webhooks/:webhook/deliveries/:delivery",
    { config, schema: { tags, summary: "A delivery", params: DeliveryParams, response: { 200: Delivery, ...problems(404) } } },
    async (request) => {
      const { id } = await requireWebhook(context, request.params.webhook);
      return showDelivery(await requireDelivery(context, id, request.params.delivery));
    },
  );

  app.post(
    "/v1/webhooks/:webhook/deliveries/:delivery/attempts",
    {
      config,
      schema: {
        tags,
        summary: "Send a delivery again, with its id, whatever became of it",
        params: DeliveryParams,
        response: { 202: Delivery, ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const webhook = await requireWebhook(context, request.params.webhook);
      const delivery = showDelivery(await redeliver(context, webhook, request.params.delivery));
      return reply.code(202).header("location", delivery.url).header("retry-after", 1).send(delivery);
    },
  );
}
