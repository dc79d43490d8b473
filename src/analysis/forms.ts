import { type Change, changeOf, isChange } from "./change.ts";
import type { AnalysisContext } from "./context.ts";
import { knownForms } from "./known-forms.ts";

/**
 * The other forms of a commit in the upstream trees, nearest to the target first: the one of whose files the target has the most in just the
 * version that the form was made on; among equals the oldest.
 */
export async function nearestForms(ctx: AnalysisContext, oid: string): Promise<Change[]> {
  const forms: { readonly change: Change; readonly same: number }[] = [];
  for (const form of knownForms(ctx, oid)) {
    const change = await changeOf(ctx, form);
    if (isChange(change)) forms.push({ change, same: await shareOfSameFiles(ctx, change) });
  }
  return forms.sort((a, b) => b.same - a.same).map((form) => form.change);
}

async function shareOfSameFiles(ctx: AnalysisContext, change: Change): Promise<number> {
  let same = 0;
  for (const { oldPath, oldBlob } of change.patch.files) {
    const entry = oldPath === null ? null : await ctx.repo.entry(ctx.targetTree, oldPath);
    if ((entry?.oid ?? null) === (oldPath === null ? null : oldBlob)) same++;
  }
  return same / Math.max(1, change.patch.files.length);
}
