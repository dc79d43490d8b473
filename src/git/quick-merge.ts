import { DIRECTORY_MODE, type RawEntry, type RawTree } from "./raw-tree.ts";
import type { MergeConflict, MergeResult } from "./repository.ts";
import { changesBetween, type TreeChange } from "./tree-changes.ts";
import { editTree } from "./tree-editor.ts";

/** Larger changes are left to git: they are rare, and mostly renames. */
const MOST_FILES = 100;
const FILE_MODES: ReadonlySet<string> = new Set(["100644", "100755"]);

export interface QuickMergeStore {
  /** @throws when the tree is missing. */
  read(tree: string): Promise<RawTree>;
  write(entries: RawTree): string;
  /** git's own merge of three trees. */
  merge(base: string, ours: string, theirs: string): Promise<MergeResult>;
}

/** Versions of one file that both sides changed. */
interface BothChanged {
  readonly path: string;
  readonly mode: string;
  readonly base: RawEntry;
  readonly ours: RawEntry;
  readonly theirs: RawEntry;
}

/**
 * A merge of three trees that no rename can touch, without looking at more of them than their change: files that only they changed are taken as
 * they are, files that both changed are merged by git in small trees of their own, where it finds nothing else to compare. Null where a rename, or
 * a file in the place of a directory, might matter; git must merge the whole trees then.
 *
 * Why no rename matters: git follows a rename on our side only from a file that their side changed and ours lacks, and into directories only when
 * ours lacks one that the base has; on their side only when they both remove and add (merge-ort.c, detect_regular_renames and
 * handle_directory_level_conflicts).
 */
export async function quickMerge(store: QuickMergeStore, base: string, ours: string, theirs: string): Promise<MergeResult | null> {
  const changes = await changesBetween(store.read, base, theirs, MOST_FILES);
  if (changes === null || (changes.some((one) => one.from === null) && changes.some((one) => one.to === null))) return null;
  const edits = new Map<string, RawEntry | null>();
  const both: BothChanged[] = [];
  for (const change of changes) {
    const taken = await takeChange(store, change, base, ours);
    if (taken === null) return null;
    if ("base" in taken) both.push(taken);
    else edits.set(change.path, taken.entry);
  }
  const sides = { base, ours, theirs };
  const conflicts =
    both.length === 0 ? [] : ((await mergeDirectory(store, both, edits, sides)) ?? (await mergeContents(store, both, edits)));
  if (conflicts === null) return null;
  return { clean: conflicts.length === 0, tree: await editTree(store, ours, edits), conflicts };
}

/** What becomes of one file; null when git must say. */
async function takeChange(
  store: QuickMergeStore,
  { path, from, to }: TreeChange,
  base: string,
  ours: string,
): Promise<BothChanged | { readonly entry: RawEntry | null } | null> {
  const mine = await entryAt(store, ours, path);
  if (from === null) {
    if (mine === undefined && (await hasSameDirectories(store, path, base, ours))) return { entry: to };
    return isSame(mine, to) ? { entry: to } : null;
  }
  if (mine === undefined || mine === "beyond") return null;
  if (isSame(mine, from)) return { entry: to };
  if (to === null || ![from, to, mine].every((entry) => FILE_MODES.has(entry.mode))) return null;
  const mode = mine.mode === from.mode ? to.mode : mine.mode;
  if (mine.oid === to.oid || from.oid === to.oid) return { entry: { mode, oid: mine.oid } };
  if (mine.oid === from.oid) return { entry: { mode, oid: to.oid } };
  return { path, mode, base: from, ours: mine, theirs: to };
}

function isSame(a: RawEntry | "beyond" | undefined, b: RawEntry | null): boolean {
  return a !== undefined && a !== "beyond" && b !== null && a.oid === b.oid && a.mode === b.mode;
}

/** The entry at a path; undefined when there is none, `beyond` when a file stands where a directory should. */
async function entryAt(store: QuickMergeStore, tree: string, path: string): Promise<RawEntry | "beyond" | undefined> {
  let found: RawEntry | undefined = { mode: DIRECTORY_MODE, oid: tree };
  for (const name of path.split("/")) {
    if (found.mode !== DIRECTORY_MODE) return "beyond";
    found = (await store.read(found.oid)).get(name);
    if (found === undefined) return undefined;
  }
  return found;
}

/** Every directory above the path that the base has is one of ours too, so that ours cannot have renamed it. */
async function hasSameDirectories(store: QuickMergeStore, path: string, base: string, ours: string): Promise<boolean> {
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    const directory = path.slice(0, slash);
    const before = await entryAt(store, base, directory);
    const here = await entryAt(store, ours, directory);
    if (before === undefined && here === undefined) return true;
    if (here === undefined || here === "beyond" || here.mode !== DIRECTORY_MODE) return false;
  }
  return true;
}

/**
 * Has git merge the smallest directory that holds all these files: what else both sides have in it they do not both change, so no rename matters
 * there either.
 * @param edits gets the merged directory, in the place of what it holds
 * @returns null when the files have no directory in common
 */
async function mergeDirectory(
  store: QuickMergeStore,
  both: readonly BothChanged[],
  edits: Map<string, RawEntry | null>,
  sides: { readonly base: string; readonly ours: string; readonly theirs: string },
): Promise<MergeConflict[] | null> {
  const directory = commonDirectory(both.map((one) => one.path));
  const [base, ours, theirs] = await Promise.all([sides.base, sides.ours, sides.theirs].map((tree) => entryAt(store, tree, directory)));
  if (directory === "" || !isDirectory(base) || !isDirectory(ours) || !isDirectory(theirs)) return null;
  const merged = await store.merge(base.oid, ours.oid, theirs.oid);
  for (const path of [...edits.keys()]) if (path.startsWith(`${directory}/`)) edits.delete(path);
  edits.set(directory, { mode: DIRECTORY_MODE, oid: merged.tree });
  return merged.conflicts.map(({ path, kind }) => ({ path: `${directory}/${path}`, kind }));
}

function isDirectory(entry: RawEntry | "beyond" | undefined): entry is RawEntry {
  return entry !== undefined && entry !== "beyond" && entry.mode === DIRECTORY_MODE;
}

/** The deepest directory above all paths; empty when that is the root. */
function commonDirectory(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split("/").slice(0, -1));
  const common = first.findIndex((name, at) => others.some((names) => names[at] !== name));
  return (common === -1 ? first : first.slice(0, common)).join("/");
}

/**
 * Has git merge the contents, under names that keep the ending of the path.
 * @param edits gets what is merged; with markers where it conflicts
 * @returns null when git says something of a file that is not about its content
 */
async function mergeContents(
  store: QuickMergeStore,
  both: readonly BothChanged[],
  edits: Map<string, RawEntry | null>,
): Promise<MergeConflict[] | null> {
  const nameOf = (at: number): string => `${String(at).padStart(3, "0")}-${(both[at]?.path ?? "").split("/").at(-1)}`;
  const treeOf = (side: "base" | "ours" | "theirs"): string =>
    store.write(new Map(both.map((one, at) => [nameOf(at), { mode: "100644", oid: one[side].oid }])));
  const merged = await store.merge(treeOf("base"), treeOf("ours"), treeOf("theirs"));
  const entries = await store.read(merged.tree);
  for (const [at, { path, mode }] of both.entries()) {
    const entry = entries.get(nameOf(at));
    if (entry === undefined) return null;
    edits.set(path, { mode, oid: entry.oid });
  }
  return merged.conflicts.map(({ path, kind }) => ({ path: both[Number(path.slice(0, 3))]?.path ?? path, kind }));
}
