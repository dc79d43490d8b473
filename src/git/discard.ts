import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const DISCARDED = ".discarded-";

/**
 * Makes a directory disappear at once and removes what was in it in the background: a scratch store has hundreds of thousands of files.
 * What an earlier process did not come to remove, it removes too. The promise is for those who want to wait; it does not reject.
 */
export async function discard(path: string): Promise<void> {
  try {
    renameSync(path, `${path}${DISCARDED}${randomUUID()}`);
  } catch {
    // There is none.
  }
  await removeDiscarded(path);
}

/** Removes what an earlier process discarded under this name and did not come to remove. Does not reject. */
export async function removeDiscarded(path: string): Promise<void> {
  const parent = dirname(path);
  const name = `${basename(path)}${DISCARDED}`;
  try {
    for (const entry of await readdir(parent)) {
      if (entry.startsWith(name)) await rm(join(parent, entry), { recursive: true, force: true });
    }
  } catch {
    // The next one tries again.
  }
}
