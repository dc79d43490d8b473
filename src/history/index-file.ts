import { existsSync, rmSync } from "node:fs";
import Database from "better-sqlite3";
import { INDEX_VERSION, PAGE_SIZE, SCHEMA } from "./index-schema.ts";

export type IndexDatabase = Database.Database;

/** The index file is missing, damaged or of another version: it must be built anew. Nothing is lost by that, it is derived data. */
export class IndexUnusable extends Error {
  constructor(path: string, because: string) {
    super(`The history index ${path} cannot be used: ${because}. Build it again.`);
    this.name = "IndexUnusable";
  }
}

/** Is this an error of SQLite that means a damaged file. */
export function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(?:CORRUPT|NOTADB|IOERR_SHORT_READ)/.test(error.code);
}

/** Runs a read and turns damage of the file into IndexUnusable. */
export function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isDamage(error)) throw new IndexUnusable(path, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

function checkVersion(db: IndexDatabase, path: string): void {
  const version = db.pragma("user_version", { simple: true });
  if (version !== INDEX_VERSION) throw new IndexUnusable(path, `it has version ${version}, this program reads ${INDEX_VERSION}`);
}

/** Memory that SQLite may use for pages of the file, in KiB. */
function setCache(db: IndexDatabase, kibibytes: number): void {
  db.pragma(`cache_size = -${kibibytes}`);
}

/**
 * Opens the index for reading; others may write to it meanwhile.
 * @throws IndexUnusable when it is missing, of another version, or plainly damaged (a damaged page inside shows when it is read).
 */
export function openForReading(path: string): IndexDatabase {
  if (!existsSync(path)) throw new IndexUnusable(path, "it does not exist");
  return guarded(path, () => {
    const db = new Database(path, { readonly: true });
    try {
      checkVersion(db, path);
      setCache(db, 64 << 10);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Reads the whole file and says whether every page is sound. About 1 s for 300 MB. */
export function isSound(path: string): boolean {
  try {
    const db = openForReading(path);
    try {
      return guarded(path, () => db.pragma("quick_check(1)", { simple: true })) === "ok";
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof IndexUnusable) return false;
    throw error;
  }
}

/** Removes an index with the files that SQLite keeps beside it. */
export function removeIndex(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

/**
 * Opens the index for writing and creates it when there is none.
 * @throws IndexUnusable when the file is of another version or damaged.
 */
export function openForWriting(path: string): IndexDatabase {
  return guarded(path, () => {
    const db = new Database(path);
    try {
      db.pragma(`page_size = ${PAGE_SIZE}`);
      db.pragma("journal_mode = WAL");
      // Safe against kill -9; after a power cut the last batches may be missing, which the next run adds.
      db.pragma("synchronous = NORMAL");
      // Where readers stay open, the log is never removed; it shall not keep the size of the largest batch.
      db.pragma(`journal_size_limit = ${64 << 20}`);
      setCache(db, 48 << 10);
      if (db.pragma("user_version", { simple: true }) === 0) {
        db.transaction(() => {
          db.exec(SCHEMA);
          db.pragma(`user_version = ${INDEX_VERSION}`);
        }).immediate();
      }
      checkVersion(db, path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}
