import * as fs from "node:fs";
import { join, resolve } from "node:path";
import git from "isomorphic-git";
import { writeLooseObject } from "./loose-object.ts";
import { encodeTree, type RawTree } from "./raw-tree.ts";

/**
 * A disposable bare repository for objects that are not history: synthetic commits, edited trees, results of merges. Its alternates name
 * the mirror's objects, so git sees both through it and never writes into the mirror.
 */
export interface ScratchStore {
  /** For git children: their new objects go here. */
  readonly env: Readonly<Record<string, string>>;
  /** A commit that says only: this tree, with this parent or none. The same arguments give the same oid. */
  writeCommit(tree: string, parent: string | null): string;
  writeBlob(bytes: Buffer): Promise<string>;
  writeTree(entries: RawTree): Promise<string>;
}

const NOBODY = "backportd <backportd@localhost> 0 +0000";
/** Synthetic commits remembered, so that the base and target sides of many merges are written once. */
const REMEMBERED_COMMITS = 10_000;

let temporaryFiles = 0;

/** isomorphic-git writes objects in place; through this, a git child never sees half of one. */
async function writeFileAtomically(path: string, data: Uint8Array | string, options?: fs.WriteFileOptions): Promise<void> {
  temporaryFiles += 1;
  const temporary = `${path}.${temporaryFiles}.tmp`;
  await fs.promises.writeFile(temporary, data, options);
  await fs.promises.rename(temporary, path);
}

const atomicFs = { promises: { ...fs.promises, writeFile: writeFileAtomically } };

/** Creates the store below `scratchDir`, which belongs to one caller; what an earlier one left there is removed. */
export function openScratchStore(gitDir: string, scratchDir: string): ScratchStore {
  const gitdir = resolve(scratchDir, "scratch.git");
  const objects = join(gitdir, "objects");
  fs.rmSync(gitdir, { recursive: true, force: true });
  for (const folder of ["objects/info", "objects/pack", "refs/heads"]) fs.mkdirSync(join(gitdir, folder), { recursive: true });
  fs.writeFileSync(join(gitdir, "HEAD"), "ref: refs/heads/none\n");
  fs.writeFileSync(join(objects, "info", "alternates"), `${resolve(gitDir, "objects")}\n`);
  const commits = new Map<string, string>();

  function writeCommit(tree: string, parent: string | null): string {
    const key = `${tree} ${parent}`;
    const known = commits.get(key);
    if (known !== undefined) return known;
    const parentLine = parent === null ? "" : `parent ${parent}\n`;
    const oid = writeLooseObject(objects, "commit", `tree ${tree}\n${parentLine}author ${NOBODY}\ncommitter ${NOBODY}\n\n`);
    if (commits.size >= REMEMBERED_COMMITS) commits.clear();
    commits.set(key, oid);
    return oid;
  }

  const write = (type: "blob" | "tree", object: Uint8Array) => git.writeObject({ fs: atomicFs, gitdir, type, object, format: "content" });

  return {
    env: { GIT_OBJECT_DIRECTORY: objects },
    writeCommit,
    writeBlob: (bytes) => write("blob", bytes),
    writeTree: (entries) => write("tree", encodeTree(entries)),
  };
}
