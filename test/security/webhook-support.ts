import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { startWebhooks } from "../../src/jobs/webhook-dispatcher.ts";
import { createAddressGuard } from "../../src/net/address-guard.ts";
import { Delivery, NewWebhook, type WebhookRequest } from "../../src/schema/webhook.ts";
import { startTestService, type TestService, type TestServiceOptions, until } from "../http/support.ts";

export const LOCAL = ["127.0.0.0/8"];
let keys = 0;

export async function subscribe({ app }: TestService, request: Partial<WebhookRequest>): Promise<NewWebhook> {
  const headers = { "idempotency-key": `key-${keys++}` };
  const response = await app.inject({ method: "POST", url: "/v1/webhooks", headers, payload: request });
  assert.equal(response.statusCode, 201, response.body);
  return NewWebhook.parse(response.json());
}

/** Sends until the test ends. */
export function send(t: TestContext, { jobs }: TestService, retriesMs: readonly number[] = [1, 1], timeoutMs = 20_000) {
  const sender = startWebhooks(jobs, { guard: createAddressGuard(LOCAL), retriesMs, timeoutMs });
  t.after(() => sender.close());
  return sender;
}

export const start = (t: TestContext, options: TestServiceOptions = {}) => startTestService(t, { privateNetworks: LOCAL, ...options });

export async function deliveries({ app }: TestService, webhook: { deliveriesUrl: string }, query = ""): Promise<Delivery[]> {
  return (await app.inject(`${webhook.deliveriesUrl}${query}`)).json().items.map((item: unknown) => Delivery.parse(item));
}

export const settled = (service: TestService, webhook: NewWebhook, count = 1) =>
  until(
    () => deliveries(service, webhook),
    (rows) => rows.length >= count && rows.every(({ state }) => state !== "pending"),
  );
