import { runGit } from "../src/git/process.ts";
import type { Outcome } from "./git-truth.ts";
import type { Pair } from "./pairs.ts";
import { endedChildrenSeconds } from "./processor-time.ts";

const IDENTITY = ["-c", "user.name=eval", "-c", "user.email=eval@localhost", "-c", "advice.detachedHead=false"];

async function hasConflicts(workDir: string): Promise<boolean> {
  return (await runGit(["-C", workDir, "ls-files", "--unmerged"])).length > 0;
}

/**
 * Picks the origin of each pair onto its parent with `git cherry-pick --no-commit` in a work tree: what an engineer does by hand.
 * @param workDir a repository with a work tree that may be overwritten
 * @returns the outcomes, and the seconds of the picks alone, without the checkouts between them: passed, and of processor time
 */
export async function cherryPick(
  workDir: string,
  pairs: readonly Pair[],
): Promise<{ outcomes: Outcome[]; seconds: number; processorSeconds: number }> {
  const outcomes: Outcome[] = [];
  let milliseconds = 0;
  let processorSeconds = 0;
  for (const { origin, parent } of pairs) {
    await runGit(["-C", workDir, ...IDENTITY, "checkout", "--quiet", "--force", "--detach", parent]);
    await runGit(["-C", workDir, "clean", "--quiet", "--force", "-dx"]);
    const used = endedChildrenSeconds();
    const start = performance.now();
    await runGit(["-C", workDir, ...IDENTITY, "cherry-pick", "--no-commit", origin], { okCodes: [0, 1] });
    milliseconds += performance.now() - start;
    processorSeconds += endedChildrenSeconds() - used;
    const applies = !(await hasConflicts(workDir));
    const tree = applies ? (await runGit(["-C", workDir, "write-tree"])).toString().trim() : "";
    outcomes.push({ applies, tree });
  }
  return { outcomes, seconds: milliseconds / 1000, processorSeconds };
}
