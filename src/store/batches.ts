import type { Selectable } from "kysely";
import { z } from "zod";
import { AnalysisRequest, Verdict } from "../schema/analysis.ts";
import { type JobConclusion, JobStatus, PinnedTree } from "../schema/common.ts";
import { Problem } from "../schema/problem.ts";
import type { Db, ListPlace, Schema } from "./database.ts";
import { readIfCurrent, readJson, readWord, writeNullable } from "./json.ts";
import { newestFirst } from "./queries.ts";

export interface BatchRow {
  readonly id: string;
  readonly status: JobStatus;
  readonly conclusion: JobConclusion | null;
  readonly total: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt: string | null;
}

/** A question of a batch with the commits that it is about, as they were when the batch was accepted. */
export const PinnedQuestion = z.object({ request: AnalysisRequest, target: PinnedTree, upstreams: z.array(PinnedTree) });
export type PinnedQuestion = z.infer<typeof PinnedQuestion>;

/** What was accepted: a question, or why it cannot be asked. */
export type NewItem = { readonly question: PinnedQuestion } | { readonly problem: Problem };

/** One question of a batch. Neither analysis nor problem: it is not asked yet. */
export interface BatchItemRow {
  readonly position: number;
  readonly analysis: string | null;
  readonly problem: Problem | null;
  readonly status: JobStatus | null;
  readonly conclusion: JobConclusion | null;
  readonly verdict: Verdict | null;
}

function toRow(raw: Selectable<Schema["batches"]>): BatchRow {
  return {
    id: raw.id,
    status: readWord(JobStatus, raw.status),
    conclusion: raw.conclusion,
    total: raw.total,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    completedAt: raw.completed_at,
  };
}

/** Writes a batch to be run; one of the id that was cancelled starts over. */
export async function queueBatch(db: Db, id: string, caller: string, items: readonly NewItem[], now: string): Promise<void> {
  await db.deleteFrom("batches").where("id", "=", id).execute();
  const row = { id, status: "queued" as const, conclusion: null, caller, total: items.length };
  await db
    .insertInto("batches")
    .values({ ...row, created_at: now, updated_at: now, completed_at: null })
    .execute();
  const rows = items.map((item, position) => ({
    batch: id,
    position,
    question: "question" in item ? JSON.stringify(item.question) : null,
    problem: "problem" in item ? JSON.stringify(item.problem) : null,
    analysis: null,
  }));
  await db.insertInto("batch_items").values(rows).execute();
}

export async function getBatch(db: Db, id: string): Promise<BatchRow | null> {
  const raw = await db.selectFrom("batches").selectAll().where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

export interface BatchFilter {
  readonly statuses?: readonly JobStatus[] | undefined;
  /** RFC 3339 in UTC, as the column holds it. */
  readonly updatedSince?: string | undefined;
}

/** Newest first, from the one after `after`. */
export async function listBatches(
  db: Db,
  { statuses, updatedSince }: BatchFilter,
  after: ListPlace | null,
  limit: number,
): Promise<BatchRow[]> {
  let query = db.selectFrom("batches").selectAll();
  if (statuses !== undefined) query = query.where("status", "in", statuses);
  if (updatedSince !== undefined) query = query.where("updated_at", ">=", updatedSince);
  return (await newestFirst(query, after, limit).execute()).map(toRow);
}

/** In the order in which they were asked. */
export async function unfinishedBatches(db: Db): Promise<{ id: string; caller: string }[]> {
  return db.selectFrom("batches").select(["id", "caller"]).where("status", "!=", "completed").orderBy("created_at").execute();
}

export async function beginBatch(db: Db, id: string): Promise<void> {
  const change = { status: "in_progress" as const, updated_at: new Date().toISOString() };
  await db.updateTable("batches").set(change).where("id", "=", id).where("status", "=", "queued").execute();
}

/** Completes a batch unless it is completed already. Returns whether it did. */
export async function finishBatch(db: Db, id: string, conclusion: JobConclusion, now: string): Promise<boolean> {
  const change = { status: "completed" as const, conclusion, updated_at: now, completed_at: now };
  const result = await db.updateTable("batches").set(change).where("id", "=", id).where("status", "!=", "completed").executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The question of an item; null when it was asked, or cannot be. @throws ApiProblem stored-form-outdated */
export async function itemQuestion(db: Db, batch: string, position: number): Promise<PinnedQuestion | null> {
  const item = db.selectFrom("batch_items").select("question").where("batch", "=", batch).where("position", "=", position);
  const question = (await item.executeTakeFirst())?.question ?? null;
  return question === null ? null : readJson(PinnedQuestion, question);
}

/** Notes the analysis that answers an item, or why none can. The question is not kept: it stands with the analysis. */
export async function settleItem(
  db: Db,
  batch: string,
  position: number,
  outcome: { readonly analysis: string | null; readonly problem: Problem | null },
): Promise<void> {
  const change = { question: null, analysis: outcome.analysis, problem: writeNullable(outcome.problem) };
  await db.updateTable("batch_items").set(change).where("batch", "=", batch).where("position", "=", position).execute();
}

/** Items from `from` on, in the order of the request, with what their analyses say now. */
export async function listItems(db: Db, batch: string, from: number, limit: number): Promise<BatchItemRow[]> {
  const rows = await db
    .selectFrom("batch_items")
    .leftJoin("analyses", "analyses.id", "batch_items.analysis")
    .select(["position", "analysis", "batch_items.problem", "status", "conclusion", "verdict"])
    .where("batch", "=", batch)
    .where("position", ">=", from)
    .orderBy("position")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    ...row,
    problem: readIfCurrent(Problem, row.problem),
    verdict: Verdict.nullable().catch(null).parse(row.verdict),
  }));
}

/** What has become of the items of a batch. */
export interface ItemCounts {
  readonly counts: {
    readonly waiting: number;
    readonly running: number;
    readonly answered: number;
    readonly failed: number;
    readonly refused: number;
  };
  readonly verdicts: Partial<Record<Verdict, number>>;
}

export async function countItems(db: Db, batch: string): Promise<ItemCounts> {
  const rows = await db
    .selectFrom("batch_items")
    .leftJoin("analyses", "analyses.id", "batch_items.analysis")
    .select((row) => [
      "status",
      "conclusion",
      "verdict",
      row("batch_items.problem", "is not", null).as("refused"),
      row.fn.countAll<number>().as("count"),
    ])
    .where("batch", "=", batch)
    .groupBy(["status", "conclusion", "verdict", "refused"])
    .execute();
  const counts = { waiting: 0, running: 0, answered: 0, failed: 0, refused: 0 };
  const verdicts: Partial<Record<Verdict, number>> = {};
  for (const row of rows) {
    const count = Number(row.count);
    counts[placeOf({ ...row, refused: Boolean(row.refused) })] += count;
    const verdict = Verdict.safeParse(row.verdict);
    if (verdict.success) verdicts[verdict.data] = (verdicts[verdict.data] ?? 0) + count;
  }
  return { counts, verdicts };
}

function placeOf(item: {
  readonly refused: boolean;
  readonly status: JobStatus | null;
  readonly conclusion: JobConclusion | null;
}): keyof ItemCounts["counts"] {
  if (item.refused) return "refused";
  if (item.status === null) return "waiting";
  if (item.status !== "completed") return "running";
  return item.conclusion === "success" ? "answered" : "failed";
}
