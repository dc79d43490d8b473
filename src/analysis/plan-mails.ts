import type { PlanMail } from "../schema/plan.ts";
import { type AnalysisContext, upstreamOidOf } from "./context.ts";
import type { Step } from "./plan-steps.ts";
import { short } from "./presence.ts";

/** What each step changes on the tree before it, with the author, date and message of the commit (or form) that it comes from. */
export async function mailsOf(ctx: AnalysisContext, steps: readonly Step[]): Promise<PlanMail[]> {
  const mails: PlanMail[] = [];
  for (const step of steps) {
    const oid = step.form ?? step.chosen.oid;
    const commit = await ctx.repo.commit(oid);
    if (commit === null || step.after === null) throw new Error(`step ${step.chosen.oid} was applied and cannot be read`);
    mails.push({
      oid: step.chosen.oid,
      upstreamOid: upstreamOidOf(ctx.index, step.chosen.oid),
      authorName: commit.authorName,
      authorEmail: commit.authorEmail,
      authorDate: commit.authorDate,
      message: commit.message,
      notes: notesOf(ctx, step),
      diff: await ctx.repo.diff(step.before, step.after),
    });
  }
  return mails;
}

function notesOf(ctx: AnalysisContext, { form, applicability }: Step): string[] {
  const taken = form === null ? [] : [`taken in the form of ${short(form)}, which applies to ${ctx.target.tree}`];
  const changes = (applicability.adaptation?.changes ?? []).map(({ path, note }) => `adapted to ${ctx.target.tree}: ${path}: ${note}`);
  return [...taken, ...changes];
}
