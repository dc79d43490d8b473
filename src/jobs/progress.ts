import type { Logger } from "pino";
import type { Progress, ReportProgress } from "../schema/common.ts";
import { thinOut } from "./throttle.ts";

/** Writes progress behind the work's back, one write at a time, the newest first come. */
export interface ProgressWriter {
  readonly report: ReportProgress;
  /** Waits for the write under way and drops what comes later, so that nothing overwrites the final state. */
  settle(): Promise<void>;
}

export function createProgressWriter(write: (progress: Progress) => Promise<void>, log: Logger): ProgressWriter {
  let latest: Progress | null = null;
  let writing: Promise<void> | null = null;
  let settled = false;

  const drain = async () => {
    while (latest !== null && !settled) {
      const progress = latest;
      latest = null;
      await write(progress).catch((error: unknown) => log.warn({ err: error }, "progress was not recorded"));
    }
    writing = null;
  };

  return {
    report: thinOut((progress) => {
      latest = progress;
      writing ??= drain();
    }),
    async settle() {
      settled = true;
      await writing;
    },
  };
}
