import type { Coverage } from "../schema/analysis.ts";
import type { AnalysisContext } from "./context.ts";

/**
 * What the answer rests on: how many commits were searched, and of how many only the message and the paths are known.
 * @param pool upstream commits that the target lacks, without those that the question leaves out
 * @param presentPool upstream commits that the target has, as far as they were searched; null when they were not
 */
export function coverageOf(ctx: AnalysisContext, pool: readonly number[], presentPool: readonly number[] | null = null): Coverage {
  const commits = pool.length;
  const commitsWithPatch = ctx.index.withPatch(pool);
  const outsideWindow = ctx.upstreamOnly.length - commits;
  const notes: string[] = [];
  if (commitsWithPatch < commits)
    notes.push(
      `the changed lines of ${commits - commitsWithPatch} commits are not indexed: candidates among them are found by message and path only`,
    );
  if (outsideWindow > 0) notes.push(`${outsideWindow} upstream commits that the target lacks lie outside of the time asked for`);
  return {
    commits,
    ...(outsideWindow === 0 ? {} : { outsideWindow }),
    ...(presentPool === null ? {} : { presentSearched: presentPool.length }),
    commitsWithPatch,
    complete: commitsWithPatch === commits,
    notes,
  };
}
