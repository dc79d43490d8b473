import type { Selectable } from "kysely";
import { z } from "zod";
import { Webhook, WebhookEvent } from "../schema/webhook.ts";
import type { Db, ListPlace, Schema } from "./database.ts";
import { readJson } from "./json.ts";
import { newestFirst } from "./queries.ts";

export interface WebhookRow {
  readonly id: string;
  readonly endpoint: string;
  readonly events: WebhookEvent[];
  readonly description: string | null;
  /** `whsec_` and base64: for signing only. */
  readonly secret: string;
  readonly idempotencyKey: string;
  readonly state: Webhook["state"];
  readonly reason: string | null;
  readonly createdAt: string;
}

function toRow(raw: Selectable<Schema["webhooks"]>): WebhookRow {
  const { idempotency_key, created_at, ...same } = raw;
  return {
    ...same,
    events: readJson(z.array(WebhookEvent), raw.events),
    state: Webhook.shape.state.parse(raw.state),
    idempotencyKey: idempotency_key,
    createdAt: created_at,
  };
}

export async function addWebhook(db: Db, webhook: Omit<WebhookRow, "state" | "reason">): Promise<void> {
  const { events, idempotencyKey, createdAt, ...same } = webhook;
  const row = { ...same, events: JSON.stringify(events), idempotency_key: idempotencyKey, created_at: createdAt };
  await db
    .insertInto("webhooks")
    .values({ ...row, state: "active", reason: null })
    .execute();
}

export async function getWebhook(db: Db, id: string): Promise<WebhookRow | null> {
  const raw = await db.selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

export async function webhookOfKey(db: Db, idempotencyKey: string): Promise<WebhookRow | null> {
  const raw = await db.selectFrom("webhooks").selectAll().where("idempotency_key", "=", idempotencyKey).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

/** Newest first, from the one after `after`. */
export async function listWebhooks(db: Db, after: ListPlace | null, limit: number): Promise<WebhookRow[]> {
  const query = db.selectFrom("webhooks").selectAll();
  const rows = await newestFirst(query, after, limit).execute();
  return rows.map(toRow);
}

export async function countWebhooks(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom("webhooks")
    .select((all) => all.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Stops a webhook and gives up what still waits for it. */
export async function disableWebhook(db: Db, id: string, reason: string, now: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction.updateTable("webhooks").set({ state: "disabled", reason }).where("id", "=", id).execute();
    await transaction
      .updateTable("deliveries")
      .set({ state: "dead", next_attempt_at: null, last_error: reason, completed_at: now })
      .where("webhook", "=", id)
      .where("state", "=", "pending")
      .execute();
  });
}

/** Removes the webhook and its deliveries. Returns whether there was one. */
export async function deleteWebhook(db: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("webhooks").where("id", "=", id).executeTakeFirst();
  return numDeletedRows > 0n;
}
