import { type FilePatch, pathOf } from "../patch/patch.ts";
import { CONTENT_LIMITS } from "../rules/telling-words.ts";
import type { Change } from "./change.ts";
import type { AnalysisContext } from "./context.ts";
import { type FileText, fileText, likeness } from "./file-text.ts";
import { findHunks, type HunkFinding, sameForAll } from "./presence-hunks.ts";
import { remember } from "./remember.ts";

/** What the content of a tree says about a change, hunk by hunk. */
export interface ContentFinding {
  /** Hunks whose change is there. */
  readonly present: number;
  /** Hunks whose change is not there although the tree has the file. */
  readonly absent: number;
  /** All hunks of the change; a file without hunks (binary, empty) counts as one. */
  readonly total: number;
  readonly files: readonly FileFinding[];
}

export interface FileFinding {
  readonly file: FilePatch;
  /** Where the tree has the file; null when it does not. */
  readonly targetPath: string | null;
  readonly hunks: readonly HunkFinding[];
}

/**
 * Is a change in a tree, by content alone: following files that the tree keeps under another path, and without any history. Blob ids are
 * compared first; contents are read only for files that are neither what the fix started from nor what it left. About 1 ms for each such file.
 */
export function contentOf(ctx: AnalysisContext, change: Change, tree: string): Promise<ContentFinding> {
  return remember(ctx.contents, `${change.oid} ${tree}`, async () => {
    // All at once, so that git reads one file while another is compared.
    return summary(await Promise.all(change.patch.files.slice(0, CONTENT_LIMITS.files).map((file) => findFile(ctx, change, file, tree))));
  });
}

/**
 * Hunks without a telling line (an `#include`, a brace) count only when the change has no others, or as further witnesses: when telling ones
 * are there and none is missing.
 */
function summary(files: readonly FileFinding[]): ContentFinding {
  const hunks = files.flatMap((file) => file.hunks);
  const telling = hunks.filter((one) => one.telling);
  const count = (of: readonly HunkFinding[], state: HunkFinding["state"]): number => of.filter((one) => one.state === state).length;
  const counting = telling.length > 0 ? telling : hunks;
  const absent = count(counting, "absent");
  const witnesses = count(counting, "present");
  return { present: witnesses > 0 && absent === 0 ? count(hunks, "present") : witnesses, absent, total: hunks.length, files };
}

async function findFile(ctx: AnalysisContext, change: Change, file: FilePatch, tree: string): Promise<FileFinding> {
  const whole = { ...file, hunks: file.hunks.length > 0 ? file.hunks : [WHOLE_FILE] };
  const entry = await entryOf(ctx, file, tree);
  if (entry !== null) return { file, targetPath: entry.path, hunks: await findInFile(ctx, whole, entry.oid) };
  // A file that the fix deletes may never have been there.
  if (file.newPath === null) return { file, targetPath: null, hunks: sameForAll(whole, "unknown") };
  const moved =
    (await bestOf(ctx, whole, tree, await sameName(ctx, change, pathOf(file), tree))) ??
    (await bestOf(ctx, whole, tree, await alikeOnes(ctx, file, tree, await sameFolder(ctx, file, tree))));
  if (moved !== null) return { ...moved, file };
  return { file, targetPath: null, hunks: sameForAll(whole, file.oldPath === null ? "absent" : "unknown") };
}

/** Those of the files that hold much of what the change started from: files of a folder often share a word and a pattern of code. */
async function alikeOnes(ctx: AnalysisContext, file: FilePatch, tree: string, paths: readonly string[]): Promise<string[]> {
  const own = await textOf(ctx, file.oldBlob ?? file.newBlob);
  const found: string[] = [];
  for (const path of paths) {
    const entry = await ctx.repo.entry(tree, path);
    const text = entry === null ? null : await textOf(ctx, entry.oid);
    if (own !== null && text !== null && likeness(own, text) >= CONTENT_LIMITS.likeness) found.push(path);
  }
  return found;
}

/** The file in which most hunks are, or else would apply; null when none says anything. */
async function bestOf(ctx: AnalysisContext, file: FilePatch, tree: string, paths: readonly string[]): Promise<FileFinding | null> {
  let best: FileFinding | null = null;
  for (const path of paths) {
    const entry = await ctx.repo.entry(tree, path);
    if (entry === null) continue;
    const found = { file, targetPath: path, hunks: await findInFile(ctx, file, entry.oid) };
    if (weight(found) > (best === null ? 0 : weight(best))) best = found;
  }
  return best;
}

const WHOLE_FILE = { header: "", section: "", oldStart: 0, oldLines: 0, newStart: 0, newLines: 0, lines: [] };

async function entryOf(ctx: AnalysisContext, file: FilePatch, tree: string): Promise<{ oid: string; path: string } | null> {
  for (const path of [file.newPath, file.oldPath]) {
    const entry = path === null ? null : await ctx.repo.entry(tree, path);
    if (entry !== null && entry.mode !== "040000") return entry;
  }
  return null;
}

async function findInFile(ctx: AnalysisContext, file: FilePatch, oid: string): Promise<HunkFinding[]> {
  if (file.newPath === null) return sameForAll(file, "absent");
  if (file.newBlob === file.oldBlob) return sameForAll(file, "unknown");
  if (oid === file.newBlob) return sameForAll(file, "present");
  if (oid === file.oldBlob) return sameForAll(file, "absent");
  if (file.unsupported !== null) return sameForAll(file, "unknown");
  const [target, base, fix] = await Promise.all([
    textOf(ctx, oid),
    file.oldPath === null ? EMPTY_FILE : textOf(ctx, file.oldBlob),
    textOf(ctx, file.newBlob),
  ]);
  if (base === null || fix === null || target === null) return sameForAll(file, "unknown");
  return findHunks(file, base, fix, target);
}

const EMPTY_FILE = fileText("");

async function textOf(ctx: AnalysisContext, oid: string | null): Promise<FileText | null> {
  return oid === null ? null : ctx.texts.read(ctx.repo, oid);
}

/** A file that says nothing is no better than none. */
function weight(found: FileFinding): number {
  const present = found.hunks.filter((one) => one.state === "present").length;
  return present * 1000 + found.hunks.filter((one) => one.applies).length;
}

/**
 * Files of the tree with the same name in other folders, those with most folders in common first. A path that the fix's own tree has too is
 * another file and not the same one moved.
 */
async function sameName(ctx: AnalysisContext, change: Change, path: string, tree: string): Promise<string[]> {
  const found: string[] = [];
  for (const other of (await namesOf(ctx, tree)).get(nameOf(path)) ?? []) {
    if ((await ctx.repo.entry(change.fixTree, other)) === null) found.push(other);
  }
  return mostAlike(found, path, /[/]/);
}

/** Files of the same folder whose names share a word with that of a file which the tree lacks: files are split and renamed. */
async function sameFolder(ctx: AnalysisContext, file: FilePatch, tree: string): Promise<string[]> {
  const path = file.oldPath ?? "";
  return mostAlike((await namesOf(ctx, tree)).get(folderOf(path)) ?? [], nameOf(path).replace(ENDING, ""), /[-_./\d]+/);
}

const ENDING = /\.\w+$/;

/** Those paths that share parts with the path; a part that few of them have says more. */
function mostAlike(paths: readonly string[], path: string, separator: RegExp): string[] {
  const wanted = new Set(path.split(separator).filter((part) => part !== ""));
  const shared = paths.map((other) => [...new Set(other.split(separator))].filter((part) => wanted.has(part)));
  const frequency = new Map<string, number>();
  for (const part of shared.flat()) frequency.set(part, (frequency.get(part) ?? 0) + 1);
  const weighed = paths.map((other, at) => {
    let weight = 0;
    for (const part of shared[at] ?? []) weight += 1 / (frequency.get(part) ?? 1);
    return { other, weight };
  });
  const alike = weighed.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  return alike.map(({ other }) => other).slice(0, CONTENT_LIMITS.movedFiles);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** With its slash; empty at the top. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** The files of a tree by their name, and by their folder. One `git ls-tree` for each tree that is asked about. */
function namesOf(ctx: AnalysisContext, tree: string): Promise<ReadonlyMap<string, readonly string[]>> {
  return remember(ctx.fileNames, tree, async () => {
    const names = new Map<string, string[]>();
    for (const { path } of await ctx.repo.list(tree)) {
      for (const key of [nameOf(path), folderOf(path)]) {
        const paths = names.get(key);
        if (paths === undefined) names.set(key, [path]);
        else paths.push(path);
      }
    }
    return names;
  });
}
