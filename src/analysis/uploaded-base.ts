import type { TreeEntry } from "../git/repository.ts";
import { applyHunks } from "../patch/apply.ts";
import type { PatchMail } from "../patch/mails.ts";
import type { FilePatch, Patch } from "../patch/patch.ts";
import { changeOf, EMPTY_TREE, isChange } from "./change.ts";
import type { AnalysisContext } from "./context.ts";

/** The tree that a series was made on, as far as it is known. */
export interface SeriesBase {
  readonly tree: string;
  /** How it is known, and what it lacks. */
  readonly notes: readonly string[];
}

/** The tree of the named base commit, with the prerequisite patches that the mirror knows merged into it. Null when it is not in the mirror. */
export async function namedBase(ctx: AnalysisContext, mail: PatchMail): Promise<SeriesBase | null> {
  const commit = mail.baseCommit === null ? null : await ctx.repo.commit(mail.baseCommit);
  if (commit === null) return null;
  const notes: string[] = [];
  let tree = commit.tree;
  for (const id of mail.prerequisites) {
    const [oid] = ctx.index.byPatchId(id);
    const change = oid === undefined ? null : await changeOf(ctx, oid);
    const merge = change === null || !isChange(change) ? null : await ctx.repo.merge(change.baseTree, tree, change.fixTree);
    if (merge?.clean) tree = merge.tree;
    else notes.push(`the prerequisite patch ${id} ${oid === undefined ? "is no indexed commit" : "does not apply to the base commit"}`);
  }
  return { tree, notes };
}

/**
 * A tree of the patch's files alone, each in the version that its `index` line names, found in the target and the upstream heads; null when one
 * of them is nowhere. A merge needs no more: what both sides leave alone does not matter to it.
 */
export async function baseByBlobs(ctx: AnalysisContext, patch: Patch): Promise<string | null> {
  const heads = [ctx.targetTree, ...ctx.upstreams.map((tree) => tree.oid)];
  const files = new Map<string, { readonly mode: string; readonly bytes: Buffer }>();
  for (const { oldPath, oldBlob } of patch.files) {
    if (oldPath === null) continue;
    const entry = oldBlob === null ? null : await findBlob(ctx, heads, oldPath, oldBlob);
    const bytes = entry === null ? null : await ctx.repo.blob(entry.oid);
    if (entry === null || bytes === null) return null;
    files.set(oldPath, { mode: entry.mode, bytes });
  }
  return ctx.repo.withFiles(EMPTY_TREE, files);
}

/** @param blob the id of the index line, seven digits or more */
async function findBlob(ctx: AnalysisContext, heads: readonly string[], path: string, blob: string): Promise<TreeEntry | null> {
  for (const head of heads) {
    const entry = await ctx.repo.entry(head, path);
    if (entry?.oid.startsWith(blob)) return entry;
  }
  return null;
}

/** The tree that the patch makes of its base; null when it does not apply to it. */
export async function applyToTree(ctx: AnalysisContext, tree: string, patch: Patch): Promise<string | null> {
  const files = new Map<string, { readonly mode: string; readonly bytes: Buffer } | null>();
  for (const file of patch.files) {
    const { oldPath, newPath } = file;
    const entry = oldPath === null ? null : await ctx.repo.entry(tree, oldPath);
    if (file.unsupported !== null || (oldPath !== null && entry === null)) return null;
    const before = entry === null ? "" : (await ctx.repo.blob(entry.oid))?.toString("latin1");
    const content = before === undefined ? null : contentAfter(file, before);
    if (content === null) return null;
    if (oldPath !== null && oldPath !== newPath) files.set(oldPath, null);
    if (newPath !== null) files.set(newPath, { mode: file.newMode ?? entry?.mode ?? "100644", bytes: Buffer.from(content, "latin1") });
  }
  return ctx.repo.withFiles(tree, files);
}

function contentAfter(file: FilePatch, before: string): string | null {
  const { applies, content } = applyHunks(file, before);
  return applies ? (content ?? "") : null;
}
