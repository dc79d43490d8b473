import type { IndexedCommit } from "../history/history-index.ts";
import { PREREQUISITE_LIMITS } from "../rules/prerequisite-limits.ts";
import type { Change } from "./change.ts";
import { type AnalysisContext, missingAncestors } from "./context.ts";
import { isInTarget, presenceOf } from "./presence.ts";

/** Hits of one name or path that are looked at. */
const FUNCTION_HITS = 500;
const PATH_HITS = 10_000;

/**
 * Who wrote these lines (1-based) of a file before the change, as far as the target lacks the commit. The walk stops at the target's own
 * history; lines that come from there, and that the target nevertheless lacks, are asked for once more without the bound: a commit of the
 * target that was reverted there counts as lacking.
 */
export async function missingAuthors(
  ctx: AnalysisContext,
  change: Change,
  path: string,
  lines: readonly number[],
): Promise<Map<number, string>> {
  const authors = new Map<number, string>();
  if (lines.length === 0 || change.parent === null) return authors;
  const old: number[] = [];
  for (const line of await ctx.repo.blame(change.parent, path, rangesOf(lines), [ctx.target.oid])) {
    if (line.boundary) old.push(line.line);
    else if (isMissing(ctx, line.commit)) authors.set(line.line, line.commit);
  }
  if (old.length === 0) return authors;
  for (const line of await ctx.repo.blame(change.parent, path, rangesOf(old)))
    if (isMissing(ctx, line.commit)) authors.set(line.line, line.commit);
  return authors;
}

/** Runs of consecutive numbers as inclusive ranges. */
function rangesOf(lines: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const line of [...new Set(lines)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges;
}

function isMissing(ctx: AnalysisContext, oid: string): boolean {
  const commit = ctx.index.commit(oid);
  return commit !== null && !isInTarget(presenceOf(ctx, commit));
}

/** Commits before the change, absent from the target, that touch the function in this file; the one that introduced it first. */
export function missingCommitsOfFunction(ctx: AnalysisContext, change: Change, name: string, path: string): string[] {
  const hits = ctx.index.commitsOfFunction(name, FUNCTION_HITS).filter((hit) => hit.path === path);
  return missingBefore(
    ctx,
    change,
    hits.map((hit) => hit.num),
  );
}

/** The same of a file: the commit that introduced it first, then those nearest before the change. */
export function missingCommitsOfFile(ctx: AnalysisContext, change: Change, path: string): string[] {
  const [first, ...others] = missingBefore(ctx, change, ctx.index.commitsOfPath(path, PATH_HITS));
  return first === undefined ? [] : [first, ...others.slice(-PREREQUISITE_LIMITS.suspects)];
}

function missingBefore(ctx: AnalysisContext, change: Change, nums: readonly number[]): string[] {
  const fix: IndexedCommit | null = ctx.index.commit(change.oid);
  if (fix === null) return [];
  const ascending = [...nums].sort((a, b) => a - b);
  return missingAncestors(ctx, fix, ascending).flatMap((commit) => (isInTarget(presenceOf(ctx, commit)) ? [] : [commit.oid]));
}
