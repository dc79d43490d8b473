import { randomBytes, randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { type AddressGuard, hostOf } from "../net/address-guard.ts";
import { ApiProblem } from "../problems.ts";
import { WebhookEvent, type WebhookRequest } from "../schema/webhook.ts";
import { type DeliveryRow, getDelivery, restartDelivery } from "../store/deliveries.ts";
import { addWebhook, countWebhooks, deleteWebhook, getWebhook, type WebhookRow, webhookOfKey } from "../store/webhooks.ts";
import type { JobContext } from "./parts.ts";
import { webhookResource } from "./resources.ts";

const MAX_WEBHOOKS = 100;
/** 24 to 64 bytes, says the specification. */
const SECRET_BYTES = 32;

/** @throws ApiProblem webhook-not-found */
export async function requireWebhook(context: Pick<JobContext, "db">, id: string): Promise<WebhookRow> {
  const webhook = await getWebhook(context.db, id);
  if (webhook !== null) return webhook;
  throw new ApiProblem("webhook-not-found", `There is no webhook "${id}". GET /v1/webhooks lists them.`);
}

/** @throws ApiProblem delivery-not-found */
export async function requireDelivery(context: Pick<JobContext, "db">, webhook: string, id: string): Promise<DeliveryRow> {
  const delivery = await getDelivery(context.db, webhook, id);
  if (delivery !== null) return delivery;
  throw new ApiProblem(
    "delivery-not-found",
    `Webhook "${webhook}" has no delivery "${id}". GET /v1/webhooks/${webhook}/deliveries lists them.`,
  );
}

/**
 * Creates a webhook, once for each key: who repeats a request whose answer was lost gets that answer.
 * @throws ApiProblem target-not-allowed, too-many-webhooks, idempotency-key-reused
 */
export async function createWebhook(
  context: Pick<JobContext, "db" | "definitions">,
  guard: AddressGuard,
  request: WebhookRequest,
  idempotencyKey: string,
): Promise<WebhookRow> {
  requireAllowed(guard, request.endpoint);
  return context.definitions.run("webhooks/", async () => {
    const events = [...new Set(request.events ?? WebhookEvent.options)].sort();
    const known = await webhookOfKey(context.db, idempotencyKey);
    if (known !== null) {
      const { endpoint, description } = known;
      if (JSON.stringify([endpoint, events, description]) === JSON.stringify([request.endpoint, known.events, request.description]))
        return known;
      throw new ApiProblem(
        "idempotency-key-reused",
        `The Idempotency-Key was used for webhook "${known.id}", which is another one. Use a new key.`,
      );
    }
    if ((await countWebhooks(context.db)) >= MAX_WEBHOOKS) {
      throw new ApiProblem(
        "too-many-webhooks",
        `The service has ${MAX_WEBHOOKS} webhooks, its maximum. DELETE one that is no longer needed.`,
      );
    }
    const id = randomUUID();
    const secret = `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;
    const { endpoint, description } = request;
    await addWebhook(context.db, { id, endpoint, events, description, secret, idempotencyKey, createdAt: new Date().toISOString() });
    return requireWebhook(context, id);
  });
}

/** Names are looked up when they are connected to; an address, and what always means this machine, can be refused at once. */
function requireAllowed(guard: AddressGuard, endpoint: string): void {
  const url = new URL(endpoint);
  const host = hostOf(url);
  const refuse = (detail: string) => {
    throw new ApiProblem("target-not-allowed", `/endpoint: ${detail}`, [{ pointer: "/endpoint", detail }]);
  };
  if (url.username !== "" || url.password !== "")
    refuse("an endpoint must not carry a user or password; receivers know us by the signature.");
  const local = /(?:^|\.)localhost\.?$/.test(host) && !guard.allows("127.0.0.1");
  if (local || (isIP(host) !== 0 && !guard.allows(host))) {
    refuse("the endpoint is on a private or reserved address. BACKPORTD_PRIVATE_NETWORKS allows networks.");
  }
}

/** @throws ApiProblem webhook-not-found */
export async function removeWebhook(context: Pick<JobContext, "db">, id: string): Promise<void> {
  await requireWebhook(context, id);
  await deleteWebhook(context.db, id);
}

/** Sends a delivery again, with its id, whatever became of it before. @throws ApiProblem webhook-disabled */
export async function redeliver(context: Pick<JobContext, "db" | "changes">, webhook: WebhookRow, id: string): Promise<DeliveryRow> {
  await requireDelivery(context, webhook.id, id);
  if (webhook.state === "disabled") {
    throw new ApiProblem(
      "webhook-disabled",
      `Webhook "${webhook.id}" is disabled: ${webhook.reason}. DELETE it, and POST /v1/webhooks makes a new one.`,
    );
  }
  await restartDelivery(context.db, id, new Date().toISOString());
  context.changes.notify(webhookResource(webhook.id));
  return requireDelivery(context, webhook.id, id);
}
