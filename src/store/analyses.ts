import type { Selectable } from "kysely";
import { z } from "zod";
import { AnalysisOptions, AnalysisResult, Question, Verdict } from "../schema/analysis.ts";
import { type JobConclusion, JobStatus, PinnedTree, Progress } from "../schema/common.ts";
import { Problem } from "../schema/problem.ts";
import type { Db, ListPlace, Schema } from "./database.ts";
import { readIfCurrent, readJson, readNullable, readWord, writeNullable } from "./json.ts";
import { newestFirst } from "./queries.ts";

/** All that an answer depends on; the id is derived from it. */
export interface AnalysisPins {
  readonly target: PinnedTree;
  readonly upstreams: readonly PinnedTree[];
  readonly question: Question;
  readonly options: AnalysisOptions;
  readonly rulesVersion: string;
  readonly engineVersion: string;
}

export interface AnalysisSummaryRow {
  readonly id: string;
  readonly status: JobStatus;
  readonly conclusion: JobConclusion | null;
  readonly verdict: Verdict | null;
  readonly target: PinnedTree;
  readonly createdAt: string;
  /** When status or conclusion changed last. */
  readonly updatedAt: string;
  readonly completedAt: string | null;
}

/** What decides whether an analysis is to be run; readable whatever version wrote the row. */
export interface AnalysisState {
  readonly id: string;
  readonly status: JobStatus;
  readonly conclusion: JobConclusion | null;
  readonly priority: number;
}

export interface AnalysisRow extends AnalysisSummaryRow, AnalysisPins {
  readonly progress: Progress | null;
  readonly problem: Problem | null;
  readonly result: AnalysisResult | null;
}

const SUMMARY = ["id", "status", "conclusion", "verdict", "target", "created_at", "updated_at", "completed_at"] as const;

function toSummary(raw: Pick<Selectable<Schema["analyses"]>, (typeof SUMMARY)[number]>): AnalysisSummaryRow {
  return {
    id: raw.id,
    status: JobStatus.parse(raw.status),
    conclusion: raw.conclusion,
    verdict: readWord(Verdict.nullable(), raw.verdict),
    target: readJson(PinnedTree, raw.target),
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    completedAt: raw.completed_at,
  };
}

function toRow(raw: Selectable<Schema["analyses"]>): AnalysisRow {
  return {
    ...toSummary(raw),
    upstreams: readJson(z.array(PinnedTree), raw.upstreams),
    question: readJson(Question, raw.question),
    options: readJson(AnalysisOptions, raw.options),
    rulesVersion: raw.rules_version,
    engineVersion: raw.engine_version,
    progress: readIfCurrent(Progress, raw.progress),
    problem: readNullable(Problem, raw.problem),
    result: readNullable(AnalysisResult, raw.result),
  };
}

export async function getAnalysis(db: Db, id: string): Promise<AnalysisRow | null> {
  const raw = await db.selectFrom("analyses").selectAll().where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

export async function analysisState(db: Db, id: string): Promise<AnalysisState | null> {
  const found = await db.selectFrom("analyses").select(["id", "status", "conclusion", "priority"]).where("id", "=", id).executeTakeFirst();
  return found ?? null;
}

/** Any of the values of a key, all of the keys. */
export interface AnalysisFilter {
  readonly targets?: readonly string[] | undefined;
  readonly statuses?: readonly JobStatus[] | undefined;
  readonly verdicts?: readonly Verdict[] | undefined;
  /** RFC 3339 in UTC, as the column holds it. */
  readonly updatedSince?: string | undefined;
}

/** Newest first, from the one after `after`. */
export async function listAnalyses(db: Db, filter: AnalysisFilter, after: ListPlace | null, limit: number): Promise<AnalysisSummaryRow[]> {
  let query = db.selectFrom("analyses").select(SUMMARY);
  const { targets, statuses, verdicts, updatedSince } = filter;
  if (targets !== undefined) query = query.where("target_tree", "in", targets);
  if (statuses !== undefined) query = query.where("status", "in", statuses);
  if (verdicts !== undefined) query = query.where("verdict", "in", verdicts);
  if (updatedSince !== undefined) query = query.where("updated_at", ">=", updatedSince);
  const rows = await newestFirst(query, after, limit).execute();
  return rows.map(toSummary);
}

/** Raises the priority of an analysis that waits. */
export async function hastenAnalysis(db: Db, id: string, priority: number): Promise<void> {
  await db.updateTable("analyses").set({ priority }).where("id", "=", id).where("status", "=", "queued").execute();
}

/** Writes a queued analysis; one that stands there already (failed or cancelled) starts over. */
export async function queueAnalysis(
  db: Db,
  id: string,
  pins: AnalysisPins,
  asker: Pick<AnalysisState, "priority"> & { readonly caller: string },
  now: string,
): Promise<void> {
  const fresh = {
    status: "queued" as const,
    conclusion: null,
    verdict: null,
    progress: null,
    problem: null,
    result: null,
    caller: asker.caller,
    priority: asker.priority,
    created_at: now,
    updated_at: now,
    completed_at: null,
  };
  await db
    .insertInto("analyses")
    .values({
      id,
      target_tree: pins.target.tree,
      target: JSON.stringify(pins.target),
      upstreams: JSON.stringify(pins.upstreams),
      options: JSON.stringify(pins.options),
      question: JSON.stringify(pins.question),
      rules_version: pins.rulesVersion,
      engine_version: pins.engineVersion,
      ...fresh,
    })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(fresh))
    .execute();
}

/** Marks an analysis as begun, by the engine that will answer it: after an upgrade that is another one than was asked. */
export async function beginAnalysis(db: Db, id: string, versions: Pick<AnalysisPins, "rulesVersion" | "engineVersion">): Promise<void> {
  await db
    .updateTable("analyses")
    .set({
      status: "in_progress",
      rules_version: versions.rulesVersion,
      engine_version: versions.engineVersion,
      updated_at: new Date().toISOString(),
    })
    .where("id", "=", id)
    .where("status", "!=", "completed")
    .execute();
}

export async function progressAnalysis(db: Db, id: string, progress: Progress | null): Promise<void> {
  await db
    .updateTable("analyses")
    .set({ status: "in_progress", progress: writeNullable(progress) })
    .where("id", "=", id)
    .where("status", "!=", "completed")
    .execute();
}

export interface AnalysisOutcome {
  readonly conclusion: JobConclusion;
  readonly result: AnalysisResult | null;
  readonly problem: Problem | null;
}

/** Completes an analysis unless it is completed already. Returns whether it did. */
export async function finishAnalysis(db: Db, id: string, outcome: AnalysisOutcome, now: string): Promise<boolean> {
  const result = await db
    .updateTable("analyses")
    .set({
      status: "completed",
      conclusion: outcome.conclusion,
      verdict: outcome.result?.verdict ?? null,
      result: writeNullable(outcome.result),
      problem: writeNullable(outcome.problem),
      progress: null,
      updated_at: now,
      completed_at: now,
    })
    .where("id", "=", id)
    .where("status", "!=", "completed")
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
