import type { Selectable } from "kysely";
import { z } from "zod";
import { type JobConclusion, JobStatus, PinnedTree, Progress } from "../schema/common.ts";
import { PlanAnswer, PlanMail, PlanOptions, type PlanResult } from "../schema/plan.ts";
import { Problem } from "../schema/problem.ts";
import type { Db, ListPlace, Schema } from "./database.ts";
import { readIfCurrent, readJson, readNullable, writeNullable } from "./json.ts";
import { pack, unpack } from "./packed-text.ts";
import { newestFirst } from "./queries.ts";

/** All that a plan depends on; its id is derived from it. */
export interface PlanPins {
  readonly target: PinnedTree;
  readonly upstreams: readonly PinnedTree[];
  /** As asked for: full or abbreviated, in lower case, each once. */
  readonly commits: readonly string[];
  readonly options: PlanOptions;
  readonly rulesVersion: string;
  readonly engineVersion: string;
}

/** What decides whether a plan is to be made; readable whatever version wrote the row. */
export interface PlanState {
  readonly id: string;
  readonly status: JobStatus;
  readonly conclusion: JobConclusion | null;
}

export interface PlanSummaryRow extends PlanState {
  readonly applies: boolean | null;
  readonly target: PinnedTree;
  readonly commits: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt: string | null;
}

export interface PlanRow extends PlanSummaryRow, PlanPins {
  readonly progress: Progress | null;
  readonly problem: Problem | null;
  readonly result: PlanAnswer | null;
}

const SUMMARY = ["id", "status", "conclusion", "applies", "target", "commits", "created_at", "updated_at", "completed_at"] as const;
/** All but the mails, which may be large. */
const ROW = [...SUMMARY, "upstreams", "options", "rules_version", "engine_version", "progress", "problem", "result"] as const;

function toSummary(raw: Pick<Selectable<Schema["plans"]>, (typeof SUMMARY)[number]>): PlanSummaryRow {
  return {
    id: raw.id,
    status: JobStatus.parse(raw.status),
    conclusion: raw.conclusion,
    applies: raw.applies === null ? null : raw.applies === 1,
    target: readJson(PinnedTree, raw.target),
    commits: readJson(z.array(z.string()), raw.commits),
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    completedAt: raw.completed_at,
  };
}

function toRow(raw: Pick<Selectable<Schema["plans"]>, (typeof ROW)[number]>): PlanRow {
  return {
    ...toSummary(raw),
    upstreams: readJson(z.array(PinnedTree), raw.upstreams),
    options: readJson(PlanOptions, raw.options),
    rulesVersion: raw.rules_version,
    engineVersion: raw.engine_version,
    progress: readIfCurrent(Progress, raw.progress),
    problem: readNullable(Problem, raw.problem),
    result: readNullable(PlanAnswer, raw.result),
  };
}

export async function getPlan(db: Db, id: string): Promise<PlanRow | null> {
  const raw = await db.selectFrom("plans").select(ROW).where("id", "=", id).executeTakeFirst();
  return raw === undefined ? null : toRow(raw);
}

export async function planState(db: Db, id: string): Promise<PlanState | null> {
  return (await db.selectFrom("plans").select(["id", "status", "conclusion"]).where("id", "=", id).executeTakeFirst()) ?? null;
}

/** The patches of a plan that applies; none for any other. */
export async function planMails(db: Db, id: string): Promise<PlanMail[]> {
  const raw = await db.selectFrom("plans").select("mails").where("id", "=", id).executeTakeFirst();
  return raw?.mails ? readJson(z.array(PlanMail), await unpack(raw.mails)) : [];
}

/** Newest first, from the one after `after`. */
export async function listPlans(
  db: Db,
  targets: readonly string[] | undefined,
  after: ListPlace | null,
  limit: number,
): Promise<PlanSummaryRow[]> {
  let query = db.selectFrom("plans").select(SUMMARY);
  if (targets !== undefined) query = query.where("target_tree", "in", targets);
  const rows = await newestFirst(query, after, limit).execute();
  return rows.map(toSummary);
}

/** Writes a queued plan; one that stands there already (failed or cancelled) starts over. */
export async function queuePlan(
  db: Db,
  id: string,
  pins: PlanPins,
  asker: { readonly caller: string; readonly priority: number },
  now: string,
): Promise<void> {
  const fresh = {
    status: "queued" as const,
    conclusion: null,
    applies: null,
    progress: null,
    problem: null,
    result: null,
    mails: null,
    caller: asker.caller,
    priority: asker.priority,
    created_at: now,
    updated_at: now,
    completed_at: null,
  };
  await db
    .insertInto("plans")
    .values({
      id,
      target_tree: pins.target.tree,
      target: JSON.stringify(pins.target),
      upstreams: JSON.stringify(pins.upstreams),
      commits: JSON.stringify(pins.commits),
      options: JSON.stringify(pins.options),
      rules_version: pins.rulesVersion,
      engine_version: pins.engineVersion,
      ...fresh,
    })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(fresh))
    .execute();
}

/** Marks a plan as begun, by the engine that will make it: after an upgrade that is another one than was asked. */
export async function beginPlan(
  db: Db,
  id: string,
  versions: Pick<PlanPins, "rulesVersion" | "engineVersion">,
  now: string,
): Promise<void> {
  await db
    .updateTable("plans")
    .set({ status: "in_progress", rules_version: versions.rulesVersion, engine_version: versions.engineVersion, updated_at: now })
    .where("id", "=", id)
    .where("status", "!=", "completed")
    .execute();
}

export async function progressPlan(db: Db, id: string, progress: Progress): Promise<void> {
  await db
    .updateTable("plans")
    .set({ status: "in_progress", progress: JSON.stringify(progress) })
    .where("id", "=", id)
    .where("status", "!=", "completed")
    .execute();
}

export interface PlanOutcome {
  readonly conclusion: JobConclusion;
  readonly result: PlanResult | null;
  readonly problem: Problem | null;
}

/** Completes a plan unless it is completed already. Returns a function that writes it, for a transaction: packing takes its time before. */
export async function planWriter(outcome: PlanOutcome): Promise<(db: Db, id: string, now: string) => Promise<boolean>> {
  const { conclusion, problem } = outcome;
  const { mails = null, ...answer } = outcome.result ?? {};
  const packed = mails === null ? null : await pack(JSON.stringify(mails));
  return async (db, id, now) => {
    const written = await db
      .updateTable("plans")
      .set({
        status: "completed",
        conclusion,
        applies: outcome.result === null ? null : Number(outcome.result.applies),
        result: outcome.result === null ? null : JSON.stringify(answer),
        mails: packed,
        problem: writeNullable(problem),
        progress: null,
        updated_at: now,
        completed_at: now,
      })
      .where("id", "=", id)
      .where("status", "!=", "completed")
      .executeTakeFirst();
    return written.numUpdatedRows > 0n;
  };
}
