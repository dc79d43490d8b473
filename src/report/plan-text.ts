import type { z } from "zod";
import type { PlanOutline } from "../schema/analysis.ts";
import type { Plan, PlanList } from "../schema/plan.ts";
import { list, page, plain, SHORT, table, words } from "./markdown.ts";
import { applicabilityReasons } from "./text.ts";

const name = (commit: { readonly oid: string | null; readonly upstreamOid: string | null; readonly subject: string }): string =>
  `${(commit.upstreamOid ?? commit.oid ?? "").slice(0, SHORT)} ("${plain(commit.subject)}")`;

/** A plan as Markdown that reads well as plain text too: the steps, what fails and why, and what else there is. */
export function renderPlan(plan: Plan): string {
  const { target, failure, moved } = plan;
  const fields: [string, string | null][] = [
    ["Target", `${target.tree}, ${target.ref} at ${target.oid.slice(0, SHORT)}`],
    ["Plan", `${plan.url}, rules ${plan.rulesVersion}, engine ${plan.engineVersion}`],
    ["Mails", plan.applies === true ? plan.mboxUrl : null],
    ["Stale", moved === null ? null : `the target moved to ${moved.to.slice(0, SHORT)}${movedText(moved.applies)}`],
    ["Problem", plan.problem === null ? null : `${plan.problem.title}: ${plan.problem.detail}`],
  ];
  const failing = plan.steps.find(({ position }) => position === failure?.position);
  return page(
    headline(plan),
    fields,
    ...(plan.steps.length === 0 ? [] : stepTable(plan)),
    ...(failure === null || failing === undefined
      ? []
      : ["", `Step ${failure.position} does not apply: ${plain(failure.cause)}`, ...applicabilityReasons(failing.applicability)]),
    ...plan.steps.map((step) => `- step ${step.position}: ${plain(step.because)}`),
    ...plan.skipped.map((commit) => `- left out: ${name(commit)}: ${plain(commit.because)}`),
    ...plan.warnings.map((text) => `- warning: ${plain(text)}`),
    ...plan.followUps.map((one) => `- follow-up: ${name(one)} ${one.relation} ${one.of.slice(0, SHORT)}`),
    ...plan.prerequisites
      .filter(({ need }) => need !== "required")
      .map((one) => `- not taken, ${words(one.need)}: ${name(one)}: ${plain(one.proof.summary)}`),
    ...plan.alternatives.flatMap((one) => ["", `## ${one.kind}: ${plain(one.summary)}`, "", ...stepTable(one)]),
  );
}

function movedText(applies: boolean | null): string {
  if (applies === null) return "";
  return applies ? ", where the steps still apply" : ", where the steps do not apply any more";
}

function headline({ status, conclusion, applies, steps }: Plan): string {
  if (applies === null) return `No plan yet: ${words(conclusion ?? status)}`;
  if (steps.length === 0) return "Nothing to do: the target has it";
  return `Plan of ${steps.length} commit${steps.length === 1 ? "" : "s"}: ${applies ? "applies" : "does not apply"}`;
}

function stepTable({ steps }: Pick<PlanOutline, "steps">): string[] {
  return table(
    ["#", "commit", "subject", "role", "applies"],
    steps.map((step) => [
      String(step.position),
      (step.upstreamOid ?? step.oid).slice(0, SHORT),
      step.subject,
      words(step.role),
      step.form === null ? step.state : `${step.state}, as ${(step.form.oid ?? "").slice(0, SHORT)}`,
    ]),
  );
}

export function renderPlans(plans: z.infer<typeof PlanList>): string {
  return list("Plans", ["plan", "target", "at", "status", "applies", "asked"], plans, (plan) => [
    plan.id,
    plan.target.tree,
    plan.target.oid.slice(0, SHORT),
    plan.conclusion ?? plan.status,
    plan.applies === null ? "" : plan.applies ? "applies" : "does not apply",
    plan.createdAt,
  ]);
}
