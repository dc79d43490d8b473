import { readdirSync, readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** Parent of every process, by pid. Linux only; elsewhere empty. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of namesOf("/proc")) {
    const stat = /^\d+$/.test(name) ? textOf(`/proc/${name}/stat`) : "";
    // The command, in parentheses, may hold anything; the state and the parent follow it.
    const parent = /^ \S (\d+) /.exec(stat.slice(stat.lastIndexOf(")") + 1))?.[1];
    if (parent !== undefined) found.set(Number(name), Number(parent));
  }
  return found;
}

/** Resident bytes of a process and all its descendants, added up; memory that they share counts once for each. */
export function residentBytes(root: number): number {
  const parentOf = parents();
  let bytes = 0;
  for (const pid of parentOf.keys()) {
    if (!descends(pid, root, parentOf)) continue;
    bytes += Number(textOf(`/proc/${pid}/statm`).split(" ")[1] ?? 0) * PAGE_BYTES;
  }
  return bytes;
}

function descends(pid: number, root: number, parentOf: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = parentOf.get(at)) if (at === root) return true;
  return false;
}

const CLOCK_TICKS = 100;

/** Processor time of this process and of the children it has seen end, in seconds; 0 where /proc does not exist. */
export function processorSeconds(): number {
  const stat = textOf("/proc/self/stat");
  // utime, stime, cutime and cstime are the fields 14 to 17; the command is the second, in parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  let ticks = 0;
  for (const field of fields.slice(11, 15)) ticks += Number(field);
  return ticks / CLOCK_TICKS;
}

export interface MemoryWatch {
  /** Ends the watch. The largest sum seen, in MiB; 0 where /proc does not exist. */
  stop(): number;
}

/** Looks at a process and its descendants five times a second. */
export function watchMemory(pid: number): MemoryWatch {
  let peak = residentBytes(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, 200);
  return {
    stop: () => {
      clearInterval(timer);
      return Math.round(peak / 2 ** 20);
    },
  };
}

function namesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A process may end between being listed and being read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
