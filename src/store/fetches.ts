import type { Selectable } from "kysely";
import { type JobConclusion, JobStatus, Progress } from "../schema/common.ts";
import { Problem } from "../schema/problem.ts";
import type { Db, ListPlace, Schema } from "./database.ts";
import { readIfCurrent, writeNullable } from "./json.ts";
import { newestFirst } from "./queries.ts";

export interface FetchRow {
  readonly id: string;
  readonly tree: string;
  readonly status: JobStatus;
  readonly conclusion: JobConclusion | null;
  readonly progress: Progress | null;
  readonly problem: Problem | null;
  readonly headBefore: string | null;
  readonly headAfter: string | null;
  readonly createdAt: string;
  /** When status or progress changed last. */
  readonly updatedAt: string;
  readonly completedAt: string | null;
}

function toRow(raw: Selectable<Schema["fetches"]>): FetchRow {
  return {
    id: raw.id,
    tree: raw.tree,
    status: JobStatus.parse(raw.status),
    conclusion: raw.conclusion,
    progress: readIfCurrent(Progress, raw.progress),
    problem: readIfCurrent(Problem, raw.problem),
    headBefore: raw.head_before,
    headAfter: raw.head_after,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    completedAt: raw.completed_at,
  };
}

export async function getFetch(db: Db, tree: string, id: string): Promise<FetchRow | null> {
  const raw = await db.selectFrom("fetches").selectAll().where("tree", "=", tree).where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

export interface FetchFilter {
  readonly statuses?: readonly JobStatus[] | undefined;
  /** RFC 3339 in UTC, as the column holds it. */
  readonly updatedSince?: string | undefined;
}

/** Newest first, from the one after `after`. */
export async function listFetches(
  db: Db,
  tree: string,
  { statuses, updatedSince }: FetchFilter,
  after: ListPlace | null,
  limit: number,
): Promise<FetchRow[]> {
  let query = db.selectFrom("fetches").selectAll().where("tree", "=", tree);
  if (statuses !== undefined) query = query.where("status", "in", statuses);
  if (updatedSince !== undefined) query = query.where("updated_at", ">=", updatedSince);
  const rows = await newestFirst(query, after, limit).execute();
  return rows.map(toRow);
}

/** The fetch of the tree that waits for its turn, if there is one. */
export async function queuedFetch(db: Db, tree: string): Promise<FetchRow | null> {
  const raw = await db
    .selectFrom("fetches")
    .selectAll()
    .where("tree", "=", tree)
    .where("status", "=", "queued")
    .orderBy("created_at")
    .limit(1)
    .executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

export async function unfinishedFetches(db: Db): Promise<FetchRow[]> {
  const rows = await db.selectFrom("fetches").selectAll().where("status", "!=", "completed").orderBy("created_at").execute();
  return rows.map(toRow);
}

export async function addFetch(db: Db, id: string, tree: string, headBefore: string | null, now: string): Promise<void> {
  await db
    .insertInto("fetches")
    .values({
      id,
      tree,
      status: "queued",
      conclusion: null,
      progress: null,
      problem: null,
      head_before: headBefore,
      head_after: null,
      created_at: now,
      updated_at: now,
      completed_at: null,
    })
    .execute();
}

export async function progressFetch(db: Db, id: string, progress: Progress | null): Promise<void> {
  await db
    .updateTable("fetches")
    .set({ status: "in_progress", progress: writeNullable(progress), updated_at: new Date().toISOString() })
    .where("id", "=", id)
    .where("status", "!=", "completed")
    .execute();
}

export interface FetchOutcome {
  readonly conclusion: JobConclusion;
  readonly problem: Problem | null;
  readonly headAfter: string | null;
}

export async function finishFetch(db: Db, id: string, outcome: FetchOutcome, now: string): Promise<void> {
  await db
    .updateTable("fetches")
    .set({
      status: "completed",
      conclusion: outcome.conclusion,
      problem: writeNullable(outcome.problem),
      head_after: outcome.headAfter,
      updated_at: now,
      completed_at: now,
    })
    .where("id", "=", id)
    .where("status", "!=", "completed")
    .execute();
}

/** Ends the fetches of a tree that is being defined anew. */
export async function cancelFetches(db: Db, tree: string, now: string): Promise<void> {
  await db
    .updateTable("fetches")
    .set({ status: "completed", conclusion: "cancelled", updated_at: now, completed_at: now })
    .where("tree", "=", tree)
    .where("status", "!=", "completed")
    .execute();
}
