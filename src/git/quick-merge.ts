import { mergeContent } from "./content-merge.ts";
import { DIRECTORY_MODE, type RawEntry, type RawTree } from "./raw-tree.ts";
import type { MergeConflict, MergeResult } from "./repository.ts";
import { changesBetween, type TreeChange } from "./tree-changes.ts";
import { editTree } from "./tree-editor.ts";

/** Larger changes are left to git: they are rare, and mostly renames. */
const MOST_FILES = 100;
const SUBMODULE_MODE = "160000";
const FILE_MODES: ReadonlySet<string> = new Set(["100644", "100755"]);

export interface QuickMergeStore {
  /** @throws when the tree is missing. */
  read(tree: string): Promise<RawTree>;
  write(entries: RawTree): string;
  /** null when the blob is missing. */
  readBlob(oid: string): Promise<Buffer | null>;
  writeBlob(bytes: Buffer): string;
  /** None of these files of the base stands in our tree under another name, as git sees it. */
  areGone(files: readonly RawEntry[], base: string, ours: string): Promise<boolean>;
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

/** A file that only one side changed: what it becomes. */
interface Taken {
  readonly path: string;
  readonly entry: RawEntry | null;
}

/** A file that one side changed and the other removed. */
interface Disputed {
  /** The version of the base that ours lacks; null when they lack it. */
  readonly gone: RawEntry | null;
  /** What is left of it; null when both removed it. */
  readonly left: RawEntry | null;
  readonly path: string;
}

/**
 * A merge of three trees that no rename can touch, without looking at more of them than their change: files that only they changed are taken as
 * they are, files that both changed are merged line by line (content-merge.ts), or where that knows no answer by git in small trees of their own,
 * where it finds nothing else to compare. Null where a rename, or a file in the place of a directory, might matter; git must merge the whole trees
 * then.
 *
 * Why no rename matters: git follows a rename on our side only from a file that their side changed and ours lacks, and into directories only when
 * ours lacks one that the base has; on their side only when they both remove and add (merge-ort.c, detect_regular_renames and
 * handle_directory_level_conflicts). Where ours lacks a file, lost-files.ts tells whether git can find it under another name.
 */
export async function quickMerge(store: QuickMergeStore, base: string, ours: string, theirs: string): Promise<MergeResult | null> {
  const changes = await changesBetween(store.read, base, theirs, MOST_FILES);
  if (changes === null || (changes.some((one) => one.from === null) && changes.some((one) => one.to === null))) return null;
  const edits = new Map<string, RawEntry | null>();
  const both: BothChanged[] = [];
  const disputed: Disputed[] = [];
  for (const taken of await Promise.all(changes.map((change) => takeChange(store, change, base, ours)))) {
    if (taken === null) return null;
    if ("base" in taken) both.push(taken);
    else if ("gone" in taken) disputed.push(taken);
    else edits.set(taken.path, taken.entry);
  }
  const gone = disputed.map((one) => one.gone).filter((entry) => entry !== null);
  if (gone.length > 0 && !(await store.areGone(gone, base, ours))) return null;
  const merged = await mergeAll(store, both, edits);
  if (merged === null) return null;
  const left = disputed.flatMap((one) => (one.left === null ? [] : [{ path: one.path, entry: one.left }]));
  for (const { path, entry } of left) edits.set(path, entry);
  const conflicts = [...merged, ...left.map(({ path }) => ({ path, kind: "modify/delete" }))];
  return { clean: conflicts.length === 0, tree: await editTree(store, ours, edits), conflicts };
}

/** What becomes of one file; null when git must say. */
async function takeChange(
  store: QuickMergeStore,
  { path, from, to }: TreeChange,
  base: string,
  ours: string,
): Promise<BothChanged | Taken | Disputed | null> {
  const mine = await entryAt(store, ours, path);
  if (from === null) {
    if (mine === undefined && (await hasSameDirectories(store, path, base, ours))) return { path, entry: to };
    return isSame(mine, to) ? { path, entry: to } : null;
  }
  if (mine === "beyond") return null;
  if (mine === undefined) return [from, to].some((entry) => entry?.mode === SUBMODULE_MODE) ? null : { gone: from, left: to, path };
  if (isSame(mine, from)) return { path, entry: to };
  if (to === null) return FILE_MODES.has(mine.mode) && FILE_MODES.has(from.mode) ? { gone: null, left: mine, path } : null;
  if (![from, to, mine].every((entry) => FILE_MODES.has(entry.mode))) return null;
  const mode = mine.mode === from.mode ? to.mode : mine.mode;
  if (mine.oid === to.oid || from.oid === to.oid) return { path, entry: { mode, oid: mine.oid } };
  if (mine.oid === from.oid) return { path, entry: { mode, oid: to.oid } };
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
 * Merges the contents line by line, and has git merge those for which that knows no answer.
 * @param edits gets what is merged; with markers where it conflicts
 * @returns null when git says something of a file that is not about its content
 */
async function mergeAll(
  store: QuickMergeStore,
  both: readonly BothChanged[],
  edits: Map<string, RawEntry | null>,
): Promise<MergeConflict[] | null> {
  const conflicts: MergeConflict[] = [];
  const hard: BothChanged[] = [];
  for (const one of both) {
    const [base, ours, theirs] = await Promise.all([one.base, one.ours, one.theirs].map(({ oid }) => store.readBlob(oid)));
    const merged = base && ours && theirs ? mergeContent(base, ours, theirs) : null;
    if (merged === null) hard.push(one);
    else edits.set(one.path, { mode: one.mode, oid: store.writeBlob(merged.bytes) });
    if (merged?.clean === false) conflicts.push({ path: one.path, kind: "contents" });
  }
  if (hard.length === 0) return conflicts;
  const others = await mergeContents(store, hard, edits);
  return others === null ? null : [...conflicts, ...others];
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
