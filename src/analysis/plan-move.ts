import type { PlanMove } from "../schema/plan.ts";
import type { AnalysisContext } from "./context.ts";
import { type Accepted, type Chosen, walk } from "./plan-steps.ts";

/**
 * How the steps of a plan fare on the target's present head, which the context is about.
 * @param from the commit that the plan was made for
 * @param files paths of the target that the plan changes
 */
export async function movePlan(
  ctx: AnalysisContext,
  steps: readonly Chosen[],
  files: readonly string[],
  from: string,
  accepted: Accepted,
): Promise<Pick<PlanMove, "files" | "applies" | "failure">> {
  const changed: string[] = [];
  for (const path of new Set(files)) {
    const [before, after] = await Promise.all([ctx.repo.entry(from, path), ctx.repo.entry(ctx.target.oid, path)]);
    if (before?.oid !== after?.oid || before?.mode !== after?.mode) changed.push(path);
  }
  const { failure } = await walk(ctx, steps, ctx.targetTree, accepted);
  return { files: changed.sort(), applies: failure === null, failure };
}
