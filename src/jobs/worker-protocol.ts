import type { MessagePort } from "node:worker_threads";
import { IndexUnusable } from "../history/open-index.ts";
import { PatchSyntaxError } from "../patch/parse.ts";
import type { ProblemCode } from "../problems.ts";
import type { Progress } from "../schema/common.ts";
import type { RunTask, TaskResult, WorkerTask } from "./task-types.ts";
import { thinOut } from "./throttle.ts";

/** What crosses the thread boundary. Errors go as data, since a structured clone keeps only their name, message and stack. */
export interface WorkerJob {
  readonly task: WorkerTask;
  /** Progress comes out; one message in, of any content, means: stop. */
  readonly port: MessagePort;
}

export type WorkerAnswer =
  | { readonly ok: true; readonly result: TaskResult }
  | { readonly ok: false; readonly error: { readonly code: string | null; readonly detail: string | null; readonly stack: string } };

type TaskError = Extract<WorkerAnswer, { ok: false }>["error"];

/** Errors that speak to callers carry a code of the catalogue and a detail. The parser of patches and the index know nothing of it. */
function asData(error: unknown): TaskError {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof PatchSyntaxError) {
    return { code: "patch-not-recognised" satisfies ProblemCode, detail: `Line ${error.line} of the patch: ${error.message}.`, stack };
  }
  if (error instanceof IndexUnusable) return { code: "index-unusable", detail: null, stack };
  return { code: textMember(error, "code"), detail: textMember(error, "detail"), stack };
}

function textMember(error: unknown, name: "code" | "detail"): string | null {
  if (typeof error !== "object" || error === null || !(name in error)) return null;
  const value = (error as Record<string, unknown>)[name];
  return typeof value === "string" ? value : null;
}

/** The function that a worker thread offers: runs one task, reports progress, and answers with its result or its error. */
export function answerTasks(runTask: RunTask): (job: WorkerJob) => Promise<WorkerAnswer> {
  return async ({ task, port }) => {
    const stop = new AbortController();
    port.once("message", () => stop.abort());
    const report = thinOut((progress: Progress) => port.postMessage(progress));
    try {
      return { ok: true, result: await runTask(task, { report, signal: stop.signal }) };
    } catch (error) {
      return { ok: false, error: asData(error) };
    } finally {
      port.close();
    }
  };
}
