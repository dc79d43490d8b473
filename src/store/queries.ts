import { type SelectQueryBuilder, sql } from "kysely";
import type { Db, ListPlace, Schema } from "./database.ts";

/** A page of a list that is ordered by time and then by id, newest first, from the row after `after`. */
export function newestFirst<T extends keyof Schema, O>(
  query: SelectQueryBuilder<Schema, T, O>,
  after: ListPlace | null,
  limit: number,
): SelectQueryBuilder<Schema, T, O> {
  const rest = after === null ? query : query.where(sql<boolean>`(created_at, id) < (${after.createdAt}, ${after.id})`);
  return rest.orderBy(sql`created_at`, "desc").orderBy(sql`id`, "desc").limit(limit);
}

/** Rows that are not completed, with whose they are, in the order in which they were asked. */
export async function unfinishedRows(
  db: Db,
  table: "analyses" | "plans",
): Promise<{ readonly id: string; readonly caller: string; readonly priority: number }[]> {
  const query = db.selectFrom(table).select(["id", "caller", "priority"]).where("status", "!=", "completed");
  return query.orderBy("created_at").execute();
}
