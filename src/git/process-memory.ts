import { readFileSync } from "node:fs";

/**
 * Bytes of memory that belong to a process alone; null when the system does not tell (only Linux does, in /proc). Mapped packs are not
 * counted: the kernel takes their pages back when it needs them.
 */
export function privateMemory(pid: number | undefined): number | null {
  if (pid === undefined) return null;
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
