import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { THREAD_OPTIONS } from "../thread-options.ts";
import type { FlushAnswer } from "./flush-thread.ts";

export interface Flusher {
  /** Resolves when all that was written before the call is on the disk. Calls that come while it flushes share the next flush. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Of a state that is in memory only, and for what may be lost with the power. */
export const NO_FLUSH: Flusher = { flush: async () => {}, close: async () => {} };

/**
 * Flushes the log of a state, and copies it into the database now and then, in a thread of its own (flush-thread.ts): the thread that
 * answers requests does not wait for the disk, nor for the threads that libuv has for the files of analyses. It starts when first needed.
 */
export function createFlusher(file: string): Flusher {
  let thread: Worker | null = null;
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function start(): Worker {
    const started = new Worker(new URL("./flush-thread.ts", import.meta.url), { workerData: file, execArgv: [...THREAD_OPTIONS] });
    started.unref();
    const forget = () => {
      if (thread === started) thread = null;
    };
    // Told before its end is.
    started.once("error", forget).once("exit", forget);
    return started;
  }

  /** @throws what the thread met, with the code of the system, or that it ended */
  async function flushOnce(): Promise<void> {
    thread ??= start();
    const done = new AbortController();
    const ended = once(thread, "exit", { signal: done.signal }).then(() => {
      throw new Error("the thread that flushes the state has ended");
    });
    // While somebody waits, the process does.
    thread.ref();
    thread.postMessage("flush");
    try {
      const [answer] = (await Promise.race([once(thread, "message"), ended])) as [FlushAnswer];
      if (answer !== null) throw Object.assign(new Error(answer.message), { code: answer.code });
    } finally {
      done.abort();
      ended.catch(() => {});
      thread?.unref();
    }
  }

  async function flushAfter(before: Promise<void> | null): Promise<void> {
    await before?.catch(() => {});
    running = next;
    next = null;
    try {
      await flushOnce();
    } finally {
      running = null;
    }
  }

  return {
    flush() {
      // One that has begun may have passed by what was written since.
      next ??= flushAfter(running);
      return next;
    },
    async close() {
      await (next ?? running)?.catch(() => {});
      if (thread === null) return;
      const ended = once(thread, "exit");
      thread.ref();
      thread.postMessage("close");
      await ended;
    },
  };
}
