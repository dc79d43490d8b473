import type { Progress, ReportProgress } from "../schema/common.ts";

const INTERVAL_MS = 250;

/** Passes on at most four reports a second, and always the first of a new stage. */
export function thinOut(report: ReportProgress, now: () => number = () => performance.now()): ReportProgress {
  let stage: string | null = null;
  let next = 0;
  return (progress: Progress) => {
    const time = now();
    if (progress.stage === stage && time < next) return;
    stage = progress.stage;
    next = time + INTERVAL_MS;
    report(progress);
  };
}
