import type { ReportProgress } from "../schema/common.ts";

const INTERVAL_MS = 250;

export interface StageProgress {
  /** Tells how much is done; passed on a few times a second. */
  readonly update: (done: number) => void;
  readonly setTotal: (total: number) => void;
  /** Tells the last state, whatever the interval. */
  readonly end: (done: number) => void;
}

/** Progress of one stage of the ingest, thinned out. */
export function stageProgress(stage: string, report: ReportProgress, startTotal: number | null): StageProgress {
  let total = startTotal;
  let last = 0;
  report({ stage, done: 0, total });
  return {
    setTotal: (value) => {
      total = value;
    },
    update: (done) => {
      const now = Date.now();
      if (now - last < INTERVAL_MS) return;
      last = now;
      report({ stage, done, total });
    },
    end: (done) => report({ stage, done, total: done }),
  };
}
