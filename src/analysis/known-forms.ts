import { plainSubject } from "../rules/subjects.ts";
import { type AnalysisContext, upstreamOidOf } from "./context.ts";

/** A stable fix stands in about eight trees at once. */
const MOST_FORMS = 8;

/**
 * Other forms of a commit in the pinned upstream trees that the target lacks: the mainline commit that it carries, and commits of stable or
 * sister trees that carry the same one and bear its subject. Where the commit itself does not apply, a maintainer of an older tree may have
 * done the adaptation already. Oldest first: it stands nearest to an old target.
 */
export function knownForms(ctx: AnalysisContext, oid: string): string[] {
  const { index } = ctx;
  const subject = plainSubject(index.commit(oid)?.subject ?? "");
  const upstream = upstreamOidOf(index, oid);
  const claims = index.linksTo(upstream).flatMap((link) => (link.kind === "backport_of" ? [link.from] : []));
  const forms = [...new Set([upstream, ...claims])].flatMap((form) => {
    const commit = form === oid || form.length !== 40 ? null : index.commit(form);
    const usable = commit !== null && ctx.isUpstreamOnly.has(commit.num) && plainSubject(commit.subject) === subject;
    return usable ? [commit] : [];
  });
  return forms
    .sort((a, b) => a.committerDate - b.committerDate || a.num - b.num)
    .slice(0, MOST_FORMS)
    .map((commit) => commit.oid);
}
