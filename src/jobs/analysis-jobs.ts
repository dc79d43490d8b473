import { ApiProblem } from "../problems.ts";
import { AnalysisOptions, type AnalysisRequest, AnalysisResult } from "../schema/analysis.ts";
import type { PinnedTree, Progress } from "../schema/common.ts";
import {
  type AnalysisOutcome,
  type AnalysisPins,
  type AnalysisRow,
  type AnalysisState,
  analysisState,
  beginAnalysis,
  finishAnalysis,
  getAnalysis,
  hastenAnalysis,
  progressAnalysis,
  queueAnalysis,
} from "../store/analyses.ts";
import { withoutFlush } from "../store/database.ts";
import { addEvent, clearEvents } from "../store/events.ts";
import { analysisId } from "./analysis-id.ts";
import { type Asker, jobProblem } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { persist } from "./persist.ts";
import { pinTree, pinUpstreams, requireUpstream } from "./pins.ts";
import { createProgressWriter } from "./progress.ts";
import { checkQuestion, readQuestion } from "./question.ts";
import { analysisResource, urlOf } from "./resources.ts";
import { runIndexed } from "./run-indexed.ts";
import type { Lane } from "./runner.ts";
import { timeStages } from "./stage-times.ts";
import { requireTree } from "./tree-jobs.ts";
import { waitUntil } from "./wait.ts";

/** @throws ApiProblem analysis-not-found; stored-form-outdated when an earlier version wrote it in a form that this one cannot show */
export async function requireAnalysis(context: Pick<JobContext, "db">, id: string): Promise<AnalysisRow> {
  return (await getAnalysis(context.db, id)) ?? notFound(id);
}

/** @throws ApiProblem analysis-not-found */
export async function requireState(context: Pick<JobContext, "db">, id: string): Promise<AnalysisState> {
  return (await analysisState(context.db, id)) ?? notFound(id);
}

function notFound(id: string): never {
  throw new ApiProblem("analysis-not-found", `There is no analysis "${id}". GET /v1/analyses lists them.`);
}

/** The commits that a question is about, as they are when it is asked. */
export interface QuestionPins {
  readonly target: PinnedTree;
  readonly upstreams: readonly PinnedTree[];
}

/** @throws ApiProblem tree-not-found, tree-not-ready, no-upstream, invalid-request */
export async function pinQuestion(context: Pick<JobContext, "db">, request: AnalysisRequest): Promise<QuestionPins> {
  checkQuestion(request);
  const target = pinTree(await requireTree(context, request.target));
  const upstreams = await pinUpstreams(context, request.target, request.upstreams);
  requireUpstream(upstreams);
  return { target, upstreams };
}

/**
 * Accepts a question: its row is committed when this returns. The same question on the same commits finds the analysis that is there;
 * only one that failed or was cancelled starts over.
 */
export async function submitAnalysis(
  context: JobContext,
  request: AnalysisRequest,
  asker: Asker,
  signal: AbortSignal,
): Promise<AnalysisState> {
  return submitPinned(context, request, await pinQuestion(context, request), asker, signal);
}

/** The same for a question that was pinned before. */
export async function submitPinned(
  context: JobContext,
  request: AnalysisRequest,
  { target, upstreams }: QuestionPins,
  asker: Asker,
  signal: AbortSignal,
): Promise<AnalysisState> {
  const question = await readQuestion(context, request, asker, signal);
  const options = request.options ?? AnalysisOptions.parse({});
  const pins = { target, upstreams, question, options, ...context.versions };
  const id = analysisId(pins);
  return context.definitions.run(analysisResource(id), () => queueOnce(context, id, pins, asker));
}

async function queueOnce(context: JobContext, id: string, pins: AnalysisPins, asker: Asker): Promise<AnalysisState> {
  const known = await analysisState(context.db, id);
  if (known !== null && (known.status !== "completed" || known.conclusion === "success")) {
    context.metrics.answers.inc({ kind: "analysis", source: known.status === "completed" ? "stored" : "shared" });
    if (known.status === "queued" && asker.priority > known.priority) await hasten(context, id, asker.priority);
    return known;
  }
  requireRoom(context);
  const resource = analysisResource(id);
  await context.db.transaction().execute(async (db) => {
    await queueAnalysis(db, id, pins, asker, new Date().toISOString());
    await clearEvents(db, resource);
    await addEvent(db, resource, "stage", { progress: { stage: "queued", done: 0, total: null } });
  });
  context.metrics.answers.inc({ kind: "analysis", source: "computed" });
  startAnalysis(context, id, asker);
  context.changes.notify(resource);
  return { id, status: "queued", conclusion: null, priority: asker.priority };
}

/** @throws ApiProblem service-busy */
export function requireRoom({ interactive, limits }: Pick<JobContext, "interactive" | "limits">): void {
  if (interactive.size < limits.maxQueued) return;
  throw new ApiProblem("service-busy", `${limits.maxQueued} jobs are waiting, which is the limit. Ask again later.`);
}

/** A person asks what a batch asked before: it need not wait for the batch. */
async function hasten(context: JobContext, id: string, priority: number): Promise<void> {
  await hastenAnalysis(context.db, id, priority);
  context.interactive.setPriority(analysisResource(id), priority);
}

export function startAnalysis(context: JobContext, id: string, { caller, priority }: Asker): void {
  const resource = analysisResource(id);
  const lane: Lane = (work, signal) => context.interactive.add(work, { id: resource, signal, caller, priority });
  context.runner.start(resource, lane, (signal) => runAnalysis(context, id, signal));
}

async function runAnalysis(context: JobContext, id: string, stop: AbortSignal): Promise<void> {
  const log = context.log.child({ analysis: id });
  const writer = createProgressWriter((progress) => recordProgress(context, id, progress), log);
  const stages = timeStages(context.metrics, "analysis", writer.report);
  const started = performance.now();
  try {
    const { status, question, target, upstreams, options } = await requireAnalysis(context, id);
    if (status === "completed") return;
    await persist(context, stop, () => withoutFlush(context.db, (db) => beginAnalysis(db, id, context.versions)));
    const task = { kind: "analyse" as const, ...context.paths, question, target, upstreams, options };
    const answer = await runIndexed(context, task, { report: stages.report, signal: stop }, context.limits.analysisTimeout);
    stages.end();
    const result = AnalysisResult.parse(answer);
    await writer.settle();
    await persist(context, stop, () => complete(context, id, { conclusion: "success", result, problem: null }));
    log.info({ ...target, verdict: result.verdict, ms: Math.round(performance.now() - started) }, "analysis is completed");
  } catch (error) {
    await writer.settle();
    // Cancelled: the row says so already. Shutdown: the row stays unfinished and is taken up at the next start.
    if (stop.aborted) return;
    log.error({ err: error }, "analysis failed");
    const problem = jobProblem(error, "analysis-failed", urlOf(analysisResource(id)), "POST the question again to start it anew.");
    await persist(context, stop, () => complete(context, id, { conclusion: "failure", result: null, problem }));
  }
}

async function recordProgress(context: JobContext, id: string, progress: Progress): Promise<void> {
  await withoutFlush(context.db, async (db) => {
    await progressAnalysis(db, id, progress);
    await addEvent(db, analysisResource(id), "stage", { progress });
  });
  context.changes.notify(analysisResource(id));
}

/** Completes the analysis unless it is completed already. */
async function complete(context: JobContext, id: string, outcome: AnalysisOutcome): Promise<void> {
  const { conclusion, problem } = outcome;
  const ended = await context.db.transaction().execute(async (db) => {
    if (!(await finishAnalysis(db, id, outcome, new Date().toISOString()))) return false;
    await addEvent(db, analysisResource(id), "completed", { conclusion, verdict: outcome.result?.verdict ?? null, problem });
    return true;
  });
  if (ended) context.metrics.jobsEnded.inc({ kind: "analysis", conclusion });
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

/** Waits up to `ms` until the analysis is completed, and returns its state as it is then. */
export async function waitForAnalysis(context: JobContext, id: string, ms: number, signal: AbortSignal): Promise<AnalysisState> {
  const state = () => requireState(context, id);
  return waitUntil(context.changes, analysisResource(id), state, ({ status }) => status === "completed", ms, signal);
}
