import { countLog, rawLog, shallowBoundary } from "../git/log-stream.ts";
import type { OwnConvention } from "../rules/own-conventions.ts";
import type { ReportProgress, TreeRole } from "../schema/common.ts";
import { childless, loadGraph, numLookup, reachableBits } from "./commit-graph.ts";
import { type IndexDatabase, IndexUnusable, isDamage, openForWriting, removeIndex } from "./index-file.ts";
import { COMMIT_INDEXES } from "./index-schema.ts";
import { addRenames } from "./ingest-renames.ts";
import { stageProgress } from "./progress.ts";
import { type ReferenceReader, referenceReader, rereadReferences } from "./references.ts";
import { writeBatch } from "./write-batch.ts";
import { commitWriter } from "./write-commits.ts";

export interface IngestTree {
  readonly id: string;
  readonly role: TreeRole;
  readonly headOid: string;
}

export interface IngestOptions {
  /** The bare repository that holds all trees. */
  readonly gitDir: string;
  /** The index file; created when it does not exist. One process may write to it at a time. */
  readonly indexPath: string;
  readonly trees: readonly IngestTree[];
  /** The user's own conventions of references, beside the built-in ones. When they have changed, all references are read again. */
  readonly conventions?: readonly OwnConvention[];
  readonly signal?: AbortSignal | undefined;
  readonly report: ReportProgress;
  readonly log?: (message: string) => void;
  /** Items of one transaction; the defaults are for kernels. */
  readonly batchSize?: number;
}

/** Commits of one transaction: large, because every transaction rewrites pages all over the tables of paths and words. */
const BATCH = 20_000;

/** Opens the index for writing; one that cannot be used, or that was built from another shallow boundary, is removed and begun anew. */
function openOrRebuild(options: IngestOptions, shallow: string): IndexDatabase {
  let db: IndexDatabase | null = null;
  try {
    db = openForWriting(options.indexPath);
    const known = db.prepare("SELECT value FROM meta WHERE key = 'shallow'").pluck().get();
    if (known === shallow) return db;
    if (known === undefined) {
      db.prepare("INSERT INTO meta VALUES ('shallow', ?)").run(shallow);
      return db;
    }
    options.log?.("the shallow boundary moved: building the history index anew");
  } catch (error) {
    if (!(error instanceof IndexUnusable)) throw error;
    options.log?.(error.message);
  }
  db?.close();
  removeIndex(options.indexPath);
  return openOrRebuild(options, shallow);
}

/**
 * The first pass: every commit reachable from the heads that the index does not have, with its message, paths and references, then the
 * renames among them, and the reachability of each head. What is indexed always holds all its ancestors, so an interrupted run is
 * completed by the next one.
 *
 * @throws GitError when git cannot read the history; the commits indexed so far stay
 * @throws RangeError when a head is not in the repository
 */
export async function ingestHistory(options: IngestOptions): Promise<void> {
  try {
    await fillIndex(options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    options.log?.("the history index is damaged: building it anew");
    removeIndex(options.indexPath);
    await fillIndex(options);
  }
}

async function fillIndex(options: IngestOptions): Promise<void> {
  const boundary = await shallowBoundary(options.gitDir);
  const db = openOrRebuild(options, [...boundary].sort().join(" "));
  try {
    const references = referenceReader(options.conventions ?? []);
    if (await rereadReferences(db, references, options)) options.log?.("the conventions of references changed: messages were read again");
    await addCommits(options, db, boundary, references);
    await addRenames(options, db);
    storeHeads(options, db);
  } finally {
    db.close();
  }
}

async function addCommits(
  options: IngestOptions,
  db: IndexDatabase,
  boundary: ReadonlySet<string>,
  references: ReferenceReader,
): Promise<void> {
  const oidOf = db.prepare("SELECT lower(hex(oid)) FROM commits WHERE num = ?").pluck();
  const not = childless(loadGraph(db)).map((num) => String(oidOf.get(num)));
  const range = { gitDir: options.gitDir, tips: options.trees.map((tree) => tree.headOid), not, signal: options.signal };
  const progress = stageProgress("history", options.report, null);
  // The count only serves the progress bar: what goes wrong with it, goes wrong with the log too.
  const counted = countLog(range).then(progress.setTotal, () => {});

  if (not.length > 0) db.exec(COMMIT_INDEXES);
  const { write, flush } = commitWriter(db, boundary, references.read);
  const batch = writeBatch(db, options.batchSize ?? BATCH, flush);
  let done = 0;
  try {
    for await (const commit of rawLog(range)) {
      write(commit);
      batch.added();
      done += 1;
      progress.update(done);
    }
    batch.commit();
    db.exec(COMMIT_INDEXES);
  } finally {
    batch.abandon();
    await counted;
  }
  progress.end(done);
}

/** Stores the reachability of the heads, and drops that of former heads. */
function storeHeads(options: IngestOptions, db: IndexDatabase): void {
  const graph = loadGraph(db);
  const nums = numLookup(db);
  const insert = db.prepare("INSERT OR REPLACE INTO heads VALUES (?, ?)");
  db.transaction(() => {
    db.exec("DELETE FROM heads");
    for (const { headOid } of options.trees) {
      insert.run(Buffer.from(headOid, "hex"), reachableBits(graph, nums.get(headOid)));
    }
  }).immediate();
}
