import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 20;
/** A process that waits for a disk ends late; the service starts without waiting for ever. */
const TRIES = 500;

/**
 * Ends every git that works on `gitDir` and was started by a process that is gone: a service that is killed leaves its fetches and
 * repacks behind, which would go on writing beside those of the next one. Whoever calls must be the only one that writes there.
 * Reads `/proc`, so it ends nothing on systems without it.
 * @returns the ids of the ended processes; they are gone when the promise resolves, unless one hangs in the kernel for ten seconds.
 */
export async function endOrphans(gitDir: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const all = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const orphans = await stillThere(all, gitDir);
  for (const pid of orphans) kill(pid);
  for (let tries = 0; tries < TRIES && (await stillThere(orphans, gitDir)).length > 0; tries += 1) await sleep(POLL_MS);
  return orphans;
}

async function stillThere(pids: readonly number[], gitDir: string): Promise<number[]> {
  const there = await Promise.all(pids.map((pid) => isOrphan(pid, gitDir)));
  return pids.filter((_, at) => there[at]);
}

async function isOrphan(pid: number, gitDir: string): Promise<boolean> {
  try {
    // Empty when it has ended and nobody asked for its exit code yet.
    const environment = await readFile(`/proc/${pid}/environ`, "latin1");
    if (!`\0${environment}`.includes(`\0GIT_DIR=${Buffer.from(gitDir).toString("latin1")}\0`)) return false;
    const status = await readFile(`/proc/${pid}/status`, "latin1");
    return Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]) !== process.pid;
  } catch {
    // It ended meanwhile, or belongs to another user.
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
