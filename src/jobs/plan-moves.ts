import type { PlanMove } from "../schema/plan.ts";
import type { PlanRow } from "../store/plans.ts";
import { getTree } from "../store/trees.ts";
import type { Waiting } from "./check-commit.ts";
import { runForRequest } from "./failure.ts";
import { PRIORITY } from "./fair-queue.ts";
import type { JobContext } from "./parts.ts";
import { pinTree } from "./pins.ts";
import { runIndexed } from "./run-indexed.ts";
import { requireTree } from "./tree-jobs.ts";

/** Where the target stands now. */
export interface Staleness {
  readonly stale: boolean;
  /** Null when the target stands where it stood, and when there is no such tree any more. */
  readonly moved: PlanMove | null;
}

/** Has the target moved since the plan was made. One row is read. */
export async function stalenessOf(context: Pick<JobContext, "db">, { target }: Pick<PlanRow, "target">): Promise<Staleness> {
  const tree = await getTree(context.db, target.tree);
  const to = tree?.headOid ?? null;
  if (to === target.oid) return { stale: false, moved: null };
  return { stale: true, moved: to === null ? null : { from: target.oid, to, files: null, applies: null, failure: null } };
}

/**
 * The same, with an answer to: which files of the plan changed meanwhile, and do its steps apply to the new head. A person waits for it.
 * @throws ApiProblem tree-not-ready, job-timed-out, service-busy
 */
export async function checkMove(context: JobContext, plan: PlanRow, { caller, gone }: Waiting): Promise<Staleness> {
  const known = await stalenessOf(context, plan);
  if (known.moved === null || plan.result === null) return known;
  const steps = plan.result.steps.map(({ oid, role, because, neededBy }) => ({ oid, role, because, neededBy }));
  const files = plan.result.steps.flatMap(({ applicability }) => applicability.files.map((file) => file.targetPath ?? file.path));
  const target = pinTree(await requireTree(context, plan.target.tree));
  const task = { kind: "plan-move" as const, ...context.paths, steps, files, from: plan.target.oid, target, upstreams: plan.upstreams };
  const { commitTimeout: ms } = context.limits;
  const accepted = plan.options.adaptation;
  const limit = { ms, signal: gone, caller, priority: PRIORITY.person, fallback: "analysis-failed" } as const;
  const move = await runForRequest(
    context,
    (taskContext) => runIndexed(context, { ...task, accepted }, taskContext, ms),
    context.interactive,
    limit,
  );
  return { stale: true, moved: { from: plan.target.oid, to: target.oid, ...move } };
}
