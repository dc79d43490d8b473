import type { ReportProgress } from "../schema/common.ts";

/** `Receiving objects:  12% (34/280), 1.20 MiB | 2.00 MiB/s`, `remote: Enumerating objects: 280, done.` */
const PROGRESS = /^(?:remote: )?([A-Z][A-Za-z -]*):\s+(?:\d+% \((\d+)\/(\d+)\)|(\d+))/;

/** Reads git's progress from pieces of its stderr and reports each line; the stage is git's own word. */
export function readProgress(report: ReportProgress): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split(/[\r\n]/);
    rest = (lines.pop() ?? "").slice(-200);
    for (const line of lines) {
      const [, stage, done, total, count] = PROGRESS.exec(line) ?? [];
      if (stage === undefined) continue;
      report({ stage, done: Number(done ?? count), total: total === undefined ? null : Number(total) });
    }
  };
}
