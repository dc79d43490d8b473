import type { NumRange } from "../history/history-index.ts";
import type { AnalysisOptions } from "../schema/analysis.ts";
import type { AnalysisContext } from "./context.ts";

/** The commits among which a crash looks for its fix. */
export interface Pool {
  /** Ascending, without merges. */
  readonly nums: readonly number[];
  readonly has: (num: number) => boolean;
  readonly range: NumRange;
}

type Window = Pick<AnalysisOptions, "since" | "until">;

/**
 * Of the target's history, the newest commits that an upstream tree has too are asked whether the fix is among them. A kernel of today gets
 * about so many commits in one release, a stable line in two years. Asking them takes 70 ms (docs/ranking.md).
 */
const MOST_PRESENT = 10_000;

/** The upstream commits that the target's history lacks, of the time that is asked for. */
export function upstreamPool(ctx: Pick<AnalysisContext, "index" | "upstreamOnly" | "isUpstreamOnly">, window: Window = {}): Pool {
  if (window.since === undefined && window.until === undefined)
    return { nums: ctx.upstreamOnly, has: (num) => ctx.isUpstreamOnly.has(num), range: rangeOf(ctx.upstreamOnly) };
  return poolOf(ctx.upstreamOnly.filter(inWindow(ctx, window)));
}

/** The newest commits by committer date that the target has in common with an upstream tree, of the time that is asked for. 30 ms. */
export function presentPool(ctx: Pick<AnalysisContext, "index" | "target" | "upstreams">, window: Window = {}): Pool {
  const { index, target } = ctx;
  const upstreams = ctx.upstreams.map(({ oid }) => index.reachable(oid));
  const isAsked = inWindow(ctx, window);
  const shared = index.range([target.oid], []).filter((num) => upstreams.some((commits) => commits.has(num)) && isAsked(num));
  const { committerDates } = index.columns();
  const dates = Float64Array.from(shared, (num) => committerDates[num] ?? 0).sort();
  const oldest = dates.at(-MOST_PRESENT) ?? Number.NEGATIVE_INFINITY;
  return poolOf(shared.filter((num) => (committerDates[num] ?? 0) >= oldest));
}

/** The pool with these commits too, which stand behind all others. */
export function withCommits(pool: Pool, nums: readonly number[]): Pool {
  return nums.length === 0 ? pool : poolOf([...pool.nums, ...nums]);
}

function poolOf(nums: readonly number[]): Pool {
  const members = new Set(nums);
  return { nums, has: (num) => members.has(num), range: rangeOf(nums) };
}

function rangeOf(nums: readonly number[]): NumRange {
  return { low: nums[0] ?? 0, high: nums.at(-1) ?? 0 };
}

/** Was it committed in this time; both ends belong to it. */
function inWindow({ index }: Pick<AnalysisContext, "index">, { since, until }: Window): (num: number) => boolean {
  const from = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since) / 1000;
  const to = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until) / 1000;
  if (from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY) return () => true;
  const { committerDates } = index.columns();
  return (num) => {
    const date = committerDates[num] ?? 0;
    return from <= date && date <= to;
  };
}
