import { rmSync } from "node:fs";
import { join } from "node:path";
import type { AnalysisContext } from "../src/analysis/context.ts";
import { planCommits } from "../src/analysis/plan.ts";
import { runGit } from "../src/git/process.ts";
import { renderMbox } from "../src/report/mbox.ts";
import { PlanOptions } from "../src/schema/plan.ts";

/** A plan that was exported and handed to git. */
export interface CheckedPlan {
  /** `git am` took every mail and left the tree that the plan promised; null for a plan without mails. */
  readonly agrees: boolean | null;
  /** Why there are no mails, or what git said. */
  readonly note: string;
}

/**
 * Plans a fix and lets `git am` apply the mails to the target.
 * @param workDir a repository with a work tree that sees the objects; it is reset
 */
export async function checkPlan(ctx: AnalysisContext, oid: string, workDir: string): Promise<CheckedPlan> {
  const plan = await planCommits(ctx, [oid], PlanOptions.parse({}));
  const last = plan.steps.at(-1);
  if (plan.failure !== null) return { agrees: null, note: plan.failure.cause };
  if (last === undefined) return { agrees: null, note: "nothing to do" };
  const mbox = renderMbox({ id: oid, target: ctx.target, steps: plan.steps, engineVersion: "eval" }, plan.mails);
  if (mbox.kind === "refused") return { agrees: null, note: mbox.reason };
  const inWork = (args: readonly string[], input?: Buffer) =>
    runGit(["-C", workDir, "-c", "user.name=eval", "-c", "user.email=eval@localhost", ...args], input === undefined ? {} : { input });
  // An earlier check that failed leaves its series behind.
  rmSync(join(workDir, ".git/rebase-apply"), { recursive: true, force: true });
  await inWork(["read-tree", "--reset", "-u", ctx.target.oid]);
  await inWork(["update-ref", "--no-deref", "HEAD", ctx.target.oid]);
  try {
    await inWork(["am", "--quiet"], mbox.bytes);
  } catch (error) {
    return { agrees: false, note: error instanceof Error ? error.message : String(error) };
  }
  const tree = (await inWork(["rev-parse", "HEAD^{tree}"])).toString().trim();
  return { agrees: tree === last.treeOid, note: `${plan.steps.length} steps` };
}
