import type { IndexedCommit, Link } from "../history/history-index.ts";
import { isGeneric, plainSubject, revertSubjects } from "../rules/subjects.ts";
import type { Presence } from "../schema/analysis.ts";
import type { IdentityContext } from "./context.ts";

export type Route = NonNullable<Presence["route"]>;

/** A commit of the target that carries the fix, and what says so. */
export interface Carrier {
  readonly commit: IndexedCommit;
  readonly route: Route;
  readonly because: string;
}

/** Forms of one fix that are followed through references; a wrong id that many commits name must not lead everywhere. */
const MOST_FORMS = 64;

export function short(oid: string): string {
  return oid.slice(0, 12);
}

/** Commits of the target that are the fix, or carry it, by identity: the cheapest and surest route first. Each may come by several routes. */
export function* carriersOf(ctx: IdentityContext, fix: IndexedCommit): Generator<Carrier> {
  const { tree } = ctx.target;
  if (ctx.inTarget.has(fix.num)) yield { commit: fix, route: "ancestor", because: `the commit is in the history of ${tree}` };
  yield* byReference(ctx, fix);
  for (const commit of inTarget(ctx, fix, fix.patchId === null ? [] : ctx.index.byPatchId(fix.patchId)))
    yield { commit, route: "patch-id", because: `${short(commit.oid)} of ${tree} has the same patch-id ${short(fix.patchId ?? "")}` };
  yield* byAuthorDate(ctx, fix);
  yield* bySubject(ctx, fix);
}

/** Claims of commits of the target to carry the fix which nothing confirms. */
export function unverifiedClaims(ctx: IdentityContext, fix: IndexedCommit): { readonly commit: IndexedCommit; readonly link: Link }[] {
  return forms(ctx, fix).flatMap(({ commit, link, agrees }) => (agrees || !ctx.inTarget.has(commit.num) ? [] : [{ commit, link }]));
}

function* byReference(ctx: IdentityContext, fix: IndexedCommit): Generator<Carrier> {
  for (const { commit, link, agrees } of forms(ctx, fix)) {
    if (!agrees || !ctx.inTarget.has(commit.num)) continue;
    const says = `"${link.text.trim()}"`;
    const because =
      link.from === commit.oid
        ? `${short(commit.oid)} of ${ctx.target.tree} says ${says}, and the two agree`
        : `${link.from === fix.oid ? "it" : short(link.from)} says ${says}, and that commit is in ${ctx.target.tree}`;
    yield { commit, route: "reference", because };
  }
}

interface Form {
  readonly commit: IndexedCommit;
  readonly link: Link;
  readonly agrees: boolean;
}

/**
 * Every commit that references lead to from the fix, in either direction and through a common upstream (which may be known only by its
 * id). What does not agree with the fix is listed, but leads no further: ids in messages are sometimes wrong.
 */
function forms(ctx: IdentityContext, fix: IndexedCommit): Form[] {
  const { index } = ctx;
  const found: Form[] = [];
  const seen = new Set([fix.oid]);
  for (const id of seen) {
    if (seen.size > MOST_FORMS) break;
    const own = id.length === 40 ? index.linksFrom(id) : [];
    const claims = [...index.linksTo(id), ...own].filter((link) => link.kind === "backport_of");
    for (const link of claims) {
      const other = link.from === id ? (link.to ?? link.id) : link.from;
      if (seen.has(other) || other === fix.oid) continue;
      const commit = other.length === 40 ? index.commit(other) : null;
      const agrees = commit === null || agree(commit, fix);
      if (commit !== null) found.push({ commit, link, agrees });
      if (agrees) seen.add(other);
    }
  }
  return found;
}

/** Do two commits look like forms of one change. Author and date are another route: a series made at once shares them. */
function agree(a: IndexedCommit, b: IndexedCommit): boolean {
  return plainSubject(a.subject) === plainSubject(b.subject) || (a.patchId !== null && a.patchId === b.patchId);
}

/**
 * Author and author date survive cherry-picks. They name one change together with the subject; without it only when nobody else has them
 * and both commits change a common file.
 */
function* byAuthorDate(ctx: IdentityContext, fix: IndexedCommit): Generator<Carrier> {
  const oids = ctx.index.byAuthorDate(fix.authorEmail, fix.authorDate);
  const commits = inTarget(ctx, fix, oids);
  for (const commit of commits) {
    const sameSubject = plainSubject(commit.subject) === plainSubject(fix.subject);
    if (!sameSubject && (commits.length > 1 || othersLike(ctx, fix, oids) > 0 || !shareFile(ctx, commit, fix))) continue;
    const and = sameSubject ? "author, author date and subject" : "author and author date, and changes a common file";
    yield { commit, route: "author-date", because: `${short(commit.oid)} of ${ctx.target.tree} has the same ${and}` };
  }
}

/** A subject names a change when one commit of the target and one change upstream bear it, it is not generic, and they change a common file. */
function* bySubject(ctx: IdentityContext, fix: IndexedCommit): Generator<Carrier> {
  if (isGeneric(fix.subject)) return;
  const oids = ctx.index.bySubject(fix.subject);
  const [commit, ...others] = inTarget(ctx, fix, oids);
  if (commit === undefined || others.length > 0 || othersLike(ctx, fix, oids) > 0 || !shareFile(ctx, commit, fix)) return;
  const because = `${short(commit.oid)} of ${ctx.target.tree} has the same subject, which no other commit has, and changes a common file`;
  yield { commit, route: "subject", because };
}

/** Of these commits, those that the target lacks and that are other changes than the fix. */
function othersLike(ctx: IdentityContext, fix: IndexedCommit, oids: readonly string[]): number {
  let count = 0;
  for (const oid of oids) {
    const commit = ctx.index.commit(oid);
    if (commit === null || commit.oid === fix.oid || ctx.inTarget.has(commit.num) || commit.parents.length > 1) continue;
    const form = commit.subject === fix.subject && agree(commit, fix) && commit.authorDate === fix.authorDate;
    if (!form && !(commit.patchId !== null && commit.patchId === fix.patchId)) count++;
  }
  return count;
}

function shareFile(ctx: IdentityContext, a: IndexedCommit, b: IndexedCommit): boolean {
  const name = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const names = new Set(ctx.index.paths(a.oid).map(name));
  return ctx.index.paths(b.oid).some((path) => names.has(name(path)));
}

/** Those of the commits that the target has; the fix itself and merges left out. */
function inTarget(ctx: IdentityContext, fix: IndexedCommit, oids: readonly string[]): IndexedCommit[] {
  const found: IndexedCommit[] = [];
  for (const oid of oids) {
    const commit = oid === fix.oid ? null : ctx.index.commit(oid);
    if (commit !== null && ctx.inTarget.has(commit.num) && commit.parents.length < 2) found.push(commit);
  }
  return found;
}

/**
 * The commit of the target that undoes what this carrier brought and is itself in force there, or null. A revert names the carrier, or the
 * commit that it carries, by id or by subject; it is younger than the carrier, so the chain of reverts of reverts ends.
 * @param also ids of the fix, for a carrier that names none
 */
export function activeRevert(ctx: IdentityContext, carrier: IndexedCommit, also: readonly string[] = []): IndexedCommit | null {
  const { index } = ctx;
  const carried = index.linksFrom(carrier.oid).flatMap(({ kind, to, id }) => (kind === "backport_of" ? [to ?? id] : []));
  const named = [...new Set([carrier.oid, ...carried, ...also])].flatMap((oid) =>
    index.linksTo(oid).flatMap((link) => (link.kind === "reverts" ? [link.from] : [])),
  );
  const bySubject = revertSubjects(carrier.subject).flatMap((subject) => index.bySubject(subject));
  for (const oid of new Set([...named, ...bySubject])) {
    const revert = index.commit(oid);
    if (revert === null || !ctx.inTarget.has(revert.num) || revert.num <= carrier.num) continue;
    // A subject may be that of another commit: the ids that a revert names go before.
    if (!named.includes(oid) && index.linksFrom(oid).some((link) => link.kind === "reverts" && link.to !== null)) continue;
    if (activeRevert(ctx, revert) === null) return revert;
  }
  return null;
}
