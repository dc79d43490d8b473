import { readdirSync, readFileSync } from "node:fs";

/** Cells of the counts. */
const STARTED = 0;
const REPLACED = 1;

/** One memory for all threads of the process: worker threads start most of the children, the main thread tells how many. */
let counts: Int32Array = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));

/** To hand to a thread, which passes it to `shareCounts`. */
export const sharedCounts = (): Int32Array => counts;

export function shareCounts(shared: Int32Array): void {
  counts = shared;
}

export const countStart = (): number => Atomics.add(counts, STARTED, 1);

/** A long-lived child died or was worn, and another one takes its place. */
export const countReplaced = (): number => Atomics.add(counts, REPLACED, 1);

export interface ChildCounts {
  /** git processes started since the service was. */
  readonly started: number;
  readonly replaced: number;
  /** git processes that run now; null where the system does not tell (only Linux does, in /proc). */
  readonly running: number | null;
}

export function childCounts(): ChildCounts {
  return { started: Atomics.load(counts, STARTED), replaced: Atomics.load(counts, REPLACED), running: countRunning() };
}

function countRunning(): number | null {
  try {
    const lists = readdirSync("/proc/self/task").map((thread) => readFileSync(`/proc/self/task/${thread}/children`, "latin1"));
    return lists.join(" ").split(" ").filter(isGit).length;
  } catch {
    return null;
  }
}

function isGit(pid: string): boolean {
  if (pid === "") return false;
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1").trim() === "git";
  } catch {
    // It ended meanwhile.
    return false;
  }
}
