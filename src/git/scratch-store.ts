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
  writeBlob(bytes: Buffer): string;
  /** Kept in memory until git is to read it: most trees are only named. */
  writeTree(entries: RawTree): string;
  /** A tree that is not on disk yet. */
  heldTree(oid: string): RawTree | undefined;
  /** Puts a tree, and those below it that are held too, where git sees them. */
  persist(tree: string): void;
}

const NOBODY = "backportd <backportd@localhost> 0 +0000";
/** Synthetic commits remembered, so that the base and target sides of many merges are written once. */
const REMEMBERED_COMMITS = 10_000;
/** Trees held in memory: about 20 MB of those above the files of a kernel. */
const HELD_TREES = 1000;

/** Creates the store below `scratchDir`, which belongs to one caller; what an earlier one left there is removed. */
export function openScratchStore(gitDir: string, scratchDir: string): ScratchStore {
  const gitdir = resolve(scratchDir, "scratch.git");
  const objects = join(gitdir, "objects");
  fs.rmSync(gitdir, { recursive: true, force: true });
  for (const folder of ["objects/info", "objects/pack", "refs/heads"]) fs.mkdirSync(join(gitdir, folder), { recursive: true });
  fs.writeFileSync(join(gitdir, "HEAD"), "ref: refs/heads/none\n");
  fs.writeFileSync(join(objects, "info", "alternates"), `${resolve(gitDir, "objects")}\n`);
  const commits = new Map<string, string>();

  const held = new Map<string, RawTree>();

  function persist(tree: string): void {
    const entries = held.get(tree);
    if (entries === undefined) return;
    for (const entry of entries.values()) if (entry.mode === DIRECTORY_MODE) persist(entry.oid);
    held.delete(tree);
    writeLooseObject(objects, "tree", encodeTree(entries));
  }

  function writeTree(entries: RawTree): string {
    for (const tree of held.size < HELD_TREES ? [] : [...held.keys()]) persist(tree);
    const oid = oidOf("tree", encodeTree(entries));
    held.set(oid, entries);
    return oid;
  }

  function writeCommit(tree: string, parent: string | null): string {
    const key = `${tree} ${parent}`;
    const known = commits.get(key);
    if (known !== undefined) return known;
    persist(tree);
    const parentLine = parent === null ? "" : `parent ${parent}\n`;
    const oid = writeLooseObject(objects, "commit", Buffer.from(`tree ${tree}\n${parentLine}author ${NOBODY}\ncommitter ${NOBODY}\n\n`));
    if (commits.size >= REMEMBERED_COMMITS) commits.clear();
    commits.set(key, oid);
    return oid;
  }

  return {
    env: { GIT_OBJECT_DIRECTORY: objects },
    writeCommit,
    writeBlob: (bytes) => writeLooseObject(objects, "blob", bytes),
    writeTree,
    heldTree: (oid) => held.get(oid),
    persist,
  };
}
