import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second (USER_HZ). */
const TICKS_PER_SECOND = 100;

/**
 * Seconds of processor time of this process's children that have ended, and of theirs (proc(5), `cutime` and `cstime` of /proc/self/stat). Unlike the
 * time that passes it says little of what else the machine does. 0 where the system does not tell.
 */
export function endedChildrenSeconds(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    // The name of the program, in parentheses, may hold blanks; the fields behind it begin with the third.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

/** The same, and that of this process. */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + endedChildrenSeconds();
}
