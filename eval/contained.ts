import { join } from "node:path";
import { runGit } from "../src/git/process.ts";

/** What git itself says for a commit being in the history or the files of another one. */
export type Containment = "ancestor" | "reverse-applies" | "equal-patch";

/**
 * Does git say that a tree holds a change: the commit is an ancestor; its diff applies to the tree in reverse, whole and exactly; or `git cherry`
 * finds an equal patch in the history. Null when it says none of these.
 * @param gitDir bare; `workDir` takes an index file
 */
export async function containedBy(gitDir: string, workDir: string, origin: string, tree: string): Promise<Containment | null> {
  if (await succeeds(["merge-base", "--is-ancestor", origin, tree], { gitDir })) return "ancestor";
  const env = { GIT_INDEX_FILE: join(workDir, "contained.index") };
  await runGit(["read-tree", tree], { gitDir, env });
  const input = await runGit(["diff-tree", "-p", "--binary", "--full-index", "--no-commit-id", "--root", origin], { gitDir });
  if (await succeeds(["apply", "--cached", "--check", "--reverse"], { gitDir, env, input })) return "reverse-applies";
  const cherry = (await runGit(["cherry", tree, origin, `${origin}^`], { gitDir })).toString();
  return cherry.startsWith("- ") ? "equal-patch" : null;
}

async function succeeds(args: readonly string[], options: Parameters<typeof runGit>[1]): Promise<boolean> {
  try {
    await runGit(args, options);
    return true;
  } catch {
    return false;
  }
}
