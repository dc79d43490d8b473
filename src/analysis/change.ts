import type { Repository } from "../git/repository.ts";
import { parsePatch } from "../patch/parse.ts";
import type { Patch } from "../patch/patch.ts";
import { unsafePath } from "../patch/safe-paths.ts";
import type { AnalysisContext } from "./context.ts";
import { unlessMissing } from "./missing.ts";
import { remember } from "./remember.ts";

/** git's name for the tree without entries; every git knows it without storing it. */
export const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** A change to be tried on a tree: the two trees it lies between, and its diff. */
export interface Change {
  readonly oid: string;
  /** The first parent; null for a root commit. */
  readonly parent: string | null;
  readonly baseTree: string;
  readonly fixTree: string;
  readonly patch: Patch;
}

/** Why a commit cannot be tried. */
export interface NoChange {
  readonly state: "unsupported" | "unknown";
  readonly reason: string;
}

/** Reads a commit as a change against its first parent; a root commit against the empty tree. */
export async function readChange(repo: Repository, oid: string): Promise<Change | NoChange> {
  const commit = await repo.commit(oid);
  if (commit === null) return { state: "unknown", reason: `the mirror lacks the commit ${oid}` };
  if (commit.parents.length > 1) return { state: "unsupported", reason: "it is a merge; give the commits that it merged" };
  const [parentOid] = commit.parents;
  const text = repo.patch(oid);
  // Asked for ahead; where the parent is missing nobody waits for it.
  text.catch(() => {});
  const parent = parentOid === undefined ? null : await repo.commit(parentOid);
  if (parentOid !== undefined && parent === null)
    return { state: "unknown", reason: `the mirror lacks its parent ${parentOid} (shallow history)` };
  const patch = parsePatch(await text);
  const unsafe = unsafePath(patch);
  if (unsafe !== null) return { state: "unsupported", reason: `it ${unsafe}` };
  return { oid, parent: parentOid ?? null, baseTree: parent?.tree ?? EMPTY_TREE, fixTree: commit.tree, patch };
}

/** The same, read once per analysis. */
export function changeOf(ctx: AnalysisContext, oid: string): Promise<Change | NoChange> {
  return remember(ctx.changes, oid, () =>
    unlessMissing<Change | NoChange>(
      () => readChange(ctx.repo, oid),
      (reason) => ({ state: "unknown", reason }),
    ),
  );
}

export function isChange(value: Change | NoChange): value is Change {
  return "patch" in value;
}
