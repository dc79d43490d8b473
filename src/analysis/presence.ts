import type { IndexedCommit } from "../history/history-index.ts";
import type { Presence } from "../schema/analysis.ts";
import { commitRef, type IdentityContext, upstreamOidOf } from "./context.ts";
import { activeRevert, type Carrier, carriersOf, type Route, short, unverifiedClaims } from "./presence-routes.ts";

export { short } from "./presence-routes.ts";

/** How sure each route is, from the shares measured in docs/presence.md. Content: times the share of the hunks found. */
export const ROUTE_SCORES: Readonly<Record<Route, number>> = {
  ancestor: 1,
  reference: 0.99,
  "patch-id": 0.99,
  "author-date": 0.98,
  subject: 0.9,
  content: 0.95,
};

/** Present or equivalent: nothing has to be taken. */
export function isInTarget(presence: Presence): boolean {
  return presence.state === "present" || presence.state === "equivalent";
}

/**
 * Is the commit in the target by identity: ancestor, verified reference, patch-id, author and date, subject. Synchronous and cheap, for the
 * many commits that other stages meet; presenceWithContent() of presence-checked.ts also looks into the files.
 */
export function presenceOf(ctx: IdentityContext, fix: IndexedCommit): Presence {
  const known = ctx.presences.get(fix.num);
  if (known !== undefined) return known;
  const presence = byIdentity(ctx, fix);
  ctx.presences.set(fix.num, presence);
  return presence;
}

/** Every carrier is looked at before the answer is `reverted`: a change that was reverted may have been taken again. */
function byIdentity(ctx: IdentityContext, fix: IndexedCommit): Presence {
  let reverted: Presence | null = null;
  const carriers = carriersOf(ctx, fix);
  for (const carrier of carriers) {
    const revert = activeRevert(ctx, carrier.commit, [fix.oid, upstreamOidOf(ctx.index, fix.oid)]);
    if (revert === null) return inTarget(ctx, carrier, rivalsOf(carrier, carriers));
    reverted ??= {
      state: "reverted",
      route: carrier.route,
      by: commitRef(ctx.index, revert.oid),
      because: `${carrier.because}, but ${short(revert.oid)} of ${ctx.target.tree} reverts it`,
      score: ROUTE_SCORES[carrier.route],
    };
  }
  return reverted ?? absent(ctx, fix);
}

/** Further commits that match as well as the carrier by author and date: a series made at once shares these. The other routes are verified or unique. */
function rivalsOf(carrier: Carrier, others: Iterable<Carrier>): string[] {
  const rivals = new Set<string>();
  if (carrier.route !== "author-date") return [];
  for (const { route, commit } of others) if (route === carrier.route && commit.oid !== carrier.commit.oid) rivals.add(short(commit.oid));
  return [...rivals];
}

function inTarget(ctx: IdentityContext, { commit, route, because }: Carrier, rivals: readonly string[]): Presence {
  const state = route === "ancestor" ? "present" : "equivalent";
  const conflicts = [`${rivals.join(", ")} of ${ctx.target.tree} match as well: which of them carries it is not certain`];
  const presence = { state, route, by: commitRef(ctx.index, commit.oid), because, score: ROUTE_SCORES[route] } as const;
  return rivals.length === 0 ? presence : { ...presence, conflicts };
}

function absent(ctx: IdentityContext, fix: IndexedCommit): Presence {
  const { tree } = ctx.target;
  const conflicts = unverifiedClaims(ctx, fix).map(
    ({ commit, link }) =>
      `${short(commit.oid)} of ${tree} says "${link.text.trim()}", but its subject, author and patch-id are others: the claim does not count`,
  );
  const because = `${tree} does not contain the commit, and none of its commits refers to it, has its patch-id, its author and date, or its subject`;
  return { state: "absent", route: null, by: null, because, ...(conflicts.length === 0 ? {} : { conflicts }) };
}
