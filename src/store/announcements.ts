import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { WebhookEvent, WebhookPayload } from "../schema/webhook.ts";
import type { Db } from "./database.ts";

/** Resources, by the first part of their name, whose end is announced to webhooks. */
const KINDS: Readonly<Record<string, WebhookPayload["data"]["kind"]>> = {
  analyses: "analysis",
  batches: "batch",
  plans: "plan",
  trees: "tree",
};

/** The members of a `completed` event that announcements are made of. No event may fail for want of one: the job that ended would. */
const Said = z.string().nullable().catch(null);
const Completed = z.object({
  conclusion: Said,
  verdict: Said,
  applies: z.boolean().nullable().catch(null),
  state: Said,
  headOid: Said,
  problem: z.object({ code: z.string() }).nullable().catch(null),
});

/** What a `completed` event says to webhooks; null when it is not announced. */
export function announcementOf(resource: string, event: unknown, now: string): WebhookPayload | null {
  const [collection = "", id = "", ...below] = resource.split("/");
  const kind = KINDS[collection];
  if (kind === undefined || below.length > 0) return null;
  const { problem, ...said } = Completed.parse(event);
  if (said.conclusion === "cancelled") return null;
  return {
    type: typeOf(kind, problem !== null || said.conclusion === "failure"),
    timestamp: now,
    data: { id, kind, url: `/v1/${resource}`, ...said, problem: problem?.code ?? null },
  };
}

function typeOf(kind: WebhookPayload["data"]["kind"], failed: boolean): WebhookEvent {
  if (failed) return `${kind}.failed`;
  return kind === "tree" ? "tree.ready" : `${kind}.completed`;
}

/**
 * Writes a delivery for each webhook that wants to hear of the event, in the transaction that writes the event: it is announced exactly
 * when it has happened, whatever ends the process.
 */
export async function announce(db: Db, resource: string, event: unknown): Promise<void> {
  const payload = announcementOf(resource, event, new Date().toISOString());
  if (payload === null) return;
  const webhooks = await db.selectFrom("webhooks").select(["id", "events"]).where("state", "=", "active").execute();
  for (const webhook of webhooks) {
    const wanted: unknown = JSON.parse(webhook.events);
    if (Array.isArray(wanted) && wanted.includes(payload.type)) await addDelivery(db, webhook.id, payload);
  }
}

async function addDelivery(db: Db, webhook: string, payload: WebhookPayload): Promise<void> {
  await db
    .insertInto("deliveries")
    .values({
      id: `msg_${randomUUID()}`,
      webhook,
      type: payload.type,
      payload: JSON.stringify(payload),
      state: "pending",
      attempts: 0,
      next_attempt_at: payload.timestamp,
      last_status: null,
      last_error: null,
      created_at: payload.timestamp,
      completed_at: null,
    })
    .execute();
}
