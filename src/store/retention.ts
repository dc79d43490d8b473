import { type Db, withoutFlush } from "./database.ts";

/** What is removed when it is old. Batches come before analyses, whose ends they sum up. */
export const AGING_TABLES = ["batches", "plans", "analyses", "fetches", "crashes"] as const;
export type AgingTable = (typeof AGING_TABLES)[number];

/** A few milliseconds of work, in which nothing else is answered. */
const ROWS_AT_ONCE = 100;
const EVENTS_AT_ONCE = 1000;
const PRUNED_EVENTS = "events-pruned-to";

/**
 * Removes some of the rows that were completed (crashes: sent) before a time, and the events of what is removed. An analysis stays as long
 * as a batch that asked for it.
 * @returns how many were removed; 0 when there are no more
 */
export async function removeOld(db: Db, table: AgingTable, before: string): Promise<number> {
  const ids = await oldIds(db, table, before);
  if (ids.length === 0) return 0;
  await withoutFlush(db, async (transaction) => {
    await transaction.deleteFrom(table).where("id", "in", ids).execute();
    // Named as jobs/resources.ts does. Those of fetches belong to their tree, and crashes have none.
    const resources = ids.map((id) => `${table}/${id}`);
    await transaction.deleteFrom("events").where("resource", "in", resources).execute();
  });
  return ids.length;
}

async function oldIds(db: Db, table: AgingTable, before: string): Promise<string[]> {
  // What is completed before a time was asked before it: by `created_at` the old ones are found without looking at the others.
  let query = db.selectFrom(table).select("id").where("created_at", "<", before).orderBy("created_at").limit(ROWS_AT_ONCE);
  if (table !== "crashes") query = query.where("status", "=", "completed").where("completed_at", "<", before);
  if (table === "analyses") {
    const batches = db.selectFrom("batch_items").select("analysis").where("analysis", "is not", null);
    query = query.where("id", "not in", batches.$castTo<{ analysis: string }>());
  }
  return (await query.execute()).map(({ id }) => id);
}

/**
 * Removes some of the oldest events while there are more than `keep`, and writes down up to which.
 * @returns how many were removed; 0 when there are no more
 */
export async function removeOldEvents(db: Db, keep: number): Promise<number> {
  const newest = await db.selectFrom("events").select("seq").orderBy("seq", "desc").offset(keep).limit(1).executeTakeFirst();
  if (newest === undefined) return 0;
  const some = await db.selectFrom("events").select("seq").where("seq", "<=", newest.seq).orderBy("seq").limit(EVENTS_AT_ONCE).execute();
  const last = some.at(-1)?.seq ?? 0;
  await withoutFlush(db, async (transaction) => {
    await transaction.deleteFrom("events").where("seq", "<=", last).execute();
    const mark = { name: PRUNED_EVENTS, value: String(last) };
    await transaction
      .insertInto("marks")
      .values(mark)
      .onConflict((conflict) => conflict.column("name").doUpdateSet(mark))
      .execute();
  });
  return some.length;
}

/** The last event that was removed because there were too many; 0 when none was. */
export async function eventsRemovedTo(db: Db): Promise<number> {
  const mark = await db.selectFrom("marks").select("value").where("name", "=", PRUNED_EVENTS).executeTakeFirst();
  return Number(mark?.value ?? 0);
}
