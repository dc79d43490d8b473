import type { Selectable } from "kysely";
import { Progress, type TreeRole } from "../schema/common.ts";
import { Problem } from "../schema/problem.ts";
import { TreeState } from "../schema/tree.ts";
import type { Db, Schema } from "./database.ts";
import { readIfCurrent, writeNullable } from "./json.ts";

export interface TreeRow {
  readonly id: string;
  readonly role: TreeRole;
  /** With credentials: for git only. */
  readonly remote: string;
  readonly ref: string;
  /** The commit that answers are computed from; null until the tree was ready once. */
  readonly headOid: string | null;
  readonly state: TreeState;
  readonly generation: number;
  readonly progress: Progress | null;
  readonly problem: Problem | null;
  readonly fetchedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

function toRow(raw: Selectable<Schema["trees"]>): TreeRow {
  return {
    id: raw.id,
    role: raw.role,
    remote: raw.remote,
    ref: raw.ref,
    headOid: raw.head_oid,
    state: TreeState.parse(raw.state),
    generation: raw.generation,
    progress: readIfCurrent(Progress, raw.progress),
    problem: readIfCurrent(Problem, raw.problem),
    fetchedAt: raw.fetched_at,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
  };
}

export async function getTree(db: Db, id: string): Promise<TreeRow | null> {
  const raw = await db.selectFrom("trees").selectAll().where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

/** All trees by id; their number is limited. */
export async function allTrees(db: Db): Promise<TreeRow[]> {
  const rows = await db.selectFrom("trees").selectAll().orderBy("id").execute();
  return rows.map(toRow);
}

export interface TreeFilter {
  readonly roles?: readonly TreeRole[] | undefined;
  readonly states?: readonly TreeState[] | undefined;
  /** RFC 3339 in UTC, as the column holds it. */
  readonly updatedSince?: string | undefined;
}

/** Trees with an id greater than `after`, by id. */
export async function listTrees(db: Db, filter: TreeFilter, after: string, limit: number): Promise<TreeRow[]> {
  let query = db.selectFrom("trees").selectAll().where("id", ">", after);
  if (filter.roles !== undefined) query = query.where("role", "in", filter.roles);
  if (filter.states !== undefined) query = query.where("state", "in", filter.states);
  if (filter.updatedSince !== undefined) query = query.where("updated_at", ">=", filter.updatedSince);
  const rows = await query.orderBy("id").limit(limit).execute();
  return rows.map(toRow);
}

export interface TreeDefinition {
  readonly id: string;
  readonly role: TreeRole;
  readonly remote: string;
  readonly ref: string;
}

/** Writes a tree as a caller defined it, to be cloned from the start: queued, without a head. */
export async function saveTree(db: Db, tree: TreeDefinition, now: string): Promise<void> {
  const fresh = { head_oid: null, state: "queued" as const, progress: null, problem: null, fetched_at: null, updated_at: now };
  await db
    .insertInto("trees")
    .values({ ...tree, ...fresh, generation: 1, created_at: now })
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet((column) => ({ ...tree, ...fresh, generation: column("trees.generation", "+", 1) })),
    )
    .execute();
}

export interface TreeChange {
  readonly role?: TreeRole;
  readonly headOid?: string;
  readonly state?: TreeState;
  readonly progress?: Progress | null;
  readonly problem?: Problem | null;
  readonly fetchedAt?: string;
}

/** Changes a tree unless a caller changed or removed it since `generation` was read. Returns whether it did. */
export async function updateTree(db: Db, id: string, generation: number, change: TreeChange): Promise<boolean> {
  const result = await db
    .updateTable("trees")
    .set({
      ...(change.role === undefined ? {} : { role: change.role }),
      ...(change.headOid === undefined ? {} : { head_oid: change.headOid }),
      ...(change.state === undefined ? {} : { state: change.state }),
      ...(change.progress === undefined ? {} : { progress: writeNullable(change.progress) }),
      ...(change.problem === undefined ? {} : { problem: writeNullable(change.problem) }),
      ...(change.fetchedAt === undefined ? {} : { fetched_at: change.fetchedAt }),
      updated_at: new Date().toISOString(),
    })
    .where("id", "=", id)
    .where("generation", "=", generation)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Shows progress at every ready tree, for work on what they share. Returns their ids. */
export async function progressReadyTrees(db: Db, progress: Progress | null): Promise<string[]> {
  const change = { progress: writeNullable(progress), updated_at: new Date().toISOString() };
  const rows = await db.updateTable("trees").set(change).where("state", "=", "ready").returning("id").execute();
  return rows.map((row) => row.id);
}

/** Removes the tree and its fetches. */
export async function deleteTree(db: Db, id: string): Promise<void> {
  await db.deleteFrom("trees").where("id", "=", id).execute();
}
