import { setTimeout as sleep } from "node:timers/promises";
import { storageProblem } from "./failure.ts";
import type { JobContext } from "./parts.ts";

const RETRY_MS = 1000;

/**
 * Writes how a job goes on or ended. While the disk is full or another program has locked the state this is tried again: the work is
 * done, and must not be lost or told as a failure for that.
 * @throws what the write throws else, and AbortError when the job is stopped
 */
export async function persist<T>({ log }: Pick<JobContext, "log">, stop: AbortSignal, write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
      if (storageProblem(code) === null) throw error;
      log.warn({ err: error }, "the state cannot be written; trying again");
      await sleep(RETRY_MS, undefined, { signal: stop });
    }
  }
}
