import type { Selectable } from "kysely";
import { Scope } from "../schema/access.ts";
import type { Db, Schema } from "./database.ts";

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
  readonly createdAt: string;
  /** To the minute. */
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

function toRow(raw: Selectable<Schema["tokens"]>): TokenRow {
  return {
    id: raw.id,
    name: raw.name,
    scope: Scope.parse(raw.scope),
    hash: raw.hash,
    createdAt: raw.created_at,
    lastUsedAt: raw.last_used_at,
    revokedAt: raw.revoked_at,
  };
}

export async function addToken(db: Db, token: Pick<TokenRow, "id" | "name" | "scope" | "hash">, now: string): Promise<void> {
  await db
    .insertInto("tokens")
    .values({ ...token, created_at: now, last_used_at: null, revoked_at: null })
    .execute();
}

export async function getToken(db: Db, id: string): Promise<TokenRow | null> {
  const raw = await db.selectFrom("tokens").selectAll().where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

/** Oldest first, revoked ones included. */
export async function listTokens(db: Db): Promise<TokenRow[]> {
  const rows = await db.selectFrom("tokens").selectAll().orderBy("created_at").orderBy("id").execute();
  return rows.map(toRow);
}

/** Was there ever a token. One that was revoked counts: taking away the last one must not open the service to everybody. */
export async function anyToken(db: Db): Promise<boolean> {
  return (await db.selectFrom("tokens").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** Is there a token that can be used. */
export async function usableToken(db: Db): Promise<boolean> {
  return (await db.selectFrom("tokens").select("id").where("revoked_at", "is", null).limit(1).executeTakeFirst()) !== undefined;
}

/** Revokes a token for good; its row stays as the record. Returns whether there was one to revoke. */
export async function revokeToken(db: Db, id: string, now: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("tokens")
    .set({ revoked_at: now })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function touchToken(db: Db, id: string, now: string): Promise<void> {
  await db.updateTable("tokens").set({ last_used_at: now }).where("id", "=", id).execute();
}
