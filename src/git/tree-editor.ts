import { EMPTY_TREE } from "./oid.ts";
import { DIRECTORY_MODE, type RawEntry, type RawTree } from "./raw-tree.ts";

/** What becomes of one name in a directory: of the file there (untouched, removed or written), and of what lies below it. */
interface Edit {
  file: RawEntry | null | undefined;
  readonly below: Map<string, Edit>;
}

export interface TreeStore {
  /** @throws when the tree is missing. */
  read(tree: string): Promise<RawTree>;
  write(entries: RawTree): string;
}

function collect(files: ReadonlyMap<string, RawEntry | null>): Edit {
  const root: Edit = { file: undefined, below: new Map() };
  for (const [path, entry] of files) {
    const names = path.split("/");
    if (names.includes("") || path.includes("\0")) throw new TypeError(`not a path of a tree: ${JSON.stringify(path)}`);
    let edit = root;
    for (const name of names) {
      const next = edit.below.get(name) ?? { file: undefined, below: new Map() };
      edit.below.set(name, next);
      edit = next;
    }
    edit.file = entry;
  }
  return root;
}

function writesFile(edit: Edit): boolean {
  return Boolean(edit.file) || [...edit.below.values()].some(writesFile);
}

async function rebuild(store: TreeStore, tree: string, edits: ReadonlyMap<string, Edit>): Promise<string> {
  const entries = new Map(await store.read(tree));
  for (const [name, edit] of edits) {
    const old = entries.get(name);
    const wasDirectory = old?.mode === DIRECTORY_MODE;
    if (edit.file) {
      if ([...edit.below.values()].some(writesFile)) throw new TypeError(`both a file and a directory: ${JSON.stringify(name)}`);
      entries.set(name, edit.file);
      continue;
    }
    if (edit.file === null && !wasDirectory) entries.delete(name);
    if (edit.below.size === 0) continue;
    const oid = await rebuild(store, wasDirectory ? old.oid : EMPTY_TREE, edit.below);
    if (oid !== EMPTY_TREE) entries.set(name, { mode: DIRECTORY_MODE, oid });
    else if (wasDirectory) entries.delete(name);
  }
  return entries.size === 0 ? EMPTY_TREE : store.write(entries);
}

/**
 * Writes the tree that equals `tree` but for these paths: a file is written, replacing what stands in its way, and null removes one
 * (removing what is not there, or a directory, changes nothing). Only the directories on the way to a changed path are read and written;
 * a directory that becomes empty disappears, as git has it.
 * @throws TypeError when two paths need the same name as file and directory, or a path has an empty component.
 */
export async function editTree(store: TreeStore, tree: string, files: ReadonlyMap<string, RawEntry | null>): Promise<string> {
  return files.size === 0 ? tree : rebuild(store, tree, collect(files).below);
}
