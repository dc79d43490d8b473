import type { IndexedCommit } from "../history/history-index.ts";
import type { FollowUp } from "../schema/analysis.ts";
import { type AnalysisContext, commitRef, upstreamOidOf } from "./context.ts";
import { presenceOf } from "./presence.ts";

/** Later upstream commits that fix or revert the commit, fixes of those fixes included, each with its presence in the target. */
export function followUpsOf(ctx: AnalysisContext, fix: IndexedCommit): FollowUp[] {
  const found = new Map<string, FollowUp>();
  const pending: IndexedCommit[] = [fix];
  for (const commit of pending) {
    const upstream = upstreamOidOf(ctx.index, commit.oid);
    const links = [...ctx.index.linksTo(commit.oid), ...(upstream === commit.oid ? [] : ctx.index.linksTo(upstream))];
    for (const link of links) {
      const later = ctx.index.commit(link.from);
      if (later === null || found.has(later.oid) || later.oid === fix.oid) continue;
      if ((link.kind !== "fixes" && link.kind !== "reverts") || !ctx.isUpstreamOnly.has(later.num)) continue;
      const ref = commitRef(ctx.index, later.oid);
      found.set(later.oid, {
        oid: later.oid,
        upstreamOid: ref.upstreamOid,
        subject: ref.subject,
        relation: link.kind,
        of: commit.oid,
        presence: presenceOf(ctx, later),
      });
      pending.push(later);
    }
  }
  return [...found.values()];
}
