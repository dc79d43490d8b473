import { z } from "zod";
import { Timestamp } from "./common.ts";

/** `tree.failed` also for a fetch of a tree that stays ready; what was cancelled is not announced. */
export const WebhookEvent = z
  .enum([
    "analysis.completed",
    "analysis.failed",
    "batch.completed",
    "batch.failed",
    "plan.completed",
    "plan.failed",
    "tree.ready",
    "tree.failed",
  ])
  .meta({ id: "WebhookEvent" });
export type WebhookEvent = z.infer<typeof WebhookEvent>;

export const WebhookRequest = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .describe("https or http address that deliveries are posted to"),
    events: z.array(WebhookEvent).min(1).max(WebhookEvent.options.length).optional().describe("default: all"),
    description: z.string().min(1).max(200).nullable().default(null),
  })
  .meta({ id: "WebhookRequest" });
export type WebhookRequest = z.infer<typeof WebhookRequest>;

export const Webhook = z
  .object({
    id: z.string(),
    kind: z.literal("webhook"),
    url: z.string(),
    endpoint: z.string(),
    events: z.array(WebhookEvent),
    description: z.string().nullable(),
    state: z.enum(["active", "disabled"]),
    reason: z.string().nullable().describe("why it is disabled"),
    deliveriesUrl: z.string(),
    createdAt: Timestamp,
  })
  .meta({ id: "Webhook" });
export type Webhook = z.infer<typeof Webhook>;

/** The answer to the creation of a webhook, and to its repetition with the same Idempotency-Key. */
export const NewWebhook = Webhook.extend({
  secret: z.string().describe("whsec_ and base64; shown here only. Verify webhook-signature with it (Standard Webhooks)"),
}).meta({ id: "NewWebhook" });
export type NewWebhook = z.infer<typeof NewWebhook>;

/** What is posted to the endpoint: enough to decide whether to GET the resource. */
export const WebhookPayload = z
  .object({
    type: WebhookEvent,
    timestamp: Timestamp.describe("when it happened"),
    data: z.object({
      id: z.string(),
      kind: z.enum(["analysis", "batch", "plan", "tree"]),
      url: z.string().describe("path at this service"),
      conclusion: z.string().nullable(),
      verdict: z.string().nullable().describe("of an analysis"),
      applies: z.boolean().nullable().describe("of a plan"),
      state: z.string().nullable().describe("of a tree"),
      headOid: z.string().nullable().describe("of a tree"),
      problem: z.string().nullable().describe("code of the problem"),
    }),
  })
  .meta({ id: "WebhookPayload" });
export type WebhookPayload = z.infer<typeof WebhookPayload>;

/** `pending`: will be tried at nextAttemptAt. `dead`: given up; POST .../attempts tries again. */
export const DeliveryState = z.enum(["pending", "delivered", "dead"]).meta({ id: "DeliveryState" });
export type DeliveryState = z.infer<typeof DeliveryState>;

export const Delivery = z
  .object({
    id: z.string().describe("the webhook-id header, the same at every attempt"),
    kind: z.literal("delivery"),
    url: z.string(),
    webhook: z.string(),
    type: WebhookEvent,
    payload: WebhookPayload,
    state: DeliveryState,
    attempts: z.number().int().nonnegative(),
    nextAttemptAt: Timestamp.nullable(),
    lastStatus: z.number().int().nullable().describe("HTTP status of the last answer"),
    lastError: z.string().nullable().describe("why the last attempt was no success"),
    createdAt: Timestamp,
    completedAt: Timestamp.nullable(),
  })
  .meta({ id: "Delivery" });
export type Delivery = z.infer<typeof Delivery>;
