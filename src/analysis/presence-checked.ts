import type { IndexedCommit } from "../history/history-index.ts";
import type { Presence } from "../schema/analysis.ts";
import { type Change, changeOf, isChange } from "./change.ts";
import { type AnalysisContext, commitRef } from "./context.ts";
import { presenceOf, ROUTE_SCORES } from "./presence.ts";
import { type ContentFinding, contentOf } from "./presence-content.ts";
import { short, unverifiedClaims } from "./presence-routes.ts";
import { remember } from "./remember.ts";

/**
 * Is the commit in the target, by identity and by content. Identity goes first. Content sees what identity cannot (squashed, partial and
 * rewritten backports, trees without history), and it is asked whether a commit that claims to carry the fix really does. About 5 ms.
 */
export function presenceWithContent(ctx: AnalysisContext, fix: IndexedCommit): Promise<Presence> {
  return remember(ctx.checked, fix.oid, async () => {
    const identity = presenceOf(ctx, fix);
    if (identity.state === "reverted") return identity;
    const change = await changeOf(ctx, fix.oid);
    if (!isChange(change)) return identity;
    const head = await contentOf(ctx, change, ctx.targetTree);
    if (identity.state === "absent") return byContent(ctx, fix, identity, head);
    return checkCarrier(ctx, fix, change, identity, head);
  });
}

/** Nothing in the history carries the fix: the files decide. */
function byContent(ctx: AnalysisContext, fix: IndexedCommit, identity: Presence, content: ContentFinding): Presence {
  const { tree } = ctx.target;
  const found = { hunks: hunksOf(content) };
  if (content.present === 0) {
    // A file that the change deletes may be gone because of it.
    const lacksFiles = content.files.every((file) => file.targetPath === null && file.file.newPath !== null);
    if (content.absent === 0 && !lacksFiles && sharesNoHistory(ctx)) {
      const because = `${tree} has no history in common with the upstream trees, and its files do not tell: the lines of the change stand everywhere, or were rewritten`;
      return { ...identity, ...found, state: "unknown", because };
    }
    return { ...identity, ...found, because: `${identity.because}; ${told(content)} in its files` };
  }
  const state = isWhole(content) ? "equivalent" : "partial";
  const score = scoreOf(content);
  const [claim] = unverifiedClaims(ctx, fix);
  if (claim !== undefined) {
    const because = `${short(claim.commit.oid)} of ${tree} says "${claim.link.text.trim()}", and ${told(content)}`;
    return { state, route: "reference", by: commitRef(ctx.index, claim.commit.oid), because, score, ...found };
  }
  const because = `${told(content)} in the files of ${tree}, though no commit of its history is known to carry it`;
  return { state, route: "content", by: null, because, score, ...found };
}

/** A commit of the target is known to carry the fix: what did it really bring, and is that still there. */
async function checkCarrier(
  ctx: AnalysisContext,
  fix: IndexedCommit,
  change: Change,
  identity: Presence,
  head: ContentFinding,
): Promise<Presence> {
  const found = { hunks: hunksOf(head) };
  if (isWhole(head)) return { ...identity, ...found };
  if (identity.route === "ancestor") return isGone(head) ? undone(ctx, change, identity, head, true) : { ...identity, ...found };
  const doubted = (but: string): Presence => {
    const nowhere = { state: "absent", route: null, by: null, because: `no commit of ${ctx.target.tree} carries it` } as const;
    return { ...byContent(ctx, fix, nowhere, head), conflicts: [`${identity.because}, but ${but}`] };
  };
  // A subject is the weakest sign: the files may not contradict it.
  if (identity.route === "subject" && head.absent > head.present) return doubted(`${told(head)} in its files`);
  const carrier = identity.by?.oid ?? null;
  const commit = carrier === null ? null : await ctx.repo.commit(carrier);
  if (commit === null) return { ...identity, ...found };
  const brought = await contentOf(ctx, change, commit.tree);
  if (brought.present === 0 && (isLeftOut(brought) || (identity.route === "subject" && brought.absent > 0))) {
    return doubted(`none of the ${brought.total} hunks is in the files that this commit left`);
  }
  // What cannot be told was adapted: a carrier lacks the hunks that would still apply.
  const missing = brought.files.flatMap((file) => file.hunks).filter((one) => one.applies && one.telling).length;
  if (missing > 0) {
    const { total } = brought;
    const because = `${identity.because}, but it left out ${missing} of ${total} hunks, which would still apply`;
    const score = round(ROUTE_SCORES.content * (1 - missing / total));
    return { ...identity, state: "partial", because, score, hunks: { present: total - missing, absent: missing, total } };
  }
  return isGone(head) ? undone(ctx, change, identity, head, brought.present > 0) : { ...identity, ...found };
}

/**
 * What the carrier brought is gone, and no commit says that it reverts it. The target has undone it when an upstream tree still has it: any of
 * it, where every hunk would apply to the target again, or else all of it. Else later work took its place.
 * @param hadIt hunks were there as they were written: of a change that was adapted, nothing may ever have been
 */
async function undone(ctx: AnalysisContext, change: Change, identity: Presence, head: ContentFinding, hadIt: boolean): Promise<Presence> {
  const { tree } = ctx.target;
  const leftOut = isLeftOut(head);
  const gone = `none of its ${head.total} hunks is in the files of ${tree} ${leftOut ? "any more" : "as it was written"}`;
  for (const upstream of ctx.upstreams) {
    const commit = await ctx.repo.commit(upstream.oid);
    if (commit === null) continue;
    const there = await contentOf(ctx, change, commit.tree);
    if (leftOut ? isLeftOut(there) : !hadIt || !isWhole(there)) continue;
    const because = `${identity.because}, but ${gone}, while ${upstream.tree} did not go back`;
    return { ...identity, state: "reverted", because, hunks: hunksOf(head) };
  }
  const replaced = `${gone}${leftOut ? ", and of no upstream tree either" : ""}: later changes took its place${leftOut ? "" : ", or undid it"}`;
  return { ...identity, hunks: hunksOf(head), conflicts: [...(identity.conflicts ?? []), replaced] };
}

/** All hunks that can be told are there, and they are at least half of all. */
function isWhole({ present, absent, total }: ContentFinding): boolean {
  return present > 0 && absent === 0 && present * 2 >= total;
}

/** No hunk is there, and some can be told to be missing. */
function isGone({ present, absent }: ContentFinding): boolean {
  return present === 0 && absent > 0;
}

/** No hunk is there, and those that can be told would all apply. */
function isLeftOut(content: ContentFinding): boolean {
  return (
    isGone(content) && content.files.every((file) => file.hunks.every((one) => one.state === "unknown" || one.applies || !one.telling))
  );
}

/** A tree that was begun by one commit: not even the first commit of the upstream trees is in its history. */
function sharesNoHistory(ctx: AnalysisContext): boolean {
  const [first] = ctx.upstreamOnly;
  return first !== undefined && ctx.index.commitByNum(first).parents.length === 0;
}

function scoreOf({ present, absent }: ContentFinding): number {
  return round(ROUTE_SCORES.content * (present / (present + absent)));
}

function round(score: number): number {
  return Math.round(score * 100) / 100;
}

function hunksOf({ present, absent, total }: ContentFinding): NonNullable<Presence["hunks"]> {
  return { present, absent, total };
}

function told({ present, total }: ContentFinding): string {
  return `${present} of ${total} ${total === 1 ? "hunk is" : "hunks are"} there`;
}
