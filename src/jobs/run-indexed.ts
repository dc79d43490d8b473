import { ApiProblem } from "../problems.ts";
import { runTwice, withLimit } from "./failure.ts";
import { indexFaultOf } from "./index-keeper.ts";
import { saysDamaged } from "./mirror-keeper.ts";
import type { JobContext } from "./parts.ts";
import type { AnalyseTask, CommitsTask, CommitTask, PlanMoveTask, PlanTask, ResultOf, SearchTask, TaskContext } from "./task-types.ts";

/**
 * Runs a task that reads the history index and the mirror, within `ms` milliseconds. When the index turns out to be unusable, it is built anew, once for
 * all tasks that need it, and the task runs again; that time does not count.
 * @throws ApiProblem index-failed when the index cannot be repaired or the repaired one does not serve; and what the task throws
 */
export async function runIndexed<T extends AnalyseTask | CommitTask | CommitsTask | PlanTask | PlanMoveTask | SearchTask>(
  context: JobContext,
  task: T,
  { report, signal }: TaskContext,
  ms: number,
): Promise<ResultOf<T>> {
  for (let repaired = false; ; repaired = true) {
    await context.index.usable({ report, signal });
    const { builds } = context.index;
    try {
      return await runTwice(context, task, { report, signal: withLimit(signal, ms) });
    } catch (error) {
      if (saysDamaged(error)) context.mirrorKeeper.found();
      const fault = indexFaultOf(error);
      if (fault === null) throw error;
      context.log.warn({ err: error, task: task.kind }, "a task could not use the history index");
      if (repaired) {
        const detail = "The history index was built anew and still lacks what this needs; perhaps a tree was rewritten. Fetch the trees.";
        throw new ApiProblem("index-failed", detail);
      }
      context.index.found(fault, builds);
    }
  }
}
