import { setTimeout as sleep } from "node:timers/promises";
import { AGING_TABLES, removeOld, removeOldEvents } from "../store/retention.ts";
import type { JobContext } from "./parts.ts";

const EVERY_MS = 3_600_000;
/** Between two small transactions: whoever asks for something comes first. */
const PAUSE_MS = 50;

/** Removes what is older than the settings say, at the start and then every hour, a little at a time. */
export function startRetention(context: JobContext): void {
  const lane = (work: () => Promise<void>) => work();
  context.runner.start("retention", lane, async (stop) => {
    while (!stop.aborted) {
      await prune(context, stop).catch((error: unknown) => {
        if (!stop.aborted) context.log.warn({ err: error }, "old rows could not be removed; trying again in an hour");
      });
      await sleep(EVERY_MS, undefined, { signal: stop, ref: false }).catch(() => {});
    }
  });
}

/** Removes all that is old now. @throws the signal's reason */
export async function prune(
  { db, limits, metrics, log }: Pick<JobContext, "db" | "limits" | "metrics" | "log">,
  stop: AbortSignal,
): Promise<void> {
  const removed: Record<string, number> = {};
  const removeAll = async (table: string, removeSome: () => Promise<number>) => {
    for (let some = await removeSome(); some > 0; some = await removeSome()) {
      removed[table] = (removed[table] ?? 0) + some;
      metrics.rowsRemoved.inc({ table }, some);
      await sleep(PAUSE_MS, undefined, { signal: stop });
    }
  };
  if (limits.keepMs > 0) {
    const before = new Date(Date.now() - limits.keepMs).toISOString();
    for (const table of AGING_TABLES) await removeAll(table, () => removeOld(db, table, before));
  }
  if (limits.keepEvents > 0) await removeAll("events", () => removeOldEvents(db, limits.keepEvents));
  if (Object.keys(removed).length > 0) log.info({ removed }, "old rows are removed");
}
