import { mkdirSync } from "node:fs";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { type Generated, Kysely, SqliteDialect } from "kysely";
import { Migrator } from "kysely/migration";
import type { JobConclusion, JobStatus, TreeRole } from "../schema/common.ts";
import type { TreeState } from "../schema/tree.ts";
import { migrations } from "./migrations.ts";

/** Columns that hold JSON are text here; the file of each table validates them on read. */
export interface Schema {
  trees: {
    id: string;
    role: TreeRole;
    /** As the caller gave it, credentials included: never shown or logged. */
    remote: string;
    ref: string;
    head_oid: string | null;
    state: TreeState;
    /** Grows with every change by a caller, so that a job started before the change cannot write after it. */
    generation: number;
    progress: string | null;
    problem: string | null;
    fetched_at: string | null;
    created_at: string;
    updated_at: string;
  };
  fetches: {
    id: string;
    tree: string;
    status: JobStatus;
    conclusion: JobConclusion | null;
    progress: string | null;
    problem: string | null;
    head_before: string | null;
    head_after: string | null;
    created_at: string;
    completed_at: string | null;
  };
  analyses: {
    id: string;
    status: JobStatus;
    conclusion: JobConclusion | null;
    verdict: string | null;
    target_tree: string;
    target: string;
    upstreams: string;
    options: string;
    question: string;
    rules_version: string;
    engine_version: string;
    progress: string | null;
    problem: string | null;
    result: string | null;
    created_at: string;
    completed_at: string | null;
  };
  crashes: {
    /** Derived from the text. */
    id: string;
    fingerprint: string;
    kind: string;
    title: string;
    source: string | null;
    bytes: number;
    /** The version of the reader that wrote fingerprint, kind, title and signature. */
    read_by: string;
    created_at: string;
  };
  /** Compressed with gzip. */
  crash_texts: { id: string; text: Uint8Array; signature: Uint8Array };
  events: { seq: Generated<number>; resource: string; type: string; data: string; at: string };
}

export type Db = Kysely<Schema>;

/** Another process holds the data directory. */
export class DirectoryInUse extends Error {}

/**
 * Takes the data directory for this process alone. The lock is an exclusive SQLite transaction on a file of its own: the kernel
 * releases it when the process ends in whatever way, so there is no stale lock to clean up after kill -9.
 * @returns a function that releases it.
 * @throws DirectoryInUse
 */
export function lockDirectory(data: string): () => void {
  // The state holds remotes with their credentials.
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const lock = new SQLite(join(data, "lock.sqlite"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch {
    lock.close();
    throw new DirectoryInUse(
      `The data directory ${data} is in use by another backportd. Stop it, or set BACKPORTD_DATA to another directory.`,
    );
  }
  return () => lock.close();
}

/**
 * Opens (and migrates) the state of the service. WAL with synchronous=FULL: a committed row survives power loss,
 * which the promise "accepted means kept" rests on.
 */
export async function openDatabase(file: string): Promise<Db> {
  const sqlite = new SQLite(file, { timeout: 5000 });
  sqlite.pragma("journal_mode = WAL");
  sqlite.pragma("synchronous = FULL");
  sqlite.pragma("foreign_keys = ON");
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: sqlite }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw error;
  }
  return db;
}
