import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { type Generated, Kysely, type Transaction } from "kysely";
import { Migrator } from "kysely/migration";
import type { JobConclusion, JobStatus, TreeRole } from "../schema/common.ts";
import type { TreeState } from "../schema/tree.ts";
import { createFlusher, NO_FLUSH } from "./flush.ts";
import { migrations } from "./migrations.ts";
import { StateDialect, shareState } from "./sqlite-dialect.ts";

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
    /** When status or conclusion changed last. */
    updated_at: string;
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
    /** Who asked first; for taking turns. */
    caller: string;
    priority: number;
    created_at: string;
    /** When status or conclusion changed last. */
    updated_at: string;
    completed_at: string | null;
  };
  batches: {
    id: string;
    status: JobStatus;
    conclusion: JobConclusion | null;
    caller: string;
    total: number;
    created_at: string;
    updated_at: string;
    completed_at: string | null;
  };
  batch_items: { batch: string; position: number; question: string | null; analysis: string | null; problem: string | null };
  plans: {
    id: string;
    status: JobStatus;
    conclusion: JobConclusion | null;
    /** 1 or 0; null until completed. */
    applies: number | null;
    target_tree: string;
    target: string;
    upstreams: string;
    commits: string;
    options: string;
    rules_version: string;
    engine_version: string;
    progress: string | null;
    problem: string | null;
    result: string | null;
    /** The patches, compressed with gzip. */
    mails: Uint8Array | null;
    caller: string;
    priority: number;
    created_at: string;
    updated_at: string;
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
    /** When it was last read anew. */
    updated_at: string;
  };
  /** Compressed with gzip. */
  crash_texts: { id: string; text: Uint8Array; signature: Uint8Array };
  events: { seq: Generated<number>; resource: string; type: string; data: string; at: string };
  /** What the service notes for itself (store/retention.ts). */
  marks: { name: string; value: string };
  tokens: {
    id: string;
    name: string;
    scope: string;
    /** SHA-256 of the secret. */
    hash: string;
    created_at: string;
    last_used_at: string | null;
    revoked_at: string | null;
  };
  webhooks: {
    id: string;
    endpoint: string;
    events: string;
    description: string | null;
    /** Signing needs it as it is: never shown again or logged. */
    secret: string;
    idempotency_key: string;
    state: string;
    reason: string | null;
    created_at: string;
  };
  deliveries: {
    /** The same at every attempt: receivers know a repetition by it. */
    id: string;
    webhook: string;
    type: string;
    /** The very bytes that are signed and sent. */
    payload: string;
    state: string;
    attempts: number;
    next_attempt_at: string | null;
    last_status: number | null;
    last_error: string | null;
    created_at: string;
    completed_at: string | null;
  };
}

export type Db = Kysely<Schema>;

/** Where a list stands that is ordered by time and then by id: its last row. */
export interface ListPlace {
  readonly createdAt: string;
  readonly id: string;
}

/** Another process holds the data directory. */
export class DirectoryInUse extends Error {}

/** The state holds remotes with their credentials, and the secrets of webhooks: nobody else may read it. */
export function prepareDirectory(data: string): void {
  mkdirSync(data, { recursive: true, mode: 0o700 });
}

/**
 * Takes the data directory for this process alone. The lock is an exclusive SQLite transaction on a file of its own: the kernel
 * releases it when the process ends in whatever way, so there is no stale lock to clean up after kill -9.
 * @returns a function that releases it.
 * @throws DirectoryInUse
 */
export function lockDirectory(data: string): () => void {
  prepareDirectory(data);
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

/** How long to wait for another program that writes to the state; nothing else is answered meanwhile. */
const LOCKED_MS = 500;

const LONGEST_LOG = 8000;

/** By the state, the same state for transactions that are not flushed. */
const UNFLUSHED = new WeakMap<Db, Db>();

/**
 * Opens (and migrates) the state of the service. What is written survives power loss once the write has resolved, which the promise
 * "accepted means kept" rests on. With synchronous=FULL SQLite itself would flush its log at each commit, while nothing else is
 * answered; with NORMAL (sqlite.org/pragma.html#pragma_synchronous) it only orders the log against the database, and the flush of the log is ours.
 */
export async function openDatabase(file: string): Promise<Db> {
  const sqlite = new SQLite(file, { timeout: LOCKED_MS });
  // Its journal gets the same mode. The directory may be older than this service, and open to others.
  if (file !== ":memory:") chmodSync(file, 0o600);
  sqlite.pragma("journal_mode = WAL");
  sqlite.pragma("synchronous = NORMAL");
  sqlite.pragma("foreign_keys = ON");
  // The flusher copies the log into the database; this is for when it cannot keep up. In pages.
  sqlite.pragma(`wal_autocheckpoint = ${LONGEST_LOG}`);
  // The first look into the file makes the log, which stays the same file until the state is closed.
  sqlite.prepare("SELECT count(*) FROM sqlite_schema").get();
  const flusher = file === ":memory:" ? NO_FLUSH : createFlusher(file);
  const state = shareState(sqlite);
  const db = new Kysely<Schema>({ dialect: new StateDialect(state, flusher) });
  UNFLUSHED.set(db, new Kysely<Schema>({ dialect: new StateDialect(state, NO_FLUSH) }));
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw error;
  }
  return db;
}

/**
 * A transaction that is not flushed to the disk when it ends: the next one that is takes it along. For what may be lost with the power,
 * such as progress; the end of the process loses nothing.
 */
export async function withoutFlush<T>(db: Db, work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> {
  return (UNFLUSHED.get(db) ?? db).transaction().execute(work);
}
