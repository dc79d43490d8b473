import type { JobContext, TreeMirror } from "./parts.ts";

/** Keeps the mirror fast and small, in turn with indexing: both at once would need half a GiB of memory more. */
export interface Upkeep {
  /** Runs when nobody indexes. Requests that wait share one run. */
  ask(): void;
  /** Ends a run under way, so that indexing need not wait for it; it runs again afterwards, and then to its end. */
  giveWay(): void;
}

/** In the lane, behind everything that somebody waits for. */
const PRIORITY = -1;

export function createUpkeep({
  mirror,
  indexLane,
  log,
}: Pick<JobContext, "indexLane" | "log"> & { readonly mirror: Pick<TreeMirror, "maintain"> }): Upkeep {
  let waits = false;
  let running: AbortController | null = null;

  async function run(patient: boolean): Promise<void> {
    waits = false;
    const stop = new AbortController();
    if (patient) running = stop;
    try {
      await mirror.maintain(stop.signal);
    } catch (error) {
      if (stop.signal.aborted) queue(false);
      else log.warn({ err: error }, "maintenance of the mirror failed");
    } finally {
      running = null;
    }
  }

  function queue(patient: boolean): void {
    if (waits) return;
    waits = true;
    void indexLane.add(() => run(patient), { priority: PRIORITY });
  }

  return { ask: () => queue(true), giveWay: () => running?.abort() };
}
