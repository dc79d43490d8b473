import { createHash } from "node:crypto";
import Database from "better-sqlite3";
import { unpack } from "../src/history/packed.ts";
import { unpackAscending } from "../src/source/varints.ts";

type Row = readonly (string | number | Buffer | null)[];

/**
 * What the rows of a history index say, whatever the numbers of their commits, paths, people and functions: an interrupted build may number
 * them otherwise. A digest of each table is the sum of the digests of its rows, so the order of rows does not count.
 */
const ROWS: Readonly<Record<string, string>> = {
  commits: `SELECT c.oid, p.name, p.email, c.author_date, c.committer_date, c.subject FROM commits c JOIN people p ON p.id = c.author`,
  parents: `SELECT c.oid, t.position, p.oid FROM parents t JOIN commits c ON c.num = t.child JOIN commits p ON p.num = t.parent`,
  links: `SELECT c.oid, l.kind, l.id, l.text FROM links l JOIN commits c USING (num)`,
  renames: `SELECT c.oid, p.path, s.path FROM renames r JOIN commits c USING (num) JOIN paths p ON p.id = r.path JOIN paths s ON s.id = r.source`,
  patches: `SELECT c.oid, t.patch_id, t.changed_lines FROM patches t JOIN commits c USING (num)`,
  commitFunctions: `SELECT c.oid, p.path, f.name FROM commit_functions t JOIN commits c USING (num) JOIN paths p ON p.id = t.path JOIN functions f ON f.id = t.function`,
  functionCommits: `SELECT f.name, c.oid, p.path FROM function_commits t JOIN commits c USING (num) JOIN paths p ON p.id = t.path JOIN functions f ON f.id = t.function`,
  meta: "SELECT key, value FROM meta",
};

/** Sums of 32-bit numbers, kept apart from each other in two halves so that a pair of errors does not cancel out. */
class Sum {
  #low = 0;
  #high = 0;
  #rows = 0;
  add(hash: number): void {
    this.#low = (this.#low + hash) >>> 0;
    this.#high = (this.#high + Math.imul(hash ^ 0x9e3779b9, hash | 1)) >>> 0;
    this.#rows += 1;
  }
  toString(): string {
    return `${this.#rows} rows, ${this.#low.toString(16)}-${this.#high.toString(16)}`;
  }
}

function hashOf(row: Row): number {
  const hash = createHash("sha1");
  for (const value of row) hash.update(value === null ? "\0null" : Buffer.isBuffer(value) ? value : String(value)).update("\0");
  return hash.digest().readUInt32LE(0);
}

/** The contents of a history index, one line for each table. About a minute for a kernel. */
export function historyDigest(path: string): string[] {
  const db = new Database(path, { readonly: true });
  try {
    const lines = Object.entries(ROWS).map(([name, query]) => `${name}: ${sumOf(db.prepare(query).raw().iterate() as Iterable<Row>)}`);
    const oids = new Map(db.prepare("SELECT num, oid FROM commits").raw().iterate() as Iterable<[number, Buffer]>);
    const paths = new Map(db.prepare("SELECT id, path FROM paths").raw().iterate() as Iterable<[number, string]>);
    return [
      ...lines,
      `paths: ${sumOf(packedRows(db, "SELECT oid, paths FROM commits", (id) => paths.get(id)))}`,
      `path commits: ${sumOf(packedRows(db, "SELECT p.path, t.nums FROM path_commits t JOIN paths p ON p.id = t.path", (num) => oids.get(num)))}`,
      `heads: ${sumOf(heads(db, oids))}`,
      ...["messages", "identifiers"].map((table) => `${table}: ${words(db, table, oids)}`),
    ];
  } finally {
    db.close();
  }
}

function sumOf(rows: Iterable<Row>): string {
  const sum = new Sum();
  for (const row of rows) sum.add(hashOf(row));
  return sum.toString();
}

/** One row for each number of a packed list. */
function* packedRows(db: Database.Database, query: string, meaning: (num: number) => string | Buffer | undefined): Generator<Row> {
  for (const [key, packed] of db.prepare(query).raw().iterate() as Iterable<[string | Buffer, Buffer]>) {
    for (const num of unpack(packed)) yield [key, meaning(num) ?? null];
  }
}

function* heads(db: Database.Database, oids: ReadonlyMap<number, Buffer>): Generator<Row> {
  for (const [head, bits] of db.prepare("SELECT oid, reachable FROM heads").raw().iterate() as Iterable<[Buffer, Buffer]>) {
    for (const [num, oid] of oids) if (((bits[num >> 3] ?? 0) >> (num & 7)) & 1) yield [head, oid];
  }
}

/** Every word with every commit that has it. A kernel has 14 million pairs, so a word is hashed once, and joined with a number of each commit. */
function words(db: Database.Database, table: string, oids: ReadonlyMap<number, Buffer>): string {
  const salts = new Map([...oids].map(([num, oid]) => [num, oid.readUInt32LE(0)]));
  db.exec(`CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, ${table}, instance)`);
  const sum = new Sum();
  let last = "";
  let hash = 0;
  for (const [term, num, column, place] of db.prepare("SELECT term, doc, col, offset FROM temp.words").raw().iterate() as Iterable<
    [string, number, string, number | null]
  >) {
    if (term !== last) hash = hashOf([term]);
    last = term;
    const salt = Math.imul((salts.get(num) ?? 0) ^ (column.charCodeAt(0) << 8), 0x85ebca6b) ^ (place ?? 0);
    sum.add(Math.imul(hash ^ salt, 0xc2b2ae35) >>> 0);
  }
  db.exec("DROP TABLE temp.words");
  return sum.toString();
}

/** The contents of a source index whose blobs were perhaps numbered otherwise. */
export function sourceDigest(path: string): string[] {
  const db = new Database(path, { readonly: true });
  try {
    const oids = new Map(db.prepare("SELECT num, oid FROM blobs").raw().iterate() as Iterable<[number, Buffer]>);
    const postings = new Sum();
    const query = "SELECT name, first, holders, definers FROM postings";
    for (const [name, first, ...lists] of db.prepare(query).raw().iterate() as Iterable<[string, number, Buffer, Buffer]>) {
      const hash = hashOf([name]);
      for (const [which, list] of lists.entries()) {
        for (const blob of unpackAscending(list, first))
          postings.add(Math.imul(hash ^ (oids.get(blob)?.readUInt32LE(0) ?? 0), 0x85ebca6b + which) >>> 0);
      }
    }
    const trees = db.prepare("SELECT oid, files FROM trees").raw().iterate() as Iterable<[Buffer, string]>;
    const files = new Sum();
    for (const [tree, text] of trees) {
      const { paths, blobs } = JSON.parse(text) as { paths: string[]; blobs: (number | null)[] };
      for (const [at, file] of paths.entries()) files.add(hashOf([tree, file, oids.get(blobs[at] ?? -1) ?? null]));
    }
    return [`blobs: ${sumOf([...oids.values()].map((oid) => [oid]))}`, `names: ${postings}`, `files: ${files}`];
  } finally {
    db.close();
  }
}
