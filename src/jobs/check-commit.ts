import { ApiProblem, problemDocument } from "../problems.ts";
import type { CommitStatus } from "../schema/analysis.ts";
import type { CommitItem, CommitList } from "../schema/commits.ts";
import type { PinnedTree } from "../schema/common.ts";
import { runForRequest } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { pinTree, pinUpstreams } from "./pins.ts";
import { commitResource, urlOf } from "./resources.ts";
import { runIndexed } from "./run-indexed.ts";
import type { CommitsTask, CommitTask, ResultOf } from "./task-types.ts";
import { requireTree } from "./tree-jobs.ts";

/** A person or a gate waits for it, so it goes before queued analyses. */
const PRIORITY = 1;

/**
 * Is this commit in the tree, and would it apply. `oid` has 7 to 40 digits.
 * @throws ApiProblem commit-not-found, commit-ambiguous, tree-not-ready, job-timed-out
 */
export async function checkCommit(context: JobContext, treeId: string, oid: string, stop: AbortSignal): Promise<CommitStatus> {
  const result = await runCheck(context, { kind: "commit", ...context.paths, oid, ...(await pins(context, treeId)) }, stop);
  if ("notFound" in result || "ambiguous" in result) throw unusable(treeId, oid, "/oid", result);
  return { ...result, kind: "commit_status", url: urlOf(commitResource(treeId, result.oid)) };
}

/**
 * Are these commits in the tree; one that is not known has a problem in its place. In the order of the request.
 * @throws ApiProblem tree-not-ready, job-timed-out
 */
export async function checkCommits(context: JobContext, treeId: string, ids: readonly string[], stop: AbortSignal): Promise<CommitList> {
  const { target, upstreams } = await pins(context, treeId);
  const results = await runCheck(context, { kind: "commits", ...context.paths, ids, target, upstreams }, stop);
  const items: CommitItem[] = [];
  for (const [position, { id, ...found }] of results.entries()) {
    if ("notFound" in found || "ambiguous" in found) {
      const problem = problemDocument(unusable(treeId, id, `/oids/${position}`, found), { instance: urlOf(commitResource(treeId, id)) });
      items.push({ ...NOTHING, id, problem });
    } else {
      items.push({ ...found, id, url: urlOf(commitResource(treeId, found.oid)), problem: null });
    }
  }
  return { kind: "commit_list", tree: target, items };
}

const NOTHING = {
  url: null,
  oid: null,
  upstreamOid: null,
  subject: null,
  author: null,
  date: null,
  presence: null,
  affected: null,
} as const satisfies Partial<CommitItem>;

async function pins(context: JobContext, treeId: string): Promise<{ readonly target: PinnedTree; readonly upstreams: PinnedTree[] }> {
  const target = pinTree(await requireTree(context, treeId));
  return { target, upstreams: await pinUpstreams(context, treeId, undefined) };
}

async function runCheck<T extends CommitTask | CommitsTask>(context: JobContext, task: T, signal: AbortSignal): Promise<ResultOf<T>> {
  const { maxQueued, commitTimeout: ms } = context.limits;
  if (context.interactive.size >= maxQueued) {
    throw new ApiProblem("service-busy", `${maxQueued} jobs are waiting, which is the limit. Ask again later.`);
  }
  const limit = { ms, signal, priority: PRIORITY, fallback: "analysis-failed" } as const;
  try {
    return await runForRequest(context, (taskContext) => runIndexed(context, task, taskContext, ms), context.interactive, limit);
  } catch (error) {
    if (context.index.fault === null || !(error instanceof ApiProblem) || error.code !== "job-timed-out") throw error;
    throw new ApiProblem("service-busy", "The history index is being built anew. Ask again later; /readyz says when it is done.");
  }
}

type Unusable = { readonly notFound: true } | { readonly ambiguous: readonly string[] };

function unusable(treeId: string, oid: string, pointer: string, result: Unusable): ApiProblem {
  if ("notFound" in result) {
    const detail = `No commit of the mirror starts with ${oid}, and no message of tree "${treeId}" refers to it. Check the id, or fetch the tree that has it.`;
    return new ApiProblem("commit-not-found", detail);
  }
  const errors = result.ambiguous.map((detail) => ({ pointer, detail }));
  return new ApiProblem("commit-ambiguous", `${oid} names several commits: ${result.ambiguous.join(", ")}. Give more digits.`, errors);
}
