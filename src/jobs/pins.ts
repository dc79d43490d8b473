import { ApiProblem } from "../problems.ts";
import type { PinnedTree } from "../schema/common.ts";
import { allTrees, type TreeRow } from "../store/trees.ts";
import type { JobContext } from "./parts.ts";
import { requireTree } from "./tree-jobs.ts";

/**
 * Pins a tree to the commit it is at.
 * @throws ApiProblem tree-not-ready, which tells the state and, for a failed tree, the reason.
 */
export function pinTree(tree: TreeRow): PinnedTree {
  if (tree.state === "ready" && tree.headOid !== null) return { tree: tree.id, ref: tree.ref, oid: tree.headOid };
  const reason =
    tree.state === "failed"
      ? `it failed: ${tree.problem?.detail ?? "no reason recorded"}`
      : `it is ${tree.state}. Ask again later, or follow /v1/trees/${tree.id}/events.`;
  throw new ApiProblem("tree-not-ready", `Tree "${tree.id}" cannot be used yet: ${reason}`);
}

/** The trees to search: those named, or all ready ones of role mainline and stable; never the target itself. */
export async function pinUpstreams(
  context: Pick<JobContext, "db">,
  target: string,
  named: readonly string[] | undefined,
): Promise<PinnedTree[]> {
  if (named === undefined) {
    const usable = (tree: TreeRow) => tree.id !== target && tree.role !== "vendor" && tree.state === "ready";
    return (await allTrees(context.db)).filter(usable).map(pinTree);
  }
  const position = named.indexOf(target);
  if (position !== -1) {
    const detail = `"${target}" is the target; an upstream is another tree, which has the fixes.`;
    throw new ApiProblem("invalid-request", detail, [{ pointer: `/upstreams/${position}`, detail }]);
  }
  const pins: PinnedTree[] = [];
  for (const id of [...new Set(named)].sort()) pins.push(pinTree(await requireTree(context, id)));
  return pins;
}

/** @throws ApiProblem no-upstream */
export function requireUpstream(pins: readonly PinnedTree[]): void {
  if (pins.length > 0) return;
  throw new ApiProblem(
    "no-upstream",
    "No tree of role mainline or stable is ready beside the target. Register one with PUT /v1/trees/{tree} and wait until it is ready, or name others in `upstreams`.",
  );
}
