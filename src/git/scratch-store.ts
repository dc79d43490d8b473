import * as fs from "node:fs";
import { join, resolve } from "node:path";
import { oidOf, writeLooseObject } from "./loose-object.ts";
import { DIRECTORY_MODE, encodeTree, type RawTree } from "./raw-tree.ts";

/**
 * A disposable bare repository for objects that are not history: synthetic commits, edited trees, results of merges. Its alternates name
 * the mirror's objects, so git sees both through it and never writes into the mirror.
 */
export interface ScratchStore {
  /** For git children: their new objects go here. */
  readonly env: Readonly<Record<string, string>>;
  /** A commit that says only: this tree, with this parent or none. The same arguments give the same oid. */
  writeCommit(tree: string, parent: string | null): string;
  /** Kept in memory until git is to read it, as trees are: most are only named. */
  writeBlob(bytes: Buffer): string;
  writeTree(entries: RawTree): string;
  /** A tree that is not on disk yet. */
  heldTree(oid: string): RawTree | undefined;
  heldBlob(oid: string): Buffer | undefined;
  /** Puts a tree, and what is held below it, where git sees it. */
  persist(tree: string): void;
  /** Forgets what is in memory alone, for when nobody has a name of it any more. */
  forget(): void;
}

const NOBODY = "backportd <backportd@localhost> 0 +0000";
/** Synthetic commits remembered, so that the base and target sides of many merges are written once. */
const REMEMBERED_COMMITS = 10_000;
/** Trees held in memory: about 20 MB of those above the files of a kernel. */
const HELD_TREES = 1000;
const HELD_BLOB_BYTES = 16 << 20;

/** Creates the store below `scratchDir`, which belongs to one caller; what an earlier one left there is removed. */
export function openScratchStore(gitDir: string, scratchDir: string): ScratchStore {
  const gitdir = resolve(scratchDir, "scratch.git");
  const objects = join(gitdir, "objects");
  fs.rmSync(gitdir, { recursive: true, force: true });
  for (const folder of ["objects/info", "objects/pack", "refs/heads"]) fs.mkdirSync(join(gitdir, folder), { recursive: true });
  fs.writeFileSync(join(gitdir, "HEAD"), "ref: refs/heads/none\n");
  fs.writeFileSync(join(objects, "info", "alternates"), `${resolve(gitDir, "objects")}\n`);
  const commits = new Map<string, string>();

  const trees = new Map<string, RawTree>();
  const blobs = new Map<string, Buffer>();
  let blobBytes = 0;

  function persist(tree: string): void {
    const entries = trees.get(tree);
    if (entries === undefined) return;
    for (const { mode, oid } of entries.values()) {
      if (mode === DIRECTORY_MODE) persist(oid);
      else if (blobs.has(oid)) persistBlob(oid);
    }
    trees.delete(tree);
    writeLooseObject(objects, "tree", encodeTree(entries), tree);
  }

  function persistBlob(oid: string): void {
    const bytes = blobs.get(oid);
    if (bytes === undefined) return;
    blobs.delete(oid);
    blobBytes -= bytes.length;
    writeLooseObject(objects, "blob", bytes, oid);
  }

  function writeTree(entries: RawTree): string {
    for (const tree of trees.size < HELD_TREES ? [] : [...trees.keys()]) persist(tree);
    const oid = oidOf("tree", encodeTree(entries));
    trees.set(oid, entries);
    return oid;
  }

  function writeBlob(bytes: Buffer): string {
    const oid = oidOf("blob", bytes);
    if (blobs.has(oid)) return oid;
    blobs.set(oid, bytes);
    blobBytes += bytes.length;
    for (const oldest of blobBytes <= HELD_BLOB_BYTES ? [] : [...blobs.keys()]) persistBlob(oldest);
    return oid;
  }

  function writeCommit(tree: string, parent: string | null): string {
    const key = `${tree} ${parent}`;
    const known = commits.get(key);
    if (known !== undefined) return known;
    persist(tree);
    const parentLine = parent === null ? "" : `parent ${parent}\n`;
    const body = Buffer.from(`tree ${tree}\n${parentLine}author ${NOBODY}\ncommitter ${NOBODY}\n\n`);
    const oid = oidOf("commit", body);
    writeLooseObject(objects, "commit", body, oid);
    if (commits.size >= REMEMBERED_COMMITS) commits.clear();
    commits.set(key, oid);
    return oid;
  }

  return {
    env: { GIT_OBJECT_DIRECTORY: objects },
    writeCommit,
    writeBlob,
    writeTree,
    heldTree: (oid) => trees.get(oid),
    heldBlob: (oid) => blobs.get(oid),
    persist,
    forget: () => {
      trees.clear();
      blobs.clear();
      blobBytes = 0;
    },
  };
}
