import { Progress } from "../schema/common.ts";
import type { Db } from "./database.ts";
import { readIfCurrent } from "./json.ts";

export interface JobCount {
  readonly kind: "analysis" | "plan" | "fetch" | "batch";
  readonly state: string;
  /** Of its last report; empty before the first. */
  readonly stage: string;
  readonly count: number;
}

/** Unfinished jobs by kind, state and stage; their number is limited. */
export async function jobCounts(db: Db): Promise<JobCount[]> {
  const analyses = await db.selectFrom("analyses").select(["status", "progress"]).where("status", "!=", "completed").execute();
  const plans = await db.selectFrom("plans").select(["status", "progress"]).where("status", "!=", "completed").execute();
  const fetches = await db.selectFrom("fetches").select(["status", "progress"]).where("status", "!=", "completed").execute();
  const batches = await db.selectFrom("batches").select("status").where("status", "!=", "completed").execute();
  const counts = new Map<string, { kind: JobCount["kind"]; state: string; stage: string; count: number }>();
  const add = (kind: JobCount["kind"], { status, progress = null }: { status: string; progress?: string | null }) => {
    const stage = readIfCurrent(Progress, progress)?.stage ?? "";
    const key = `${kind} ${status} ${stage}`;
    const known = counts.get(key) ?? { kind, state: status, stage, count: 0 };
    known.count += 1;
    counts.set(key, known);
  };
  for (const row of analyses) add("analysis", row);
  for (const row of plans) add("plan", row);
  for (const row of fetches) add("fetch", row);
  for (const row of batches) add("batch", row);
  return [...counts.values()];
}

const COUNTED = ["analyses", "plans", "batches", "fetches", "crashes", "events", "deliveries"] as const;

/** How many rows the tables have that grow with use. SQLite walks through an index for each: milliseconds for 100,000 rows. */
export async function rowCounts(db: Db): Promise<{ readonly table: string; readonly count: number }[]> {
  const counts: { table: string; count: number }[] = [];
  for (const table of COUNTED) {
    const { count } = await db
      .selectFrom(table)
      .select((all) => all.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    counts.push({ table, count: Number(count) });
  }
  return counts;
}

export async function treeCounts(db: Db): Promise<{ readonly state: string; readonly count: number }[]> {
  const rows = await db
    .selectFrom("trees")
    .select((row) => ["state", row.fn.countAll<number>().as("count")])
    .groupBy("state")
    .execute();
  return rows.map(({ state, count }) => ({ state, count: Number(count) }));
}
