import { ApiProblem, isProblemCode, type ProblemCode, problemDocument } from "../problems.ts";
import type { Problem } from "../schema/problem.ts";
import type { WorkQueue } from "./fair-queue.ts";
import type { JobContext, JobParts } from "./parts.ts";
import type { ResultOf, TaskContext, WorkerTask } from "./task-types.ts";
import { WorkerDied } from "./worker-pool.ts";

const NO_SPACE = new Set(["ENOSPC", "EDQUOT", "SQLITE_FULL"]);

function member(error: unknown, name: string): unknown {
  return typeof error === "object" && error !== null && name in error ? (error as Record<string, unknown>)[name] : undefined;
}

/** What a full disk or a locked database says; null for any other code. */
export function storageProblem(code: unknown): ApiProblem | null {
  if (typeof code !== "string") return null;
  if (NO_SPACE.has(code))
    return new ApiProblem("disk-full", "The data directory of the service has no space left. Free some, then ask again.");
  if (code.startsWith("SQLITE_BUSY"))
    return new ApiProblem("service-busy", "The state of the service is locked by another program. Ask again in a few seconds.");
  return null;
}

/**
 * What a job's error says to callers. Errors that carry a code of the catalogue and a detail (ApiProblem, RemoteError, and both from
 * a worker) speak for themselves; of any other only `fallback` is told, the rest is for the log.
 */
export function problemOfError(error: unknown, fallback: ProblemCode): ApiProblem {
  if (error instanceof ApiProblem) return error;
  const code = member(error, "code");
  const detail = member(error, "detail");
  if (isProblemCode(code) && typeof detail === "string") return new ApiProblem(code, detail);
  const storage = storageProblem(code);
  if (storage !== null) return storage;
  if (isTimeout(error)) {
    return new ApiProblem(
      "job-timed-out",
      "The job was stopped at its time limit. Ask for less, or raise the limit in the settings of the service.",
    );
  }
  if (error instanceof WorkerDied) {
    return new ApiProblem(
      "worker-died",
      "The worker thread ended twice during this job, perhaps for lack of memory. The log of the service says more.",
    );
  }
  return new ApiProblem(fallback, "An unexpected error ended the job. The log of the service says more.");
}

/** The problem that a resource carries when its work failed; `advice` says what a caller can do about it. */
export function jobProblem(error: unknown, fallback: ProblemCode, instance: string, advice: string): Problem {
  const { code, detail, errors } = problemOfError(error, fallback);
  return problemDocument({ code, detail: `${detail.replace(/\.?$/, ".")} ${advice}`, errors }, { instance });
}

/** Whose work it is, and how urgent (fair-queue.ts). */
export interface Asker {
  readonly caller: string;
  readonly priority: number;
}

/** Does work that a request waits for: it ends with the request, at its time limit, and when the service stops. */
export async function runForRequest<T>(
  context: JobContext,
  work: (context: TaskContext) => Promise<T>,
  lane: WorkQueue,
  limit: Asker & { readonly ms: number; readonly signal: AbortSignal; readonly fallback: ProblemCode },
): Promise<T> {
  const { closing } = context.changes;
  const signal = withLimit(AbortSignal.any([limit.signal, closing]), limit.ms);
  try {
    return await lane.add(() => work({ report: () => {}, signal }), { signal, priority: limit.priority, caller: limit.caller });
  } catch (error) {
    if (closing.aborted) throw new ApiProblem("shutting-down", "The service is stopping. Ask again when it is back.");
    if (!limit.signal.aborted) context.log.error({ err: error }, "work for a request failed");
    throw problemOfError(error, limit.fallback);
  }
}

const isTimeout = (error: unknown): boolean => member(error, "name") === "TimeoutError";

/** The signal with a time limit; at the limit its reason is a TimeoutError. */
export function withLimit(signal: AbortSignal, ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)]);
}

/** Runs a task, and once more when its thread died: the cause may have been another task's memory. */
export async function runTwice<T extends WorkerTask>(parts: JobParts, task: T, context: TaskContext): Promise<ResultOf<T>> {
  try {
    return await parts.workers.run(task, context);
  } catch (error) {
    if (!(error instanceof WorkerDied)) throw error;
    parts.log.warn({ err: error, task: task.kind }, "a worker died, the task runs once more");
    return parts.workers.run(task, context);
  }
}
