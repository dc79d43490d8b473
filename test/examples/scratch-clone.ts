/** A clone of the example vendor tree with the mainline's objects in it, in which tests try things with git itself. */
import { join } from "node:path";
import type { ExampleTrees } from "../../examples/build-trees.ts";
import { GitError, runGit } from "../../src/git/process.ts";

const ENVIRONMENT = {
  GIT_ALLOW_PROTOCOL: "file",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@kernel.example",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@kernel.example",
};

export interface PickOutcome {
  readonly state: "clean" | "empty" | "conflict";
  readonly conflictingFiles: readonly string[];
}

export interface ScratchClone {
  git(args: readonly string[], input?: string): Promise<string>;
  /** Is this exit code 0? Any other failure of git is told the same way. */
  succeeds(args: readonly string[], input?: string): Promise<boolean>;
  /** Cherry-picks commits onto the vendor head in this order; the outcome is that of the last, and those before it must apply. */
  pick(oids: readonly string[]): Promise<PickOutcome>;
}

export async function cloneVendor(trees: ExampleTrees, directory: string): Promise<ScratchClone> {
  const path = join(directory, "scratch");
  await runGit(["clone", "--quiet", "--template=", trees.vendor, path], { env: ENVIRONMENT });
  const git = async (args: readonly string[], input = ""): Promise<string> =>
    (await runGit(["-C", path, ...args], { env: ENVIRONMENT, input })).toString("utf8");
  const succeeds = async (args: readonly string[], input = ""): Promise<boolean> => {
    try {
      await git(args, input);
      return true;
    } catch (error) {
      if (error instanceof GitError) return false;
      throw error;
    }
  };
  await git(["fetch", "--quiet", trees.mainline, "master:mainline"]);

  const pickOne = async (oid: string): Promise<PickOutcome> => {
    if (await succeeds(["cherry-pick", "--keep-redundant-commits", oid])) {
      const unchanged = await succeeds(["diff", "--quiet", "HEAD~1", "HEAD"]);
      return { state: unchanged ? "empty" : "clean", conflictingFiles: [] };
    }
    const files = (await git(["diff", "--name-only", "--diff-filter=U"])).split("\n").filter((file) => file !== "");
    return { state: "conflict", conflictingFiles: files };
  };

  const pick = async (oids: readonly string[]): Promise<PickOutcome> => {
    await git(["reset", "--quiet", "--hard", "origin/vendor-1.0"]);
    let outcome: PickOutcome = { state: "empty", conflictingFiles: [] };
    for (const oid of oids) {
      if (outcome.state === "conflict") throw new Error(`${oid} stands after a commit that conflicts`);
      outcome = await pickOne(oid);
    }
    return outcome;
  };
  return { git, succeeds, pick };
}
