import { announce } from "./announcements.ts";
import type { Db } from "./database.ts";

export type EventType = "stage" | "completed";

export interface StoredEvent {
  /** Grows over all resources; the `id:` of the event stream. */
  readonly seq: number;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
}

/**
 * Resources are named by their path below /v1, for example `trees/main` and `analyses/0123`. Belongs into the transaction that changes the
 * resource; a `completed` event is announced to webhooks with it.
 */
export async function addEvent(db: Db, resource: string, type: EventType, data: unknown): Promise<void> {
  const row = { resource, type, data: JSON.stringify(data), at: new Date().toISOString() };
  await db.insertInto("events").values(row).execute();
  if (type === "completed") await announce(db, resource, data);
}

/** Forgets the events of an earlier run, so that a stream without Last-Event-ID tells of the present run only. */
export async function clearEvents(db: Db, resource: string): Promise<void> {
  await db.deleteFrom("events").where("resource", "=", resource).execute();
}

/** In order, at most 500. */
export async function eventsAfter(db: Db, resource: string, seq: number): Promise<StoredEvent[]> {
  return db
    .selectFrom("events")
    .select(["seq", "type", "data"])
    .where("resource", "=", resource)
    .where("seq", ">", seq)
    .orderBy("seq")
    .limit(500)
    .execute();
}

export async function lastEvent(db: Db, resource: string): Promise<StoredEvent | undefined> {
  return db
    .selectFrom("events")
    .select(["seq", "type", "data"])
    .where("resource", "=", resource)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
}

export interface FeedRow extends StoredEvent {
  readonly resource: string;
  readonly at: string;
}

/** Events of all resources after `seq`, oldest first. */
export async function readFeed(db: Db, seq: number, types: readonly string[] | undefined, limit: number): Promise<FeedRow[]> {
  let query = db.selectFrom("events").select(["seq", "type", "resource", "data", "at"]).where("seq", ">", seq);
  if (types !== undefined) query = query.where("type", "in", types);
  return query.orderBy("seq").limit(limit).execute();
}
