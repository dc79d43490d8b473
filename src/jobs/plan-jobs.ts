import { ApiProblem } from "../problems.ts";
import type { Progress } from "../schema/common.ts";
import { PlanOptions, type PlanRequest, PlanResult } from "../schema/plan.ts";
import { withoutFlush } from "../store/database.ts";
import { addEvent, clearEvents } from "../store/events.ts";
import {
  beginPlan,
  getPlan,
  type PlanOutcome,
  type PlanPins,
  type PlanRow,
  type PlanState,
  planState,
  planWriter,
  progressPlan,
  queuePlan,
} from "../store/plans.ts";
import { contentId } from "./analysis-id.ts";
import { requireRoom } from "./analysis-jobs.ts";
import { type Asker, jobProblem } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { persist } from "./persist.ts";
import { pinTree, pinUpstreams, requireUpstream } from "./pins.ts";
import { createProgressWriter } from "./progress.ts";
import { planResource, urlOf } from "./resources.ts";
import { runIndexed } from "./run-indexed.ts";
import type { Lane } from "./runner.ts";
import { timeStages } from "./stage-times.ts";
import { requireTree } from "./tree-jobs.ts";
import { waitUntil } from "./wait.ts";

/** @throws ApiProblem plan-not-found; stored-form-outdated when an earlier version wrote it in a form that this one cannot show */
export async function requirePlan(context: Pick<JobContext, "db">, id: string): Promise<PlanRow> {
  return (await getPlan(context.db, id)) ?? notFound(id);
}

/** @throws ApiProblem plan-not-found */
export async function requirePlanState(context: Pick<JobContext, "db">, id: string): Promise<PlanState> {
  return (await planState(context.db, id)) ?? notFound(id);
}

function notFound(id: string): never {
  throw new ApiProblem("plan-not-found", `There is no plan "${id}". GET /v1/plans lists them.`);
}

/** The id of a plan: equal pins, commits (in any order), options and versions give equal ids. */
function planId({ target, upstreams, commits, options, rulesVersion, engineVersion }: PlanPins): string {
  return contentId({ kind: "plan", target, upstreams, commits, options, rulesVersion, engineVersion });
}

/**
 * Accepts a request: its row is committed when this returns. The same request on the same commits finds the plan that is there; only one
 * that failed or was cancelled starts over.
 * @throws ApiProblem tree-not-found, tree-not-ready, no-upstream, service-busy
 */
export async function submitPlan(context: JobContext, request: PlanRequest, asker: Asker): Promise<PlanState> {
  const target = pinTree(await requireTree(context, request.target));
  const upstreams = await pinUpstreams(context, request.target, request.upstreams);
  requireUpstream(upstreams);
  const commits = [...new Set(request.commits)].sort();
  const pins = { target, upstreams, commits, options: request.options ?? PlanOptions.parse({}), ...context.versions };
  const id = planId(pins);
  return context.definitions.run(planResource(id), () => queueOnce(context, id, pins, asker));
}

async function queueOnce(context: JobContext, id: string, pins: PlanPins, asker: Asker): Promise<PlanState> {
  const known = await planState(context.db, id);
  if (known !== null && (known.status !== "completed" || known.conclusion === "success")) {
    context.metrics.answers.inc({ kind: "plan", source: known.status === "completed" ? "stored" : "shared" });
    return known;
  }
  requireRoom(context);
  const resource = planResource(id);
  await context.db.transaction().execute(async (db) => {
    await queuePlan(db, id, pins, asker, new Date().toISOString());
    await clearEvents(db, resource);
    await addEvent(db, resource, "stage", { progress: { stage: "queued", done: 0, total: null } });
  });
  context.metrics.answers.inc({ kind: "plan", source: "computed" });
  startPlan(context, id, asker);
  context.changes.notify(resource);
  return { id, status: "queued", conclusion: null };
}

export function startPlan(context: JobContext, id: string, { caller, priority }: Asker): void {
  const resource = planResource(id);
  const lane: Lane = (work, signal) => context.interactive.add(work, { id: resource, signal, caller, priority });
  context.runner.start(resource, lane, (signal) => runPlan(context, id, signal));
}

async function runPlan(context: JobContext, id: string, stop: AbortSignal): Promise<void> {
  const log = context.log.child({ plan: id });
  const writer = createProgressWriter((progress) => recordProgress(context, id, progress), log);
  const stages = timeStages(context.metrics, "plan", writer.report);
  const started = performance.now();
  try {
    const { status, commits, target, upstreams, options } = await requirePlan(context, id);
    if (status === "completed") return;
    const begin = () => withoutFlush(context.db, (db) => beginPlan(db, id, context.versions, new Date().toISOString()));
    await persist(context, stop, begin);
    const task = { kind: "plan" as const, ...context.paths, ids: commits, target, upstreams, options };
    const answer = await runIndexed(context, task, { report: stages.report, signal: stop }, context.limits.analysisTimeout);
    stages.end();
    const result = PlanResult.parse(answer);
    await writer.settle();
    await persist(context, stop, () => complete(context, id, { conclusion: "success", result, problem: null }));
    log.info({ ...target, applies: result.applies, ms: Math.round(performance.now() - started) }, "plan is completed");
  } catch (error) {
    await writer.settle();
    // Cancelled: the row says so already. Shutdown: the row stays unfinished and is taken up at the next start.
    if (stop.aborted) return;
    log.error({ err: error }, "plan failed");
    const problem = jobProblem(error, "analysis-failed", urlOf(planResource(id)), "POST the plan again to start it anew.");
    await persist(context, stop, () => complete(context, id, { conclusion: "failure", result: null, problem }));
  }
}

async function recordProgress(context: JobContext, id: string, progress: Progress): Promise<void> {
  await withoutFlush(context.db, async (db) => {
    await progressPlan(db, id, progress);
    await addEvent(db, planResource(id), "stage", { progress });
  });
  context.changes.notify(planResource(id));
}

/** Completes the plan unless it is completed already. */
async function complete(context: JobContext, id: string, outcome: PlanOutcome): Promise<void> {
  const { conclusion, problem } = outcome;
  const write = await planWriter(outcome);
  const ended = await context.db.transaction().execute(async (db) => {
    if (!(await write(db, id, new Date().toISOString()))) return false;
    await addEvent(db, planResource(id), "completed", { conclusion, applies: outcome.result?.applies ?? null, problem });
    return true;
  });
  if (ended) context.metrics.jobsEnded.inc({ kind: "plan", conclusion });
  context.changes.notify(planResource(id));
}

/** Cancels a plan and ends its work. @throws ApiProblem plan-completed when there is nothing left to cancel. */
export async function cancelPlan(context: JobContext, id: string): Promise<PlanRow> {
  return context.definitions.run(planResource(id), async () => {
    await requirePlanState(context, id);
    await complete(context, id, { conclusion: "cancelled", result: null, problem: null });
    await context.runner.stop(planResource(id), "cancelled");
    const plan = await requirePlan(context, id);
    if (plan.conclusion === "cancelled") return plan;
    throw new ApiProblem("plan-completed", `Plan "${id}" is completed; there is nothing to cancel.`);
  });
}

/** Waits up to `ms` until the plan is completed, and returns it as it is then. */
export async function waitForPlan(context: JobContext, id: string, ms: number, signal: AbortSignal): Promise<PlanRow> {
  const state = () => requirePlanState(context, id);
  await waitUntil(context.changes, planResource(id), state, ({ status }) => status === "completed", ms, signal);
  return requirePlan(context, id);
}
