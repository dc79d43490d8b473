import type { Logger } from "pino";

/** Why running work was told to stop; it decides what becomes of its row. */
export type StopReason = "cancelled" | "superseded" | "shutdown";

/** Accepts work for later: a p-queue, or anything that calls the function once. It may drop work whose signal is aborted. */
export type Lane = (work: () => Promise<void>, signal: AbortSignal) => Promise<unknown>;

/**
 * The work that this process does or will do, by the name of its resource. The durable record is the row of the resource: the runner
 * forgets everything when the process ends, and jobs.ts starts unfinished rows again.
 */
export interface Runner {
  /** Hands work to a lane. The work gets a signal whose reason is a StopReason, and settles its own row. */
  start(key: string, lane: Lane, work: (signal: AbortSignal) => Promise<void>): void;
  /** Stops the work of a resource and of all below it (`trees/a` and `trees/a/fetches/1`), and waits until it has ended. Work that has not begun never begins. */
  stop(key: string, reason: StopReason): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  readonly key: string;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export function createRunner(log: Logger): Runner {
  const entries = new Set<Entry>();
  let closed = false;

  const stopAll = async (chosen: readonly Entry[], reason: StopReason) => {
    for (const entry of chosen) entry.stop.abort(reason);
    await Promise.all(chosen.map((entry) => entry.done));
  };

  return {
    start(key, lane, work) {
      // The row stays as it is, and the next start takes it up.
      if (closed) return;
      const stop = new AbortController();
      const done = new Promise<void>((resolve) => {
        stop.signal.addEventListener("abort", () => waiting && resolve(), { once: true });
        let waiting = true;
        const guarded = async () => {
          if (stop.signal.aborted) return;
          waiting = false;
          try {
            await work(stop.signal);
          } catch (error) {
            log.error({ err: error, job: key }, "job failed unexpectedly");
          } finally {
            resolve();
          }
        };
        // A lane rejects only for work that it dropped; the work itself never rejects.
        lane(guarded, stop.signal).catch(() => {});
      });
      const entry = { key, stop, done };
      entries.add(entry);
      void done.then(() => entries.delete(entry));
    },
    stop: (key, reason) =>
      stopAll(
        [...entries].filter((entry) => entry.key === key || entry.key.startsWith(`${key}/`)),
        reason,
      ),
    close() {
      closed = true;
      return stopAll([...entries], "shutdown");
    },
  };
}
