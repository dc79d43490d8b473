import type { Selectable } from "kysely";
import { CrashKind, Signature } from "../schema/signature.ts";
import type { Db, ListPlace, Schema } from "./database.ts";
import { readJson } from "./json.ts";
import { pack, unpack } from "./packed-text.ts";
import { newestFirst } from "./queries.ts";

export interface CrashRow {
  readonly id: string;
  readonly fingerprint: string;
  readonly crashKind: CrashKind;
  readonly title: string;
  readonly source: string | null;
  readonly bytes: number;
  readonly createdAt: string;
  /** When it was last read anew. */
  readonly updatedAt: string;
}

/** Crashes of one fingerprint. */
export interface CrashGroupRow {
  readonly fingerprint: string;
  /** The crash that was seen last. */
  readonly latest: CrashRow;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

export interface CrashFilter {
  readonly fingerprint?: string | undefined;
  readonly kinds?: readonly CrashKind[] | undefined;
  /** RFC 3339 in UTC, as the column holds it. */
  readonly updatedSince?: string | undefined;
}

function toRow(raw: Selectable<Schema["crashes"]>): CrashRow {
  const { kind, created_at, updated_at, read_by: _, ...same } = raw;
  return { ...same, crashKind: CrashKind.catch("unknown").parse(kind), createdAt: created_at, updatedAt: updated_at };
}

/** Writes a crash unless it is there already. Returns whether it was new. */
export async function addCrash(db: Db, crash: CrashRow, text: string, signature: Signature, readBy: string): Promise<boolean> {
  const { crashKind, createdAt, updatedAt, ...same } = crash;
  const packed = { text: await pack(text), signature: await pack(JSON.stringify(signature)) };
  return db.transaction().execute(async (transaction) => {
    const row = { ...same, kind: crashKind, created_at: createdAt, updated_at: updatedAt, read_by: readBy };
    const added = await transaction
      .insertInto("crashes")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doNothing())
      .executeTakeFirst();
    if (added.numInsertedOrUpdatedRows === 0n) return false;
    await transaction
      .insertInto("crash_texts")
      .values({ id: crash.id, ...packed })
      .execute();
    return true;
  });
}

export async function getCrash(db: Db, id: string): Promise<CrashRow | null> {
  const raw = await db.selectFrom("crashes").selectAll().where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

export async function countCrashes(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom("crashes")
    .select((all) => all.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** null when there is no such crash, or none any more. */
export async function crashText(db: Db, id: string): Promise<string | null> {
  const row = await db.selectFrom("crash_texts").select("text").where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : unpack(row.text);
}

/** null when there is no such crash, or none any more. */
export async function crashSignature(db: Db, id: string): Promise<Signature | null> {
  const row = await db.selectFrom("crash_texts").select("signature").where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : readJson(Signature, await unpack(row.signature));
}

/** Newest first, from the one after `after`. */
export async function listCrashes(db: Db, filter: CrashFilter, after: ListPlace | null, limit: number): Promise<CrashRow[]> {
  let query = db.selectFrom("crashes").selectAll();
  if (filter.fingerprint !== undefined) query = query.where("fingerprint", "=", filter.fingerprint);
  if (filter.kinds !== undefined) query = query.where("kind", "in", filter.kinds);
  if (filter.updatedSince !== undefined) query = query.where("updated_at", ">=", filter.updatedSince);
  const rows = await newestFirst(query, after, limit).execute();
  return rows.map(toRow);
}

/** The groups that have a crash which passes the filter, with all their crashes counted; the one seen last comes first. */
export async function listGroups(
  db: Db,
  filter: CrashFilter,
  after: { readonly lastSeen: string; readonly fingerprint: string } | null,
  limit: number,
): Promise<CrashGroupRow[]> {
  let query = db
    .selectFrom("crashes")
    .select((row) => [
      "fingerprint" as const,
      row.fn.countAll<number>().as("count"),
      row.fn.min("created_at").as("firstSeen"),
      row.fn.max("created_at").as("lastSeen"),
    ])
    .groupBy("fingerprint");
  if (filter.fingerprint !== undefined) query = query.where("fingerprint", "=", filter.fingerprint);
  const { kinds, updatedSince } = filter;
  if (updatedSince !== undefined) query = query.having((having) => having(having.fn.max("updated_at"), ">=", updatedSince));
  if (kinds !== undefined) {
    query = query.where("fingerprint", "in", (sub) => sub.selectFrom("crashes").select("fingerprint").where("kind", "in", kinds));
  }
  if (after !== null) {
    query = query.having((having) => {
      const lastSeen = having.fn.max("created_at");
      return having.or([
        having(lastSeen, "<", after.lastSeen),
        having.and([having(lastSeen, "=", after.lastSeen), having("fingerprint", "<", after.fingerprint)]),
      ]);
    });
  }
  const rows = await query.orderBy("lastSeen", "desc").orderBy("fingerprint", "desc").limit(limit).execute();
  const groups: CrashGroupRow[] = [];
  for (const row of rows) {
    const [latest] = await listCrashes(db, { fingerprint: row.fingerprint }, null, 1);
    // None: the last one was removed between the two queries.
    if (latest !== undefined) groups.push({ ...row, count: Number(row.count), latest });
  }
  return groups;
}

/** The next crash that was read by another version, in the order of ids; null after the last. */
export async function nextOutdated(db: Db, readBy: string, after: string): Promise<string | null> {
  const query = db.selectFrom("crashes").select("id").where("read_by", "!=", readBy).where("id", ">", after);
  return (await query.orderBy("id").limit(1).executeTakeFirst())?.id ?? null;
}

/** Replaces what was read from the text of a crash. */
export async function updateCrash(db: Db, id: string, signature: Signature, readBy: string): Promise<void> {
  const packed = await pack(JSON.stringify(signature));
  const { kind, title, fingerprint } = signature;
  await db.transaction().execute(async (transaction) => {
    const change = { kind, title, fingerprint: fingerprint.loose, read_by: readBy, updated_at: new Date().toISOString() };
    await transaction.updateTable("crashes").set(change).where("id", "=", id).execute();
    await transaction.updateTable("crash_texts").set({ signature: packed }).where("id", "=", id).execute();
  });
}

export async function deleteCrash(db: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("crashes").where("id", "=", id).executeTakeFirst();
  return numDeletedRows > 0n;
}
