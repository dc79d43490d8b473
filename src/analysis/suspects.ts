import type { IndexedCommit, Link } from "../history/history-index.ts";
import { PREREQUISITE_LIMITS } from "../rules/prerequisite-limits.ts";
import { type SeriesPlace, seriesPlace } from "../rules/series-ids.ts";
import type { Change } from "./change.ts";
import { type AnalysisContext, missingAncestors, upstreamOidOf } from "./context.ts";
import { knownForms } from "./known-forms.ts";
import { isInTarget, presenceOf } from "./presence.ts";
import { remember } from "./remember.ts";

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
): Promise<ReadonlyMap<number, string>> {
  const { parent } = change;
  if (lines.length === 0 || parent === null) return new Map();
  // The same hunks fail on many trees that are tried.
  return remember(ctx.blames, `${parent} ${lines.join(",")} ${path}`, () => blameMissing(ctx, parent, path, lines));
}

async function blameMissing(ctx: AnalysisContext, parent: string, path: string, lines: readonly number[]): Promise<Map<number, string>> {
  const authors = new Map<number, string>();
  const old: number[] = [];
  for (const line of await ctx.repo.blame(parent, path, rangesOf(lines), [ctx.target.oid])) {
    if (line.boundary) old.push(line.line);
    else if (isMissing(ctx, line.commit)) authors.set(line.line, line.commit);
  }
  if (old.length === 0) return authors;
  for (const line of await ctx.repo.blame(parent, path, rangesOf(old)))
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
export function missingCommitsOfFile(
  ctx: AnalysisContext,
  change: Change,
  path: string,
  most: number = PREREQUISITE_LIMITS.suspects,
): string[] {
  const [first, ...others] = missingBefore(ctx, change, ctx.index.commitsOfPath(path, PATH_HITS));
  return first === undefined ? [] : [first, ...others.slice(-most)];
}

function missingBefore(ctx: AnalysisContext, change: Change, nums: readonly number[]): string[] {
  const fix: IndexedCommit | null = ctx.index.commit(change.oid);
  if (fix === null) return [];
  const ascending = [...nums].sort((a, b) => a - b);
  return missingAncestors(ctx, fix, ascending).flatMap((commit) => (isInTarget(presenceOf(ctx, commit)) ? [] : [commit.oid]));
}

/** Commits that the target lacks and that come with a change by what people said or did, not by its text; each with what says so. */
export interface Companions {
  /** Named in a message as needed: by the change, by a form of it in another tree, or by a commit that was taken for it. */
  readonly declared: ReadonlyMap<string, string>;
  /** Earlier parts of the same mailed series. */
  readonly mailed: ReadonlyMap<string, string>;
  /** Those, and the commits of the same author directly below the change. */
  readonly series: ReadonlyMap<string, string>;
}

/** Messages that share the day of a series are read up to this number. */
const MAILS_READ = 64;
const COMMITS_BELOW = 16;

export async function companionsOf(ctx: AnalysisContext, change: Change): Promise<Companions> {
  const fix = ctx.index.commit(change.oid);
  if (fix === null) return { declared: new Map(), mailed: new Map(), series: new Map() };
  const declared = declaredOf(ctx, fix);
  const mailed = await mailedWith(ctx, fix);
  const missing = ([oid]: readonly [string, string]) => oid !== fix.oid && isMissing(ctx, oid);
  return {
    declared: new Map(declared.filter(missing)),
    mailed: new Map(mailed.filter(missing)),
    series: new Map([...belowOf(ctx, fix), ...mailed].filter(missing)),
  };
}

/** A base-commit says where a patch was made, not what it needs. */
const saysBase = (link: Link) => /^base-commit/i.test(link.text);

function declaredOf(ctx: AnalysisContext, fix: IndexedCommit): [string, string][] {
  const { index } = ctx;
  const declared: [string, string][] = [];
  for (const form of [fix.oid, ...knownForms(ctx, fix.oid)]) {
    for (const link of index.linksFrom(form))
      if (link.kind === "prerequisite" && link.to !== null && !saysBase(link)) declared.push([link.to, link.text.trim()]);
    for (const link of index.linksTo(form)) {
      const dependency = link.kind === "prerequisite_of" ? index.commit(link.from) : null;
      if (dependency === null || !ctx.isUpstreamOnly.has(dependency.num)) continue;
      const upstream = upstreamOidOf(index, dependency.oid);
      declared.push([index.commit(upstream) === null ? dependency.oid : upstream, link.text.trim()]);
    }
  }
  return declared;
}

async function placeOf(ctx: AnalysisContext, oid: string): Promise<SeriesPlace | null> {
  const commit = await ctx.repo.commit(oid);
  return commit === null ? null : seriesPlace(commit.message);
}

async function mailedWith(ctx: AnalysisContext, fix: IndexedCommit): Promise<[string, string][]> {
  const own = await placeOf(ctx, fix.oid);
  if (own === null) return [];
  const nums = ctx.index.postings("body", own.word, { low: 0, high: fix.num - 1 }).filter((num) => ctx.isUpstreamOnly.has(num));
  const parts: { readonly position: number; readonly oid: string }[] = [];
  for (const num of nums.sort((a, b) => b - a).slice(0, MAILS_READ)) {
    const { oid } = ctx.index.commitByNum(num);
    const place = await placeOf(ctx, oid);
    if (place?.shared === own.shared && place.position < own.position) parts.push({ oid, position: place.position });
  }
  return parts.map(({ oid, position }) => [oid, `part ${position} of the series of which this is part ${own.position}`]);
}

/** A series that was applied as it came stands in one piece: the same author, one commit on the other. */
function belowOf(ctx: AnalysisContext, fix: IndexedCommit): [string, string][] {
  const below: [string, string][] = [];
  let commit: IndexedCommit | null = fix;
  while (below.length < COMMITS_BELOW) {
    const parent: string | undefined = commit.parents.length === 1 ? commit.parents[0] : undefined;
    commit = parent === undefined ? null : ctx.index.commit(parent);
    if (commit === null || commit.authorEmail !== fix.authorEmail || !ctx.isUpstreamOnly.has(commit.num)) break;
    below.push([commit.oid, "by the same author, directly below it"]);
  }
  return below;
}
