import { MissingObject } from "../git/missing-object.ts";
import { GitError } from "../git/process.ts";
import type { Repository } from "../git/repository.ts";
import type { TargetNames } from "./adaptation-checks.ts";
import type { AnalysisContext } from "./context.ts";

/** Names of one adapted file that git is asked for; more are not those of one fix. */
const MOST_NAMES = 40;

/** What a tree knows, by git: 1 s for a kernel. */
export function namesByGit(repo: Repository, tree: string): TargetNames {
  return {
    async missing(names) {
      const asked = names.slice(0, MOST_NAMES);
      if (asked.length === 0) return [];
      const hits = await grep(repo, tree, asked);
      if (hits === null) return null;
      return asked.filter((name) => !hits.some((hit) => new RegExp(`\\b${name}\\b`).test(hit.text)));
    },
  };
}

/** Null where git cannot tell: a mirror that lacks files cannot say that a name is nowhere, and a machine under load may not in time. */
async function grep(repo: Repository, tree: string, names: readonly string[]): Promise<{ readonly text: string }[] | null> {
  try {
    return await repo.grepWords(tree, names);
  } catch (error) {
    if (error instanceof MissingObject || error instanceof GitError) return null;
    throw error;
  }
}

/** What the target knows: by the source index, where that can tell. */
export function namesOfTarget(ctx: AnalysisContext): TargetNames {
  const byGit = namesByGit(ctx.repo, ctx.targetTree);
  return {
    async missing(names) {
      const known = names.map((name) => ctx.sources?.has(ctx.targetTree, name) ?? null);
      if (known.includes(null)) return byGit.missing(names);
      return names.filter((_, at) => known[at] === false);
    },
  };
}
