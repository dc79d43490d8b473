import type { Changes } from "./changes.ts";

/**
 * Reads a resource until it is as wanted, for at most `ms` milliseconds, and returns what was read last. Ends early when the signal
 * aborts and when the service stops. The clock of the machine may jump; this does not notice.
 */
export async function waitUntil<T>(
  changes: Changes,
  resource: string,
  read: () => Promise<T>,
  wanted: (value: T) => boolean,
  ms: number,
  signal: AbortSignal,
): Promise<T> {
  const end = performance.now() + ms;
  const listener = changes.listen(resource);
  try {
    for (;;) {
      const value = await read();
      if (wanted(value) || performance.now() >= end || signal.aborted || changes.closing.aborted) return value;
      await listener.wait(Math.min(end - performance.now(), LONGEST_WAIT_MS), signal);
    }
  } finally {
    listener.stop();
  }
}

/** Timers of Node hold 31 bits. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;
