import { MessageChannel, type ResourceLimits } from "node:worker_threads";
import { Piscina } from "piscina";
import { sharedCounts } from "../git/child-counts.ts";
import type { Progress } from "../schema/common.ts";
import { THREAD_OPTIONS } from "../thread-options.ts";
import type { ResultOf, TaskContext, Workers, WorkerTask } from "./task-types.ts";
import type { WorkerAnswer } from "./worker-protocol.ts";

/** A task threw. `code` and `detail` are those of the error, if it had such members; the stack is for the log only. */
export class TaskFailed extends Error {
  readonly code: string | null;
  readonly detail: string | null;
  constructor(code: string | null, detail: string | null, stack: string) {
    super(detail ?? stack.split("\n", 1)[0] ?? "task failed");
    this.name = "TaskFailed";
    this.code = code;
    this.detail = detail;
    this.stack = stack;
  }
}

/** The thread ended while it ran the task: out of memory, or a crash of native code that stayed in the thread. */
export class WorkerDied extends Error {}

/** How long a task may take to stop by itself, so that it can end its git children, before its thread is ended. */
const GRACE_MS = 1000;
const IDLE_MS = 10 * 60_000;
/** Of the thread that indexes and of its git children: whoever waits for an answer has the processors first. */
const INDEX_NICENESS = 10;
/** Also those of analyses: requests are answered by the main thread, and need little. */
const ANALYSIS_NICENESS = 5;
/** Its garbage is collected early: streams of commits and patches leave much, of which little stays. In MiB. */
const INDEX_YOUNG_HEAP = 24;

export interface WorkerPoolOptions {
  /** Module whose default export is made by answerTasks. */
  readonly entry: URL;
  /** Threads for analyses and commit checks. Indexing, searches and reading crash texts have one thread each beside them. */
  readonly threads: number;
  /** Heap of one thread; beyond it the thread ends and the service stays. Default: as Node decides. */
  readonly memoryMiB?: number;
}

/** Worker threads in groups, so that neither indexing nor long analyses keep a short question waiting. Threads start when needed. */
export function openWorkers(options: WorkerPoolOptions): Workers {
  const oldHeap = options.memoryMiB === undefined ? {} : { maxOldGenerationSizeMb: options.memoryMiB };
  const group = (threads: number, niceIncrement = 0, resourceLimits: ResourceLimits = {}) =>
    new Piscina({
      filename: options.entry.href,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
      execArgv: [...THREAD_OPTIONS],
      closeTimeout: 2 * GRACE_MS,
      workerData: sharedCounts(),
      niceIncrement,
      resourceLimits: { ...oldHeap, ...resourceLimits },
    });
  const analysis = group(options.threads, ANALYSIS_NICENESS);
  const index = group(1, INDEX_NICENESS, { maxYoungGenerationSizeMb: INDEX_YOUNG_HEAP });
  const search = group(1);
  const text = group(1);
  const groups = {
    analyse: analysis,
    commit: analysis,
    commits: analysis,
    plan: analysis,
    "plan-move": analysis,
    draw: text,
    index,
    search,
    "read-crash": text,
  } satisfies Record<WorkerTask["kind"], Piscina>;
  return {
    run: (task, context) => runIn(groups[task.kind], task, context),
    close: async () => {
      await Promise.all([analysis.destroy(), index.destroy(), search.destroy(), text.destroy()]);
    },
  };
}

async function runIn<T extends WorkerTask>(pool: Piscina, task: T, { report, signal }: TaskContext): Promise<ResultOf<T>> {
  signal.throwIfAborted();
  const { port1, port2 } = new MessageChannel();
  const kill = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    port1.postMessage("stop");
    timer = setTimeout(() => kill.abort(), GRACE_MS);
  };
  port1.on("message", (progress: Progress) => report(progress));
  signal.addEventListener("abort", stop, { once: true });
  try {
    const answer: WorkerAnswer = await pool.run({ task, port: port2 }, { transferList: [port2], signal: kill.signal });
    signal.throwIfAborted();
    if (!answer.ok) throw new TaskFailed(answer.error.code, answer.error.detail, answer.error.stack);
    // The boundary of threads: answerTasks runs the task of this kind, so its result is of this kind.
    return answer.result as ResultOf<T>;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TaskFailed) throw error;
    throw new WorkerDied(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    port1.close();
  }
}
