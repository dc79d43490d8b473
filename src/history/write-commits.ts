import type { RawCommit, TouchedPath } from "../git/log-stream.ts";
import { numLookup } from "./commit-graph.ts";
import type { IndexDatabase } from "./index-file.ts";
import { pack } from "./packed.ts";
import { linkWriter, type ReferenceReader } from "./references.ts";

/** A copy that does not keep alive the large string it was cut from. */
function own(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

/** Hands out the row id of a name, adding a row for a new one. `rows` are those that exist. */
export function dictionary(
  rows: Iterable<readonly [id: number, ...names: string[]]>,
  insert: (...names: string[]) => number,
): (...names: string[]) => number {
  const ids = new Map<string, number>();
  for (const [id, ...names] of rows) ids.set(names.join("\0"), id);
  return (...names) => {
    const key = names.join("\0");
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = insert(...names);
    ids.set(own(key), id);
    return id;
  };
}

/** A dictionary over a table of (id, ...names). */
export function tableDictionary(db: IndexDatabase, table: string, columns: readonly string[]): (...names: string[]) => number {
  const insert = db.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`);
  const rows = db
    .prepare(`SELECT id, ${columns.join(", ")} FROM ${table}`)
    .raw()
    .iterate() as IterableIterator<[number, ...string[]]>;
  return dictionary(rows, (...names) => Number(insert.run(...names).lastInsertRowid));
}

/** The subject is the first paragraph in one line, as git's `%s`; the body is what follows. */
export function splitMessage(message: string): { readonly subject: string; readonly body: string } {
  const subject: string[] = [];
  let at = 0;
  while (at < message.length) {
    const newline = message.indexOf("\n", at);
    const end = newline === -1 ? message.length : newline;
    const line = message.slice(at, end).trimEnd();
    if (line === "" && subject.length > 0) break;
    if (line !== "") subject.push(line);
    at = end + 1;
  }
  return { subject: subject.join(" "), body: message.slice(at) };
}

/** Every directory above the paths, with its slash: `fs/`, `fs/nfsd/`. */
export function directoriesOf(paths: Iterable<string>): Set<string> {
  const directories = new Set<string>();
  for (const path of paths) {
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const directory = path.slice(0, slash + 1);
      if (directories.has(directory)) break;
      directories.add(directory);
    }
  }
  return directories;
}

/** git can only find a rename where one file is added and another one deleted. */
function mayRename(touched: readonly TouchedPath[]): boolean {
  return touched.some(({ status }) => status === "A") && touched.some(({ status }) => status === "D");
}

/** Twenty bytes as a string: a small key that shares no memory with what it was made from. */
function oidKey(oid: string): string {
  return Buffer.from(oid, "hex").toString("latin1");
}

export interface CommitWriter {
  /** Writes one commit, whose parents must have been written before; one that is already in the index is left as it is. */
  readonly write: (commit: RawCommit) => void;
  /** Writes what was collected over several commits; must be called before the end of each transaction. */
  readonly flush: () => void;
}

/**
 * Prepares the writing of commits.
 *
 * @param boundary commits whose parents a shallow clone cut off: their touched paths are not taken
 * @param read reads the references of a message
 */
export function commitWriter(db: IndexDatabase, boundary: ReadonlySet<string>, read: ReferenceReader["read"]): CommitWriter {
  const person = tableDictionary(db, "people", ["name", "email"]);
  const path = tableDictionary(db, "paths", ["path"]);
  const insertCommit = db.prepare("INSERT OR IGNORE INTO commits VALUES (?, ?, ?, ?, ?, ?, ?)");
  const insertParent = db.prepare("INSERT INTO parents VALUES (?, ?, ?)");
  const insertPathCommits = db.prepare("INSERT INTO path_commits VALUES (?, ?, ?)");
  const insertRenameToFind = db.prepare("INSERT INTO renames_to_find VALUES (?)");
  const writeLinks = linkWriter(db, read);
  const insertMessage = db.prepare("INSERT INTO messages (rowid, subject, body) VALUES (?, ?, ?)");
  const indexed = numLookup(db);
  const written = new Map<string, number>();
  let pathCommits = new Map<number, number[]>();
  let last = Number(db.prepare("SELECT ifnull(max(num), 0) FROM commits").pluck().get());

  function numOf(oid: string): number | undefined {
    return written.get(oidKey(oid)) ?? indexed.find(oid);
  }

  function collect(pathId: number, num: number): void {
    const nums = pathCommits.get(pathId);
    if (nums === undefined) pathCommits.set(pathId, [num]);
    else nums.push(num);
  }

  function write(commit: RawCommit): void {
    const num = last + 1;
    const touched = boundary.has(commit.oid) ? [] : commit.touched;
    const paths = touched.map((file) => path(file.path));
    const { subject, body } = splitMessage(commit.message);
    const author = person(commit.authorName, commit.authorEmail);
    const oid = Buffer.from(commit.oid, "hex");
    const inserted = insertCommit.run(num, oid, author, commit.authorDate, commit.committerDate, subject, pack(paths));
    if (inserted.changes === 0) return;
    last = num;
    written.set(oidKey(commit.oid), num);
    for (const [position, parent] of commit.parents.entries()) {
      const parentNum = numOf(parent);
      if (parentNum !== undefined) insertParent.run(num, position, parentNum);
    }
    for (const id of paths) collect(id, num);
    if (mayRename(touched)) insertRenameToFind.run(num);
    for (const directory of directoriesOf(touched.map((file) => file.path))) collect(path(directory), num);
    writeLinks(num, commit.message);
    insertMessage.run(num, subject, body);
  }

  function flush(): void {
    for (const pathId of [...pathCommits.keys()].sort((a, b) => a - b)) {
      const nums = pathCommits.get(pathId) ?? [];
      insertPathCommits.run(pathId, nums[0], pack(nums));
    }
    pathCommits = new Map();
  }
  return { write, flush };
}
