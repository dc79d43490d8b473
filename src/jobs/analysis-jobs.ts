import { ApiProblem } from "../problems.ts";
import { AnalysisOptions, type AnalysisRequest, AnalysisResult } from "../schema/analysis.ts";
import type { Progress } from "../schema/common.ts";
import {
  type AnalysisOutcome,
  type AnalysisPins,
  type AnalysisRow,
  beginAnalysis,
  finishAnalysis,
  getAnalysis,
  progressAnalysis,
  queueAnalysis,
} from "../store/analyses.ts";
import { addEvent, clearEvents } from "../store/events.ts";
import { analysisId } from "./analysis-id.ts";
import { jobProblem } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { pinTree, pinUpstreams, requireUpstream } from "./pins.ts";
import { createProgressWriter } from "./progress.ts";
import { checkQuestion, readQuestion } from "./question.ts";
import { analysisResource, urlOf } from "./resources.ts";
import { runIndexed } from "./run-indexed.ts";
import type { Lane } from "./runner.ts";
import { requireTree } from "./tree-jobs.ts";

/** @throws ApiProblem analysis-not-found */
export async function requireAnalysis(context: Pick<JobContext, "db">, id: string): Promise<AnalysisRow> {
  const analysis = await getAnalysis(context.db, id);
  if (analysis !== null) return analysis;
  throw new ApiProblem("analysis-not-found", `There is no analysis "${id}". GET /v1/analyses lists them.`);
}

/**
 * Accepts a question: its row is committed when this returns. The same question on the same commits finds the analysis that is there;
 * only one that failed or was cancelled starts over.
 */
export async function submitAnalysis(context: JobContext, request: AnalysisRequest, signal: AbortSignal): Promise<AnalysisRow> {
  checkQuestion(request);
  const target = pinTree(await requireTree(context, request.target));
  const upstreams = await pinUpstreams(context, request.target, request.upstreams);
  requireUpstream(upstreams);
  const question = await readQuestion(context, request, signal);
  const options = request.options ?? AnalysisOptions.parse({});
  const pins = { target, upstreams, question, options, ...context.versions };
  const id = analysisId(pins);
  return context.definitions.run(analysisResource(id), () => queueOnce(context, id, pins));
}

async function queueOnce(context: JobContext, id: string, pins: AnalysisPins): Promise<AnalysisRow> {
  const known = await getAnalysis(context.db, id);
  if (known !== null && (known.status !== "completed" || known.conclusion === "success")) return known;
  if (context.interactive.size >= context.limits.maxQueued) {
    throw new ApiProblem("service-busy", `${context.limits.maxQueued} analyses are waiting, which is the limit. Ask again later.`);
  }
  const resource = analysisResource(id);
  await context.db.transaction().execute(async (db) => {
    await queueAnalysis(db, id, pins, new Date().toISOString());
    await clearEvents(db, resource);
    await addEvent(db, resource, "stage", { progress: { stage: "queued", done: 0, total: null } });
  });
  startAnalysis(context, id);
  context.changes.notify(resource);
  return requireAnalysis(context, id);
}

export function startAnalysis(context: JobContext, id: string): void {
  const lane: Lane = (work, signal) => context.interactive.add(work, { signal });
  context.runner.start(analysisResource(id), lane, (signal) => runAnalysis(context, id, signal));
}

async function runAnalysis(context: JobContext, id: string, stop: AbortSignal): Promise<void> {
  const log = context.log.child({ analysis: id });
  const writer = createProgressWriter((progress) => recordProgress(context, id, progress), log);
  const started = performance.now();
  try {
    const { status, question, target, upstreams, options } = await requireAnalysis(context, id);
    if (status === "completed") return;
    await beginAnalysis(context.db, id, context.versions);
    const task = { kind: "analyse" as const, ...context.paths, question, target, upstreams, options };
    const answer = await runIndexed(context, task, { report: writer.report, signal: stop }, context.limits.analysisTimeout);
    const result = AnalysisResult.parse(answer);
    await writer.settle();
    await complete(context, id, { conclusion: "success", result, problem: null });
    log.info({ ...target, verdict: result.verdict, ms: Math.round(performance.now() - started) }, "analysis is completed");
  } catch (error) {
    await writer.settle();
    // Cancelled: the row says so already. Shutdown: the row stays unfinished and is taken up at the next start.
    if (stop.aborted) return;
    log.error({ err: error }, "analysis failed");
    const problem = jobProblem(error, "analysis-failed", urlOf(analysisResource(id)), "POST the question again to start it anew.");
    await complete(context, id, { conclusion: "failure", result: null, problem });
  }
}

async function recordProgress(context: JobContext, id: string, progress: Progress): Promise<void> {
  await context.db.transaction().execute(async (db) => {
    await progressAnalysis(db, id, progress);
    await addEvent(db, analysisResource(id), "stage", { progress });
  });
  context.changes.notify(analysisResource(id));
}

/** Completes the analysis unless it is completed already. */
async function complete(context: JobContext, id: string, outcome: AnalysisOutcome): Promise<void> {
  const { conclusion, problem } = outcome;
  await context.db.transaction().execute(async (db) => {
    if (!(await finishAnalysis(db, id, outcome, new Date().toISOString()))) return;
    await addEvent(db, analysisResource(id), "completed", { conclusion, verdict: outcome.result?.verdict ?? null, problem });
  });
  context.changes.notify(analysisResource(id));
}

/** Cancels an analysis and ends its work. @throws ApiProblem analysis-completed when there is nothing left to cancel. */
export async function cancelAnalysis(context: JobContext, id: string): Promise<AnalysisRow> {
  return context.definitions.run(analysisResource(id), async () => {
    await requireAnalysis(context, id);
    await complete(context, id, { conclusion: "cancelled", result: null, problem: null });
    await context.runner.stop(analysisResource(id), "cancelled");
    const analysis = await requireAnalysis(context, id);
    if (analysis.conclusion === "cancelled") return analysis;
    throw new ApiProblem("analysis-completed", `Analysis "${id}" is completed; there is nothing to cancel.`);
  });
}

/** Waits up to `ms` until the analysis is completed, and returns it as it is then. */
export async function waitForAnalysis(context: JobContext, id: string, ms: number, signal: AbortSignal): Promise<AnalysisRow> {
  const end = Date.now() + ms;
  const listener = context.changes.listen(analysisResource(id));
  try {
    for (;;) {
      const analysis = await requireAnalysis(context, id);
      const over = Date.now() >= end || signal.aborted || context.changes.closing.aborted;
      if (analysis.status === "completed" || over) return analysis;
      await listener.wait(end - Date.now(), signal);
    }
  } finally {
    listener.stop();
  }
}
