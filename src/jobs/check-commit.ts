import { ApiProblem, problemDocument } from "../problems.ts";
import type { CommitStatus } from "../schema/analysis.ts";
import type { CommitItem, CommitList } from "../schema/commits.ts";
import type { PinnedTree } from "../schema/common.ts";
import { canonicalJson } from "./analysis-id.ts";
import { requireRoom } from "./analysis-jobs.ts";
import { runForRequest } from "./failure.ts";
import { PRIORITY } from "./fair-queue.ts";
import type { JobContext } from "./parts.ts";
import { pinTree, pinUpstreams } from "./pins.ts";
import { commitResource, urlOf } from "./resources.ts";
import { runIndexed } from "./run-indexed.ts";
import type { CommitsResult, CommitsTask, CommitTask, ResultOf } from "./task-types.ts";
import { requireTree } from "./tree-jobs.ts";

/** Who waits for the answer, and until when: a person or a gate, so it goes before queued analyses. */
export interface Waiting {
  readonly caller: string;
  readonly gone: AbortSignal;
}

/**
 * Is this commit in the tree, and would it apply. `oid` has 7 to 40 digits.
 * @throws ApiProblem commit-not-found, commit-ambiguous, tree-not-ready, job-timed-out
 */
export async function checkCommit(context: JobContext, treeId: string, oid: string, by: Waiting): Promise<CommitStatus> {
  const result = await runCheck(context, { kind: "commit", ...context.paths, oid, ...(await pins(context, treeId)) }, by);
  if ("notFound" in result || "ambiguous" in result) throw unusable(treeId, oid, "/oid", result);
  return { ...result, kind: "commit_status", url: urlOf(commitResource(treeId, result.oid)) };
}

/**
 * Are these commits in the tree; one that is not known has a problem in its place. In the order of the request.
 * @throws ApiProblem tree-not-ready, job-timed-out
 */
export async function checkCommits(context: JobContext, treeId: string, ids: readonly string[], by: Waiting): Promise<CommitList> {
  const { target, upstreams } = await pins(context, treeId);
  const stop = new AbortController();
  const waiting = { ...by, gone: AbortSignal.any([by.gone, stop.signal]) };
  const check = (part: readonly string[]) =>
    runCheck(context, { kind: "commits", ...context.paths, ids: part, target, upstreams }, waiting);
  let results: CommitsResult;
  try {
    results = (await Promise.all(partsOf(ids).map(check))).flat();
  } finally {
    // Where one part failed, nobody needs the others.
    stop.abort();
  }
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

/** Ids of one task: enough that its own start does not count, few enough that all threads share a large request. */
const IDS_OF_TASK = 250;

function partsOf(ids: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let at = 0; at < ids.length; at += IDS_OF_TASK) parts.push(ids.slice(at, at + IDS_OF_TASK));
  return parts;
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

/** Equal checks under way are one. */
async function runCheck<T extends CommitTask | CommitsTask>(context: JobContext, task: T, { caller, gone }: Waiting): Promise<ResultOf<T>> {
  const { commitTimeout: ms } = context.limits;
  const run = (signal: AbortSignal) => {
    requireRoom(context);
    const limit = { ms, signal, caller, priority: PRIORITY.person, fallback: "analysis-failed" } as const;
    return runForRequest(context, (taskContext) => runIndexed(context, task, taskContext, ms), context.interactive, limit);
  };
  const { joined, result } = context.inFlight.share(canonicalJson(task), gone, async (signal) => run(signal));
  context.metrics.answers.inc({ kind: task.kind, source: joined ? "shared" : "computed" });
  try {
    return await result;
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
