import type { Applicability, ApplicabilityState, PlanFailure, PlanOutline, StepOutline, StepRole } from "../schema/analysis.ts";
import type { PlanOptions } from "../schema/plan.ts";
import { type AnalysisContext, commitRef } from "./context.ts";
import { remember } from "./remember.ts";
import { type Tried, tryCommit } from "./try-commit.ts";

/** Which adaptations may be part of a step. */
export type Accepted = PlanOptions["adaptation"];

/** A commit that a plan takes, and why. */
export interface Chosen {
  readonly oid: string;
  readonly role: StepRole;
  readonly because: string;
  /** Commits of the plan that need it. */
  readonly neededBy: readonly string[];
}

/** A commit applied on the tree that the steps before it left. */
export interface Step {
  readonly chosen: Chosen;
  readonly applicability: Applicability;
  /** The form of it that was taken; null when it is the commit itself. */
  readonly form: string | null;
  /** The trees around it; the later one is null when it does not apply. */
  readonly before: string;
  readonly after: string | null;
}

export interface Walk {
  readonly steps: readonly Step[];
  readonly failure: PlanFailure | null;
  /** The tree after the last step that applies. */
  readonly tree: string;
}

/** What was tried so far while a plan is made, by commit and tree: orders and alternatives begin alike. */
export type Tries = Map<string, Promise<Tried>>;

export function tryOn(ctx: AnalysisContext, oid: string, tree: string, tries: Tries): Promise<Tried> {
  return remember(tries, `${oid} ${tree}`, () => tryCommit({ ...ctx, targetTree: tree }, oid));
}

/** Applies commits one after the other in the scratch store. What stands behind a step that does not apply is not tried. */
export async function walk(
  ctx: AnalysisContext,
  chosen: readonly Chosen[],
  tree: string,
  accepted: Accepted,
  tries: Tries = new Map(),
): Promise<Walk> {
  const steps: Step[] = [];
  let failure: PlanFailure | null = null;
  let current = tree;
  for (const one of chosen) {
    ctx.signal?.throwIfAborted();
    if (failure !== null) {
      const reason = `not tried: step ${failure.position} does not apply`;
      steps.push({ chosen: one, applicability: unknown(reason), form: null, before: current, after: null });
      continue;
    }
    const step = await applyStep(ctx, one, current, accepted, tries);
    steps.push(step);
    if (step.after === null) failure = { position: steps.length, oid: one.oid, cause: causeOf(step.applicability) };
    else current = step.after;
  }
  return { steps, failure, tree: current };
}

async function applyStep(ctx: AnalysisContext, chosen: Chosen, before: string, accepted: Accepted, tries: Tries): Promise<Step> {
  const tried = await tryOn(ctx, chosen.oid, before, tries);
  const form = tried.kind === "tried" ? (tried.form?.change.oid ?? null) : null;
  return { chosen, applicability: tried.applicability, form, before, after: treeOf(tried, accepted) };
}

/** The tree that a tried commit, or its better form, leaves; null when it does not apply, or only by adaptations that are not accepted. */
export function treeOf(tried: Tried, accepted: Accepted): string | null {
  if (tried.kind === "untried") return null;
  const { trial, adaptation } = tried.form ?? tried;
  if (trial.merge.clean) return trial.merge.tree;
  const fits = accepted === "any" || (accepted === "high" && adaptation?.confidence === "high");
  return adaptation !== null && fits ? adaptation.tree : null;
}

function unknown(reason: string): Applicability {
  return { state: "unknown", reason, files: [], warnings: [] };
}

const FAILING: ReadonlySet<ApplicabilityState> = new Set(["conflict", "adapted", "unsupported", "unknown"]);

/** In one sentence; the hunks of the step say the rest. */
function causeOf({ state, reason, files }: Applicability): string {
  const said = state === "adapted" && reason !== null ? `; ${reason}` : "";
  for (const file of files) {
    const failing = file.hunks.filter((hunk) => FAILING.has(hunk.state));
    const first = failing.find((hunk) => hunk.cause !== null);
    if (first !== undefined) return `${first.cause}${failing.length > 1 ? ` (one of ${failing.length} hunks in ${file.path})` : ""}${said}`;
    if (FAILING.has(file.state)) return `${file.path}: ${file.reason ?? file.state}${said}`;
  }
  return reason ?? `it is ${state}`;
}

/** A walk in few words. */
export function outlineOf(ctx: AnalysisContext, { steps, failure }: Pick<Walk, "steps" | "failure">): PlanOutline {
  return { applies: failure === null, steps: steps.map((step, at) => stepOutline(ctx, step, at + 1)), failure };
}

export function stepOutline(ctx: AnalysisContext, { chosen, applicability, form }: Step, position: number): StepOutline {
  const { upstreamOid, subject } = commitRef(ctx.index, chosen.oid);
  return {
    position,
    oid: chosen.oid,
    upstreamOid,
    subject,
    role: chosen.role,
    state: applicability.state,
    form: form === null ? null : commitRef(ctx.index, form),
  };
}
