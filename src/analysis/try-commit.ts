import type { Applicability } from "../schema/analysis.ts";
import { type Adaptation, adapt, withAdaptation } from "./adaptation.ts";
import { type Trial, tryChange } from "./applicability.ts";
import { type Change, changeOf, isChange, type NoChange } from "./change.ts";
import { explainConflicts, type HunkCause, withCauses } from "./conflict-causes.ts";
import type { AnalysisContext } from "./context.ts";
import { nearestForms } from "./forms.ts";
import { unlessMissing } from "./missing.ts";
import { short } from "./presence.ts";
import { namesOfTarget } from "./target-names.ts";

/** A change that was tried on the target's head. */
export interface TriedChange {
  readonly change: Change;
  readonly trial: Trial;
  /** What could be made of a conflict; null without one, and when it was refused. */
  readonly adaptation: Adaptation | null;
}

/** A commit that was tried on the target's head, with all that the later stages need of the trial. */
export interface TriedCommit extends TriedChange {
  readonly kind: "tried";
  /** That of the form, when another one fits better. */
  readonly applicability: Applicability;
  readonly causes: readonly HunkCause[];
  /** Another form of the commit that fits better than the commit itself; null when none does. */
  readonly form: TriedChange | null;
}

export type Tried = TriedCommit | { readonly kind: "untried"; readonly applicability: Applicability };

/**
 * The ladder of applicability: strict in memory, git's three-way merge, the cause of every conflict, the forms that other trees have of the
 * commit, adaptation.
 */
export async function tryCommit(ctx: AnalysisContext, oid: string): Promise<Tried> {
  const change = await changeOf(ctx, oid);
  if (!isChange(change)) return untried(change);
  return unlessMissing<Tried>(
    () => tryOnTarget(ctx, change),
    (reason) => untried({ state: "unknown", reason }),
  );
}

function untried({ state, reason }: NoChange): Tried {
  return { kind: "untried", applicability: { state, reason, files: [], warnings: [] } };
}

async function tryOnTarget(ctx: AnalysisContext, change: Change): Promise<TriedCommit> {
  const trial = await tryChange(ctx.repo, change, ctx.targetTree);
  const causes = await explainConflicts(ctx, change, trial.failures);
  const own = { change, trial, adaptation: await adapt(ctx.repo, trial, namesOfTarget(ctx)) };
  const form = await betterForm(ctx, own);
  const explained = withCauses(ctx, trial, causes);
  const applicability = form === null ? adaptedIf(explained, own.adaptation) : ofForm(ctx, own, form);
  return { kind: "tried", ...own, applicability, causes, form };
}

function adaptedIf(applicability: Applicability, adaptation: Adaptation | null): Applicability {
  return adaptation === null ? applicability : withAdaptation(applicability, adaptation);
}

/** How well a change fits: the smaller, the less was done to it. */
function misfit({ trial, adaptation }: TriedChange): number {
  const { state } = trial.applicability;
  if (state === "clean" || state === "empty") return 0;
  if (trial.merge.clean) return 1;
  return adaptation === null ? 5 : { high: 2, medium: 3, low: 4 }[adaptation.confidence];
}

/** The nearest form that fits better than the commit itself: a maintainer of another tree may have done the adaptation already. */
async function betterForm(ctx: AnalysisContext, own: TriedChange): Promise<TriedChange | null> {
  if (misfit(own) === 0) return null;
  let best = own;
  for (const change of await nearestForms(ctx, own.change.oid)) {
    const trial = await tryChange(ctx.repo, change, ctx.targetTree);
    if (trial.applicability.state === "empty") continue;
    const form = { change, trial, adaptation: await adapt(ctx.repo, trial, namesOfTarget(ctx)) };
    if (misfit(form) < misfit(best)) best = form;
    if (misfit(best) === 0) break;
  }
  return best === own ? null : best;
}

function ofForm(ctx: AnalysisContext, own: TriedChange, form: TriedChange): Applicability {
  const { oid } = form.change;
  const tree = ctx.upstreams.find((one) => ctx.index.contains(one.oid, oid))?.tree ?? ctx.target.tree;
  const applicability = adaptedIf(form.trial.applicability, form.adaptation);
  const itself = own.trial.merge.clean ? "the commit itself needs a three-way merge" : "the commit itself conflicts";
  const reason = `${itself}; this is its form ${short(oid)} of ${tree}${applicability.reason === null ? "" : `: ${applicability.reason}`}`;
  return { ...applicability, reason, form: { tree, oid } };
}
