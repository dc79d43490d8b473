import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import SQLite from "better-sqlite3";
import { migrations } from "./migrations.ts";

/** What is wrong with a file of the state; the message is for the operator. */
export class StateFileError extends Error {}

export interface StateFacts {
  readonly trees: readonly { readonly id: string; readonly headOid: string | null }[];
  readonly analyses: number;
  readonly unfinished: number;
}

/**
 * Looks at a state without changing it, while a service uses it or not.
 * @throws StateFileError when it is missing, damaged, no state of this service, or of a later version.
 */
export function inspectState(file: string): StateFacts {
  if (!existsSync(file)) throw new StateFileError(`There is no file ${file}.`);
  let db: SQLite.Database;
  try {
    db = new SQLite(file, { readonly: true });
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    const damage = db.pragma("quick_check(1)", { simple: true });
    if (damage !== "ok") throw new StateFileError(`${file} is damaged: ${damage}`);
    const done = db.prepare("SELECT name FROM kysely_migration").pluck().all() as string[];
    const later = done.filter((name) => !Object.hasOwn(migrations, name));
    if (later.length > 0) throw new StateFileError(`${file} is of a later version of backportd, which knows ${later.join(", ")}.`);
    const count = (where: string) => db.prepare(`SELECT count(*) FROM analyses ${where}`).pluck().get() as number;
    return {
      trees: db.prepare("SELECT id, head_oid AS headOid FROM trees ORDER BY id").all() as StateFacts["trees"],
      analyses: count(""),
      unfinished: count("WHERE status != 'completed'"),
    };
  } catch (error) {
    throw error instanceof StateFileError ? error : unreadable(file, error);
  } finally {
    db.close();
  }
}

const unreadable = (file: string, error: unknown) =>
  new StateFileError(`${file} is no state of backportd, or it is damaged: ${error instanceof Error ? error.message : String(error)}`);

/**
 * Copies a state, also while a service uses it: the copy is the state of one moment. It has everything that the state has, credentials of
 * remotes and secrets of webhooks too, so only its owner may read it.
 * @throws StateFileError
 */
export async function backupState(file: string, copy: string): Promise<StateFacts> {
  inspectState(file);
  if (existsSync(copy)) throw new StateFileError(`${copy} is there already. Give another name.`);
  const partial = `${copy}.partial`;
  // Made before SQLite makes it, so that it is never readable by others.
  closeSync(openSync(partial, "wx", 0o600));
  const db = new SQLite(file, { readonly: true });
  try {
    await db.backup(partial);
    // As a file of its own it needs no log beside it.
    const written = new SQLite(partial);
    written.pragma("journal_mode = DELETE");
    written.close();
    const facts = inspectState(partial);
    flush(partial);
    renameSync(partial, copy);
    flush(dirname(copy));
    return facts;
  } finally {
    db.close();
    rmSync(partial, { force: true });
  }
}

/**
 * Puts a copy in the place of a state that no service uses. The state that was there is kept beside it.
 * @returns where the former state is now; null when there was none
 * @throws StateFileError when the copy cannot be used; the state is untouched then.
 */
export function restoreState(copy: string, file: string, now: Date): string | null {
  inspectState(copy);
  const partial = `${file}.partial`;
  copyFileSync(copy, partial);
  flush(partial);
  inspectState(partial);
  const former = existsSync(file) ? `${file}.before-${now.toISOString().replaceAll(":", "")}` : null;
  if (former !== null) {
    // The log of the former state belongs to it, and would be taken for that of the restored one.
    for (const suffix of ["-wal", "-shm", ""]) if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${former}${suffix}`);
  }
  renameSync(partial, file);
  flush(dirname(file));
  return former;
}

function flush(path: string): void {
  const handle = openSync(path, "r");
  fsyncSync(handle);
  closeSync(handle);
}
