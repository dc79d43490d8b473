import type { Applicability } from "../schema/analysis.ts";
import { type Adaptation, adapt, withAdaptation } from "./adaptation.ts";
import { type Trial, tryChange } from "./applicability.ts";
import { type Change, changeOf, isChange, type NoChange } from "./change.ts";
import { explainConflicts, type HunkCause, withCauses } from "./conflict-causes.ts";
import type { AnalysisContext } from "./context.ts";
import { unlessMissing } from "./missing.ts";

/** A commit that was tried on the target's head, with all that the later stages need of the trial. */
export interface TriedCommit {
  readonly kind: "tried";
  readonly applicability: Applicability;
  readonly change: Change;
  readonly trial: Trial;
  readonly causes: readonly HunkCause[];
  /** What could be made of a conflict; null without one, and when it was refused. */
  readonly adaptation: Adaptation | null;
}

export type Tried = TriedCommit | { readonly kind: "untried"; readonly applicability: Applicability };

/** The ladder of applicability: strict in memory, git's three-way merge, the cause of every conflict, adaptation. */
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
  const explained = withCauses(ctx, trial, causes);
  const adaptation = await adapt(ctx.repo, trial);
  const applicability = adaptation === null ? explained : withAdaptation(explained, adaptation);
  return { kind: "tried", applicability, change, trial, causes, adaptation };
}
