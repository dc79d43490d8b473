import type { FollowUp, PlanFailure, PlanOutline, Prerequisite } from "../schema/analysis.ts";
import type { PlanOptions, PlanResult, PlanStep } from "../schema/plan.ts";
import { type AnalysisContext, commitRef } from "./context.ts";
import { followUpsOf } from "./follow-ups.ts";
import { unlessMissing } from "./missing.ts";
import { alternativesOf, completeWalk } from "./plan-alternatives.ts";
import { mailsOf } from "./plan-mails.ts";
import { type Accepted, type Chosen, outlineOf, type Step, stepOutline, type Tries, treeOf, tryOn, type Walk, walk } from "./plan-steps.ts";
import { headOf, prerequisitesOf } from "./prerequisites.ts";
import { isInTarget, short } from "./presence.ts";
import { presenceWithContent } from "./presence-checked.ts";
import type { Base } from "./trials.ts";
import type { TriedCommit } from "./try-commit.ts";

/** More follow-ups than this are named and not taken. */
const MOST_FOLLOW_UPS = 50;

/** How a plan is made. */
interface Planning {
  readonly ctx: AnalysisContext;
  readonly accepted: Accepted;
  readonly tries: Tries;
}

/** What was chosen so far, applied on the target. */
interface Draft {
  readonly chosen: readonly Chosen[];
  readonly prerequisites: readonly Prerequisite[];
  readonly base: Base;
  /** Of the commit that ended the drafting. */
  readonly failed: boolean;
  /** What could not be found out. */
  readonly notes: readonly string[];
}

/**
 * The smallest ordered list of commits that brings these fixes into the target, applied virtually commit by commit: each fix with the
 * prerequisites that are proven to be required, in upstream order. It ends at the first step that does not apply, with the cause.
 * @param oids commits of the index
 */
export async function planCommits(ctx: AnalysisContext, oids: readonly string[], options: PlanOptions): Promise<PlanResult> {
  const planning: Planning = { ctx, accepted: options.adaptation, tries: new Map() };
  const { wanted, skipped } = await sortOut(ctx, oids);
  let draft: Draft = { chosen: [], prerequisites: [], base: headOf(ctx), failed: false, notes: [] };
  for (const [done, oid] of wanted.entries()) {
    ctx.report({ stage: "plan", done, total: wanted.length });
    draft = await extend(planning, draft, { oid, role: "fix", because: "asked for", neededBy: [] });
  }
  if (options.followUps === "take") draft = await withFollowUps(planning, draft);
  const found = await inBestOrder(planning, draft.chosen);
  // What another step brought along needs no step of its own.
  const empty = found.steps.filter((step) => step.applicability.state === "empty");
  const walked = empty.length === 0 ? found : await walkAll(planning, chosenBut(found.steps, empty));
  const applied = (await completed(planning, walked)) ?? walked;
  const followUps = missingFollowUps(ctx, applied.steps);
  return {
    ...describe(ctx, applied),
    skipped: [
      ...skipped,
      ...empty.map(({ chosen: { oid } }) => ({ ...commitRef(ctx.index, oid), because: "applying it changes nothing" })),
    ],
    prerequisites: [...draft.prerequisites],
    alternatives: await unlessMissing(
      () => alternativesOf(ctx, applied, draft.prerequisites, planning.tries),
      () => [],
    ),
    followUps,
    warnings: [...draft.notes, ...warningsOf(ctx, applied.steps, followUps)],
    mails: applied.failure === null ? await mailsOf(ctx, applied.steps) : [],
  };
}

/** A candidate's plan in an analysis: its required prerequisites and the commit itself, from what the stages before found. */
export async function outlinePlan(ctx: AnalysisContext, tried: TriedCommit, prerequisites: readonly Prerequisite[]): Promise<PlanOutline> {
  const { oid } = tried.change;
  const fix: Chosen = { oid, role: "fix", because: "asked for", neededBy: [] };
  const chosen = requiredOf(prerequisites);
  const after = chosen.length === 0 ? treeOf(tried, "high") : null;
  if (after === null) return outlineOf(ctx, await walk(ctx, [...chosen, fix], ctx.targetTree, "high"));
  return outlineOf(ctx, {
    steps: [{ chosen: fix, applicability: tried.applicability, form: tried.form?.change.oid ?? null, before: ctx.targetTree, after }],
    failure: null,
  });
}

/** Those that the target lacks, in upstream order, each once. */
async function sortOut(ctx: AnalysisContext, oids: readonly string[]): Promise<{ wanted: string[]; skipped: PlanResult["skipped"] }> {
  const commits = [...new Set(oids)].flatMap((oid) => ctx.index.commit(oid) ?? []).sort((a, b) => a.num - b.num);
  const wanted: string[] = [];
  const skipped: PlanResult["skipped"] = [];
  for (const commit of commits) {
    const presence = await presenceWithContent(ctx, commit);
    if (isInTarget(presence)) skipped.push({ ...commitRef(ctx.index, commit.oid), because: presence.because });
    else wanted.push(commit.oid);
  }
  return { wanted, skipped };
}

/** Takes one more commit and what it requires. The first that does not apply is taken too, and ends the draft. */
async function extend({ ctx, accepted, tries }: Planning, draft: Draft, one: Chosen): Promise<Draft> {
  if (draft.failed) return { ...draft, chosen: [...draft.chosen, one] };
  if (draft.base.taken.has(one.oid)) {
    return {
      ...draft,
      chosen: draft.chosen.map((other) => (other.oid === one.oid && one.role === "fix" ? { ...other, role: "fix" } : other)),
    };
  }
  const tried = await tryOn(ctx, one.oid, draft.base.tree, tries);
  const notes = [...draft.notes];
  const needs = await unlessMissing(
    async () => (tried.kind === "tried" ? prerequisitesOf(ctx, tried, draft.base) : []),
    (reason) => {
      notes.push(`prerequisites of ${short(one.oid)} are not known: ${reason}`);
      return [];
    },
  );
  const added = [...requiredOf(needs), one];
  const { failure, tree } = await walk(ctx, added, draft.base.tree, accepted, tries);
  return {
    chosen: [...draft.chosen, ...added],
    prerequisites: [...draft.prerequisites, ...needs.filter((need) => !draft.prerequisites.some(({ oid }) => oid === need.oid))],
    base: { tree, taken: new Set([...draft.base.taken, ...added.map(({ oid }) => oid)]) },
    failed: failure !== null,
    notes,
  };
}

function requiredOf(prerequisites: readonly Prerequisite[]): Chosen[] {
  return prerequisites
    .filter(({ need }) => need === "required")
    .map(({ oid, proof }) => ({ oid, role: "prerequisite", because: proof.summary, neededBy: [proof.neededBy] }));
}

/** Takes the fixes of what is in the plan, and their fixes, as far as they apply. */
async function withFollowUps(planning: Planning, draft: Draft): Promise<Draft> {
  const { ctx } = planning;
  let current = draft;
  const tried = new Set<string>();
  for (;;) {
    const taken = current.chosen.map(({ oid }) => ({ chosen: { oid } }));
    const next = missingFollowUps(ctx, taken).find(({ oid, relation }) => relation === "fixes" && !tried.has(oid));
    if (current.failed || next === undefined || tried.size >= MOST_FOLLOW_UPS) return current;
    tried.add(next.oid);
    const because = `fixes ${short(commitRef(ctx.index, next.of).upstreamOid ?? next.of)}`;
    const extended = await extend(planning, current, { oid: next.oid, role: "follow_up", because, neededBy: [] });
    if (!extended.failed) current = extended;
  }
}

/** Later fixes and reverts of what is in the plan that neither the target nor the plan has, in upstream order. */
function missingFollowUps(ctx: AnalysisContext, steps: readonly { readonly chosen: Pick<Chosen, "oid"> }[]): FollowUp[] {
  const taken = new Set(steps.map((step) => step.chosen.oid));
  const found = new Map<string, FollowUp>();
  for (const oid of taken) {
    const commit = ctx.index.commit(oid);
    for (const one of commit === null ? [] : followUpsOf(ctx, commit)) {
      if (!taken.has(one.oid) && !isInTarget(one.presence) && !found.has(one.oid)) found.set(one.oid, one);
    }
  }
  const num = (oid: string): number => ctx.index.commit(oid)?.num ?? -1;
  return [...found.values()].sort((a, b) => num(a.oid) - num(b.oid));
}

/** Where nothing may be made to fit and a step does not apply: with as much of the history of its files as it takes. */
async function completed({ ctx, accepted, tries }: Planning, { steps, failure, tree }: Walk): Promise<Walk | null> {
  if (accepted !== "none" || failure === null) return null;
  return unlessMissing(
    () => completeWalk(ctx, { steps, failure, tree }, tries),
    () => null,
  );
}

function walkAll({ ctx, accepted, tries }: Planning, chosen: readonly Chosen[]): Promise<Walk> {
  return walk(ctx, chosen, ctx.targetTree, accepted, tries);
}

/** Upstream order, unless only the order in which the commits were chosen applies. */
async function inBestOrder(planning: Planning, chosen: readonly Chosen[]): Promise<Walk> {
  const num = ({ oid }: Chosen): number => planning.ctx.index.commit(oid)?.num ?? -1;
  const upstream = await walkAll(
    planning,
    [...chosen].sort((a, b) => num(a) - num(b)),
  );
  if (upstream.failure === null) return upstream;
  const drafted = await walkAll(planning, chosen);
  return drafted.failure === null || drafted.failure.position > upstream.failure.position ? drafted : upstream;
}

function chosenBut(steps: readonly Step[], left: readonly Step[]): Chosen[] {
  return steps.filter((step) => !left.includes(step)).map((step) => step.chosen);
}

function describe(ctx: AnalysisContext, { steps, failure }: Walk): { applies: boolean; steps: PlanStep[]; failure: PlanFailure | null } {
  const described = steps.map((step, at): PlanStep => {
    const { oid, because, neededBy } = step.chosen;
    const commit = ctx.index.commit(oid);
    return {
      ...stepOutline(ctx, step, at + 1),
      author: commit === null ? "" : `${commit.authorName} <${commit.authorEmail}>`,
      date: commit === null ? null : new Date(commit.authorDate * 1000).toISOString(),
      because,
      neededBy: [...neededBy],
      applicability: step.applicability,
      treeOid: step.after,
    };
  });
  return { applies: failure === null, steps: described, failure };
}

function warningsOf(ctx: AnalysisContext, steps: readonly Step[], followUps: readonly FollowUp[]): string[] {
  const named = (oid: string) => {
    const { upstreamOid, subject } = commitRef(ctx.index, oid);
    return `${short(upstreamOid ?? oid)} ("${subject}")`;
  };
  const reverts = followUps
    .filter(({ relation }) => relation === "reverts")
    .map(
      ({ oid, of }) =>
        `${named(of)} was reverted upstream by ${named(oid)}, which ${ctx.target.tree} lacks: do not take it without a reason`,
    );
  const ofSteps = steps.flatMap(({ chosen, applicability }) => applicability.warnings.map((text) => `${named(chosen.oid)}: ${text}`));
  return [...reverts, ...ofSteps];
}
