import type { Metrics } from "../metrics.ts";
import type { ReportProgress } from "../schema/common.ts";

export interface StageTimes {
  readonly report: ReportProgress;
  /** The last stage has ended. */
  end(): void;
}

/** Measures how long each stage of a job takes, by the reports of its progress, and passes these on. */
export function timeStages(metrics: Metrics, kind: string, report: ReportProgress): StageTimes {
  let stage: string | null = null;
  let began = performance.now();
  const enter = (next: string | null) => {
    if (next === stage) return;
    const now = performance.now();
    if (stage !== null) metrics.stageSeconds.observe({ kind, stage }, (now - began) / 1000);
    [stage, began] = [next, now];
  };
  return {
    report(progress) {
      enter(progress.stage);
      report(progress);
    },
    end: () => enter(null),
  };
}
