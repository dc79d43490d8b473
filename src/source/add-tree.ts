import { isOid } from "../git/oid.ts";
import type { ReportProgress } from "../schema/common.ts";
import type { SourceDatabase } from "./index-file.ts";
import type { EnsureOptions, SourceRepository } from "./source-index.ts";
import { type TokenTable, tokenTable } from "./token-table.ts";
import { saveTree } from "./tree-reads.ts";
import { packAscending } from "./varints.ts";

/** Regular files; git grep does not look into links either. */
const REGULAR = /^100/;
const SOURCE_FILE = /\.[chS]$/;
/** Blobs asked of git at once; the next ones are on their way while these are scanned. */
const READ_AHEAD = 256;
/** Identifiers of blobs in one transaction: about 200 MB of memory; a kernel has 8 million and more. */
const MOST_PAIRS = 4_000_000;
/** git takes a file with a NUL in its beginning for a binary one. */
const BINARY_PROBE = 8000;

/** Adds a tree and those of its blobs that no earlier tree had. */
export async function addTree(db: SourceDatabase, repo: SourceRepository, tree: string, options: EnsureOptions): Promise<void> {
  if (!isOid(tree)) throw new TypeError(`not an object id: ${tree}`);
  const entries = (await repo.list(tree)).filter((entry) => REGULAR.test(entry.mode) && SOURCE_FILE.test(entry.path));
  const known = new Map(
    db.prepare("SELECT lower(hex(oid)), num FROM blobs").raw().iterate() as IterableIterator<[oid: string, num: number]>,
  );
  const wanted = [...new Set(entries.map((entry) => entry.oid))].filter((oid) => !known.has(oid));
  await addBlobs(db, repo, wanted, known, options);
  saveTree(
    db,
    tree,
    entries.map((entry) => ({ path: entry.path, blob: known.get(entry.oid) ?? null })),
  );
}

/** Reads the blobs and writes their identifiers; adds their numbers to `known`. A blob that the repository lacks is left out. */
async function addBlobs(
  db: SourceDatabase,
  repo: SourceRepository,
  oids: readonly string[],
  known: Map<string, number>,
  { report = () => {}, signal }: EnsureOptions,
): Promise<void> {
  const writer = blobWriter(db);
  let batch = new Map<string, number>();
  let table = tokenTable();
  const flush = () => {
    writer.write(batch, table);
    for (const [oid, num] of batch) known.set(oid, num);
    batch = new Map();
    table = tokenTable();
  };
  const read = (from: number) => Promise.all(oids.slice(from, from + READ_AHEAD).map((oid) => repo.blob(oid)));
  let next = read(0);
  for (let from = 0; from < oids.length; from += READ_AHEAD) {
    signal?.throwIfAborted();
    const blobs = await next;
    next = read(from + READ_AHEAD);
    // When the loop ends early, nobody awaits the blobs that are on their way.
    next.catch(() => {});
    for (const [at, bytes] of blobs.entries()) {
      const oid = oids[from + at];
      if (bytes === null || oid === undefined) continue;
      const num = writer.nextNum();
      batch.set(oid, num);
      if (!bytes.subarray(0, BINARY_PROBE).includes(0)) table.add(bytes, num);
    }
    if (table.pairs() > MOST_PAIRS) flush();
    tell(report, from, oids.length);
  }
  flush();
  tell(report, oids.length, oids.length);
}

function tell(report: ReportProgress, done: number, total: number): void {
  report({ stage: "sources", done, total });
}

interface BlobWriter {
  readonly nextNum: () => number;
  readonly write: (blobs: ReadonlyMap<string, number>, table: TokenTable) => void;
}

function blobWriter(db: SourceDatabase): BlobWriter {
  let last = Number(db.prepare("SELECT ifnull(max(num), 0) FROM blobs").pluck().get());
  const insertBlob = db.prepare("INSERT INTO blobs VALUES (?, ?)");
  const insertPosting = db.prepare("INSERT INTO postings VALUES (?, ?, ?, ?)");
  const write = db.transaction((blobs: ReadonlyMap<string, number>, table: TokenTable) => {
    for (const [oid, num] of blobs) insertBlob.run(num, Buffer.from(oid, "hex"));
    for (const { name, holders, definers } of table.postings()) {
      const first = holders[0] ?? 0;
      insertPosting.run(name, first, packAscending(holders, first), packAscending(definers, first));
    }
  });
  return {
    nextNum: () => {
      last += 1;
      return last;
    },
    write: (blobs, table) => write.immediate(blobs, table),
  };
}
