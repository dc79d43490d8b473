import { rmSync, statSync } from "node:fs";
import Database from "better-sqlite3";

export type SourceDatabase = Database.Database;

/**
 * The tables of the source index; docs/source-index.md describes them. Derived data: when this or what the parser finds changes, raise
 * SOURCE_VERSION and every source index is built anew.
 */
const SOURCE_VERSION = 1;
const SCHEMA = `
CREATE TABLE blobs (num INTEGER PRIMARY KEY, oid BLOB NOT NULL UNIQUE);
CREATE TABLE postings (
  name TEXT NOT NULL, first INTEGER NOT NULL, holders BLOB NOT NULL, definers BLOB NOT NULL, PRIMARY KEY (name, first)
) WITHOUT ROWID;
CREATE TABLE trees (oid BLOB PRIMARY KEY, asked INTEGER NOT NULL, files TEXT NOT NULL);
CREATE TABLE symbols (blob INTEGER PRIMARY KEY, symbols TEXT NOT NULL);
`;

const DAMAGE = /^SQLITE_(?:CORRUPT|NOTADB|FORMAT|IOERR_SHORT_READ|ERROR)/;
/** How long a write waits for one of another thread, in milliseconds. */
const PATIENCE_MS = 1_000;

/** Is this an error of SQLite that means a damaged file. */
export function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && DAMAGE.test(error.code);
}

/** Another thread writes, and has done so for longer than we wait. */
export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
}

function openOnce(path: string): SourceDatabase {
  const db = new Database(path, { timeout: PATIENCE_MS });
  try {
    db.pragma("page_size = 8192");
    db.pragma("journal_mode = WAL");
    // Safe against kill -9; what a power cut takes is read again.
    db.pragma("synchronous = NORMAL");
    db.pragma(`cache_size = -${32 << 10}`);
    db.transaction(() => {
      const version = db.pragma("user_version", { simple: true });
      if (version === SOURCE_VERSION) return;
      if (version !== 0) throw new Database.SqliteError(`version ${version}`, "SQLITE_FORMAT");
      db.exec(SCHEMA);
      db.pragma(`user_version = ${SOURCE_VERSION}`);
    }).immediate();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens the file; one that is missing, damaged or of another version is begun anew. */
export function openFile(path: string): SourceDatabase {
  try {
    return openOnce(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    removeFile(path);
    return openOnce(path);
  }
}

/** Identifies the file behind a path, to tell whether another thread has replaced it since; null when there is none. */
export function identityOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/** Removes the index with the files that SQLite keeps beside it. */
export function removeFile(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}
