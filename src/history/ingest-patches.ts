import { type PatchText, patches } from "../git/patch-stream.ts";
import { changeFacts } from "../patch/change-facts.ts";
import { patchId } from "../patch/patch-id.ts";
import { difference, loadGraph, numLookup, reachableBits } from "./commit-graph.ts";
import { type IndexDatabase, openForWriting } from "./index-file.ts";
import type { IngestOptions, IngestTree } from "./ingest.ts";
import { exactToken } from "./search-terms.ts";
import { tableDictionary } from "./write-commits.ts";
import { writeFound } from "./write-found.ts";

/**
 * The second pass: patch-ids, functions and identifiers of the commits that matter, which are those that an upstream tree has and a
 * vendor tree lacks, and the reverse, for every such pair. Commits whose patch is known are left out. Needs the first pass.
 *
 * @throws GitError when git fails for another reason than a missing object; the patches indexed so far stay
 * @throws RangeError when the first pass has not indexed a head
 */
export async function ingestPatches(options: IngestOptions): Promise<void> {
  const db = openForWriting(options.indexPath);
  try {
    await addPatches(options, db);
  } finally {
    db.close();
  }
}

/** Commits that matter and whose patch is not indexed, parents first. */
function wanted(db: IndexDatabase, trees: readonly IngestTree[]): { readonly num: number; readonly oid: string }[] {
  const graph = loadGraph(db);
  const heads = numLookup(db);
  const bitsOf = (tree: IngestTree) => reachableBits(graph, heads.get(tree.headOid));
  const vendors = trees.filter((tree) => tree.role === "vendor").map(bitsOf);
  const upstreams = trees.filter((tree) => tree.role !== "vendor").map(bitsOf);
  const nums = new Set<number>();
  for (const vendor of vendors) {
    for (const upstream of upstreams) {
      for (const num of difference(graph, [vendor], [upstream])) nums.add(num);
      for (const num of difference(graph, [upstream], [vendor])) nums.add(num);
    }
  }
  for (const num of db.prepare("SELECT num FROM patches").pluck().iterate() as IterableIterator<number>) nums.delete(num);
  const oidOf = db.prepare("SELECT lower(hex(oid)) FROM commits WHERE num = ?").pluck();
  return [...nums].sort((a, b) => a - b).map((num) => ({ num, oid: String(oidOf.get(num)) }));
}

async function addPatches(options: IngestOptions, db: IndexDatabase): Promise<void> {
  const commits = wanted(db, options.trees);
  const write = patchWriter(db);
  const missing = await writeFound(options, db, {
    stage: "patches",
    numOf: new Map(commits.map(({ num, oid }) => [oid, num])),
    found: patches({ gitDir: options.gitDir, oids: commits.map(({ oid }) => oid), signal: options.signal }),
    write: (num, patch) => {
      if (patch.state !== "missing") write(num, patch);
    },
  });
  if (missing > 0) options.log?.(`${missing} patches could not be read: the repository lacks objects`);
}

function patchWriter(db: IndexDatabase): (num: number, patch: PatchText) => void {
  const path = tableDictionary(db, "paths", ["path"]);
  const functionId = tableDictionary(db, "functions", ["name"]);
  const insertPatch = db.prepare("INSERT INTO patches VALUES (?, ?, ?)");
  const insertCommitFunction = db.prepare("INSERT INTO commit_functions VALUES (?, ?, ?)");
  const insertFunctionCommit = db.prepare("INSERT INTO function_commits VALUES (?, ?, ?)");
  const insertIdentifiers = db.prepare("INSERT INTO identifiers (rowid, added, removed) VALUES (?, ?, ?)");
  const column = (names: readonly string[]) => names.map(exactToken).join(" ");

  return (num, patch) => {
    const facts = changeFacts(patch.text);
    const id = patch.state === "whole" ? patchId(patch.text) : null;
    insertPatch.run(num, id === null ? null : Buffer.from(id, "hex"), facts.changedLines);
    for (const change of facts.functions) {
      const names = [path(change.path), functionId(change.function)] as const;
      insertCommitFunction.run(num, names[0], names[1]);
      insertFunctionCommit.run(names[1], num, names[0]);
    }
    insertIdentifiers.run(num, column(facts.added), column(facts.removed));
  };
}
