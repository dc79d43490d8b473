import type { SearchAnswer, SearchQuestion } from "../analysis/search.ts";
import { readSearchTerms } from "../analysis/search-terms.ts";
import { ApiProblem } from "../problems.ts";
import { SEARCH_LIMITS } from "../rules/search-fields.ts";
import type { PinnedTree } from "../schema/common.ts";
import { type Asker, runForRequest } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { pinTree, pinUpstreams, requireUpstream } from "./pins.ts";
import { runIndexed } from "./run-indexed.ts";
import { requireTree } from "./tree-jobs.ts";

export interface SearchRequest extends Pick<SearchQuestion, "since" | "until" | "path" | "sort" | "after" | "limit"> {
  readonly query: string;
  readonly target: string;
  /** Default: all ready trees of role mainline and stable. */
  readonly upstreams: readonly string[] | undefined;
}

export interface Searched extends SearchAnswer {
  readonly target: PinnedTree;
  readonly upstreams: readonly PinnedTree[];
  readonly terms: readonly string[];
}

/**
 * Upstream commits that have every term of the query, with their presence in the target.
 * @throws ApiProblem invalid-request, tree-not-found, tree-not-ready, no-upstream, service-busy, job-timed-out
 */
export async function search(context: JobContext, request: SearchRequest, asker: Asker, stop: AbortSignal): Promise<Searched> {
  const terms = readSearchTerms(request.query);
  if (terms.length === 0) throw badQuery("The query has no word, name, path or id in it.");
  if (terms.length > SEARCH_LIMITS.terms) throw badQuery(`The query has ${terms.length} terms; ${SEARCH_LIMITS.terms} are the most.`);
  const target = pinTree(await requireTree(context, request.target));
  const upstreams = await pinUpstreams(context, request.target, request.upstreams);
  requireUpstream(upstreams);
  const { maxQueued, commitTimeout: ms } = context.limits;
  if (context.searches.size >= maxQueued)
    throw new ApiProblem("service-busy", `${maxQueued} searches are waiting, which is the limit. Ask again later.`);
  const { since, until, path, sort, after, limit } = request;
  const { indexPath } = context.paths;
  const task = { kind: "search", indexPath, terms, target, upstreams, since, until, path, sort, after, limit } as const;
  const answer = await runForRequest(context, (taskContext) => runIndexed(context, task, taskContext, ms), context.searches, {
    ...asker,
    ms,
    signal: stop,
    fallback: "internal-error",
  });
  return { ...answer, target, upstreams, terms: terms.map(({ text }) => text) };
}

function badQuery(detail: string): ApiProblem {
  return new ApiProblem("invalid-request", detail, [{ pointer: "/q", detail }]);
}
