import type { Selectable } from "kysely";
import { DeliveryState, WebhookEvent, WebhookPayload } from "../schema/webhook.ts";
import type { Db, ListPlace, Schema } from "./database.ts";
import { readJson } from "./json.ts";
import { newestFirst } from "./queries.ts";

export interface DeliveryRow {
  readonly id: string;
  readonly webhook: string;
  readonly type: WebhookEvent;
  readonly payload: WebhookPayload;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: string;
  readonly completedAt: string | null;
}

/** A delivery whose time has come, with what sending it needs. */
export interface DueDelivery {
  readonly id: string;
  readonly webhook: string;
  /** The very bytes to sign and send. */
  readonly payload: string;
  readonly attempts: number;
  readonly endpoint: string;
  readonly secret: string;
}

function toRow(raw: Selectable<Schema["deliveries"]>): DeliveryRow {
  return {
    id: raw.id,
    webhook: raw.webhook,
    type: WebhookEvent.parse(raw.type),
    payload: readJson(WebhookPayload, raw.payload),
    state: DeliveryState.parse(raw.state),
    attempts: raw.attempts,
    nextAttemptAt: raw.next_attempt_at,
    lastStatus: raw.last_status,
    lastError: raw.last_error,
    createdAt: raw.created_at,
    completedAt: raw.completed_at,
  };
}

export async function getDelivery(db: Db, webhook: string, id: string): Promise<DeliveryRow | null> {
  const raw = await db.selectFrom("deliveries").selectAll().where("webhook", "=", webhook).where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

/** Newest first, from the one after `after`. */
export async function listDeliveries(
  db: Db,
  webhook: string,
  state: DeliveryState | undefined,
  after: ListPlace | null,
  limit: number,
): Promise<DeliveryRow[]> {
  let query = db.selectFrom("deliveries").selectAll().where("webhook", "=", webhook);
  if (state !== undefined) query = query.where("state", "=", state);
  const rows = await newestFirst(query, after, limit).execute();
  return rows.map(toRow);
}

/** The delivery that has waited longest, of a webhook that is not `busy`; null when there is none. Its time may be still to come. */
export async function nextDelivery(db: Db, busy: readonly string[]): Promise<(DueDelivery & { readonly nextAttemptAt: string }) | null> {
  let query = db
    .selectFrom("deliveries")
    .innerJoin("webhooks", "webhooks.id", "deliveries.webhook")
    .select(["deliveries.id", "webhook", "payload", "attempts", "next_attempt_at", "endpoint", "secret"])
    .where("deliveries.state", "=", "pending");
  if (busy.length > 0) query = query.where("webhook", "not in", busy);
  const raw = await query.orderBy("next_attempt_at").limit(1).executeTakeFirst();
  if (raw === undefined || raw.next_attempt_at === null) return null;
  const { next_attempt_at: nextAttemptAt, ...same } = raw;
  return { ...same, nextAttemptAt };
}

export interface AttemptOutcome {
  readonly state: DeliveryState;
  readonly nextAttemptAt: string | null;
  readonly status: number | null;
  readonly error: string | null;
}

/** Writes how an attempt ended. */
export async function recordAttempt(db: Db, id: string, outcome: AttemptOutcome, now: string): Promise<void> {
  await db
    .updateTable("deliveries")
    .set((column) => ({
      state: outcome.state,
      attempts: column("attempts", "+", 1),
      next_attempt_at: outcome.nextAttemptAt,
      last_status: outcome.status,
      last_error: outcome.error,
      completed_at: outcome.state === "pending" ? null : now,
    }))
    .where("id", "=", id)
    .execute();
}

/** Makes a delivery due now, whatever became of it before, with all its attempts to come. */
export async function restartDelivery(db: Db, id: string, now: string): Promise<void> {
  await db
    .updateTable("deliveries")
    .set({ state: "pending", attempts: 0, next_attempt_at: now, completed_at: null })
    .where("id", "=", id)
    .execute();
}

/** Forgets deliveries that were completed before `time`. */
export async function forgetDeliveries(db: Db, time: string): Promise<void> {
  await db.deleteFrom("deliveries").where("completed_at", "<", time).execute();
}
