import type { Prerequisite } from "../schema/analysis.ts";
import type { PlanAlternative } from "../schema/plan.ts";
import { type AnalysisContext, isBulk } from "./context.ts";
import { type Accepted, type Chosen, outlineOf, type Tries, type Walk, walk } from "./plan-steps.ts";
import { headOf } from "./prerequisites.ts";
import { missingCommitsOfFile } from "./suspects.ts";
import { Trials } from "./trials.ts";

/** Commits of the history of the conflicting files that are tried for the complete plan, nearest before the fix first. */
const MOST_OF_FILES = 48;

/** Other plans for the same fixes: the shortest, where hunks may be made to fit, and the one that takes every commit as upstream wrote it. */
export async function alternativesOf(
  ctx: AnalysisContext,
  plan: Walk,
  prerequisites: readonly Prerequisite[],
  tries: Tries,
): Promise<PlanAlternative[]> {
  const short = await shortest(ctx, plan, prerequisites, tries);
  const whole = await completeWalk(ctx, plan, tries);
  if (whole === null) return short === null ? [] : [short];
  const summary = `${counted(whole.steps.length, "commit")}, each as upstream wrote it`;
  return [...(short === null ? [] : [short]), { kind: "complete", summary, ...outlineOf(ctx, whole) }];
}

/** Without the commits that only the text needs, every step made to fit where it does not apply. */
async function shortest(
  ctx: AnalysisContext,
  plan: Walk,
  prerequisites: readonly Prerequisite[],
  tries: Tries,
): Promise<PlanAlternative | null> {
  const bySymbol = new Set(prerequisites.filter(({ kind }) => kind === "symbol").map(({ oid }) => oid));
  const chosen = plan.steps.map((step) => step.chosen).filter(({ oid, role }) => role !== "prerequisite" || bySymbol.has(oid));
  const fewer = chosen.length < plan.steps.length;
  if (chosen.length === 0 || (plan.failure === null && !fewer)) return null;
  const found = await walk(ctx, chosen, ctx.targetTree, "any", tries);
  if (found.failure !== null) return null;
  const summary = `${counted(chosen.length, "commit")}, with hunks made to fit where they conflict; look at each of these`;
  return { kind: "shortest", summary, ...outlineOf(ctx, found) };
}

const AS_WRITTEN: Accepted = "none";

/**
 * Where a step does not apply as upstream wrote it: with all that upstream changed in the conflicting files before it and that applies, from
 * which every commit is taken away again that is not needed. Null when every step does, and when there is no such list.
 */
export async function completeWalk(ctx: AnalysisContext, plan: Walk, tries: Tries): Promise<Walk | null> {
  const asWritten = plan.steps.every(({ applicability: { state } }) => state === "clean" || state === "merge");
  if (asWritten) return null;
  const trials = new Trials(ctx, headOf(ctx));
  const steps = plan.steps.map((step) => step.chosen);
  const history: string[] = [];
  for (const step of plan.steps) {
    const change = await trials.change(step.chosen.oid);
    if (change === null) return null;
    const conflicting = step.applicability.files.filter(({ state }) => state === "conflict" || state === "adapted");
    for (const file of conflicting) history.push(...missingCommitsOfFile(ctx, change, file.path, MOST_OF_FILES));
  }
  const order = trials.inOrder(new Set([...history, ...steps.map(({ oid }) => oid)])).filter((oid) => usable(ctx, oid, steps));
  const applying: string[] = [];
  let tree = trials.base.tree;
  for (const oid of order) {
    const taken = await trials.take(oid, tree);
    if (taken === null) continue;
    applying.push(oid);
    tree = taken.tree;
  }
  if (!steps.every(({ oid }) => applying.includes(oid))) return null;
  const wanted = steps.filter(({ role }) => role !== "prerequisite").map(({ oid }) => oid);
  const needed = (await withoutUnneeded(trials, applying, new Set(wanted))).map((oid) => chosenFor(oid, steps));
  const found = await walk(ctx, needed, ctx.targetTree, AS_WRITTEN, tries);
  return found.failure === null ? found : null;
}

function usable(ctx: AnalysisContext, oid: string, steps: readonly Chosen[]): boolean {
  const commit = ctx.index.commit(oid);
  return commit !== null && (!isBulk(commit) || steps.some((step) => step.oid === oid));
}

/** Newest first, as long as those that are wanted still apply. */
async function withoutUnneeded(trials: Trials, oids: readonly string[], wanted: ReadonlySet<string>): Promise<string[]> {
  let kept = [...oids];
  for (const oid of [...oids].reverse()) {
    if (wanted.has(oid) || trials.exhausted) continue;
    const without = kept.filter((other) => other !== oid);
    if ((await trials.takeAll(without)) !== null) kept = without;
  }
  return kept;
}

function chosenFor(oid: string, steps: readonly Chosen[]): Chosen {
  const known = steps.find((step) => step.oid === oid);
  return known ?? { oid, role: "prerequisite", because: "a later step does not apply without it", neededBy: [] };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
