import { fileText } from "../git/file-text.ts";
import { MissingObject } from "../git/missing-object.ts";
import { type Hunk, pathOf, preImage } from "../patch/patch.ts";
import type { Applicability, FileResult, HunkResult } from "../schema/analysis.ts";
import type { CommitRef } from "../schema/common.ts";
import { functionOpenedBy, functionSpans } from "../source/c-text.ts";
import type { FileFailure, Trial } from "./applicability.ts";
import type { Change } from "./change.ts";
import { type AnalysisContext, commitRef } from "./context.ts";
import { introducerOf } from "./name-introducers.ts";
import { isInTarget, presenceOf, short } from "./presence.ts";
import { missingAuthors, missingCommitsOfFile, missingCommitsOfFunction } from "./suspects.ts";

/** Why one hunk has no place in the target. `absent` = the code it serves is not there at all. */
export interface HunkCause {
  readonly path: string;
  readonly hunk: Hunk;
  readonly kind: "file_absent" | "function_absent" | "function_moved" | "lines_differ" | "order_differs";
  readonly text: string;
  /** The commit that brought the code which the target lacks, when it lacks it altogether. */
  readonly introducer: string | null;
  /** Commits that the target lacks and that made the difference, the introducer among them. */
  readonly commits: readonly string[];
  /** The target's own commits to the place, which no upstream tree has, where upstream's do not explain the difference. */
  readonly own: readonly string[];
}

/** Explains every hunk that found no place. One range-limited blame per conflicting file. */
export async function explainConflicts(ctx: AnalysisContext, change: Change, failures: readonly FileFailure[]): Promise<HunkCause[]> {
  const causes: HunkCause[] = [];
  for (const failure of failures) {
    const failed = failure.hunks.map((hunk) => ({ hunk, missing: missingLines(hunk, placeOf(hunk, failure.content)) }));
    const lines = failure.content === null ? [] : failed.flatMap(({ missing }) => missing.map((line) => line.number));
    const authorOf = await missingAuthors(ctx, change, failure.file.oldPath ?? "", lines);
    for (const one of failed) causes.push(await explainHunk(ctx, change, failure, one, authorOf));
  }
  return causes;
}

/** The applicability with each failing hunk's cause filled in. */
export function withCauses(ctx: AnalysisContext, trial: Trial, causes: readonly HunkCause[]): Applicability {
  const byHunk = new Map(causes.map((cause) => [`${cause.path}\n${cause.hunk.header}`, cause]));
  const files = trial.applicability.files.map(
    (file): FileResult => ({ ...file, hunks: file.hunks.map((hunk) => explained(ctx, file.path, hunk, byHunk)) }),
  );
  return { ...trial.applicability, files };
}

function explained(ctx: AnalysisContext, path: string, hunk: HunkResult, byHunk: ReadonlyMap<string, HunkCause>): HunkResult {
  const cause = byHunk.get(`${path}\n${hunk.header}`);
  if (cause === undefined) return hunk;
  return { ...hunk, cause: cause.text, commits: [...cause.commits, ...cause.own].map((oid): CommitRef => commitRef(ctx.index, oid)) };
}

interface MissingLine {
  readonly text: string;
  /** 1-based line in the file before the fix. */
  readonly number: number;
}

/** Functions that the hunk's pre-image has lines of: the one that the header names, unless it ended before, and those that open inside. */
function functionsOfHunk(hunk: Hunk): string[] {
  const names = new Set<string>();
  const first = functionOpenedBy(hunk.section);
  if (first !== null) names.add(first);
  for (const line of hunk.lines) {
    const opened = line.op === "+" ? null : functionOpenedBy(line.text);
    if (opened !== null) names.add(opened);
  }
  return [...names];
}

/** Where the hunk's lines ought to stand: its functions as far as the target has them, else the whole file. */
function placeOf(hunk: Hunk, content: string | null): string | null {
  if (content === null) return null;
  const names = new Set(functionsOfHunk(hunk));
  const spans = functionSpans(content).filter((span) => names.has(span.name));
  if (spans.length < names.size || spans.length === 0) return content;
  const lines = content.split("\n");
  return spans.map((span) => lines.slice(span.start, span.end + 1).join("\n")).join("\n");
}

/** The function of the target that holds at least half of the telling lines that the hunk expects: where its code lives under another name. */
function functionWithLinesOf(hunk: Hunk, content: string): { readonly name: string; readonly lines: number; readonly of: number } | null {
  const expected = new Set(preImage(hunk).filter(isTelling));
  const lines = content.split("\n");
  let best: { name: string; lines: number; of: number } | null = null;
  for (const span of functionSpans(content)) {
    const found = new Set(lines.slice(span.start, span.end + 1).map((line) => `${line}\n`)).intersection(expected).size;
    if (found >= 2 && found * 2 >= expected.size && found > (best?.lines ?? 0)) best = { name: span.name, lines: found, of: expected.size };
  }
  return best;
}

/** Says something about where it stands: a call, an access, a comparison; not `return ret;`, a brace or a declaration of a plain variable. */
function isTelling(line: string): boolean {
  return /\w/.test(line) && /[(>.]/.test(line);
}

/** Lines of the hunk's pre-image that stand nowhere in this part of the target; blank lines and lone braces say nothing. */
function missingLines(hunk: Hunk, content: string | null): MissingLine[] {
  const present = new Set((content ?? "").split("\n"));
  const missing: MissingLine[] = [];
  let number = hunk.oldStart;
  for (const line of hunk.lines) {
    if (line.op === "+") continue;
    const text = line.text.replace(/\n$/, "");
    if (!present.has(text) && /\w/.test(text)) missing.push({ text, number });
    number++;
  }
  return missing;
}

interface FailedHunk {
  readonly hunk: Hunk;
  readonly missing: readonly MissingLine[];
}

async function explainHunk(
  ctx: AnalysisContext,
  change: Change,
  failure: FileFailure,
  { hunk, missing }: FailedHunk,
  authorOf: ReadonlyMap<number, string>,
): Promise<HunkCause> {
  const path = pathOf(failure.file);
  const { tree } = ctx.target;
  const ofFile = () => missingCommitsOfFile(ctx, change, failure.file.oldPath ?? path);
  if (failure.content === null) {
    const commits = ofFile();
    const introducer = await bringerAmong(ctx, commits.slice(0, 1), path, null);
    return {
      path,
      hunk,
      kind: "file_absent",
      text: `${path} does not exist in ${tree}${introducedBy(ctx, introducer)}`,
      introducer,
      commits,
      own: [],
    };
  }
  const names = functionsOfHunk(hunk);
  const authors = missing.flatMap((line) => authorOf.get(line.number) ?? []);
  const touching = names.flatMap((name) => missingCommitsOfFunction(ctx, change, name, path));
  const known = [...new Set([...authors, ...touching])];
  const commits = known.length > 0 ? known : ofFile();
  const absent = names.find((name) => !failure.content?.includes(`${name}(`));
  if (absent !== undefined) {
    const brought = await bringerAmong(ctx, [...missingCommitsOfFunction(ctx, change, absent, path).slice(0, 1), ...authors], path, absent);
    const found =
      brought === null ? await searchIntroducer(ctx, change, absent) : { introducer: brought, said: introducedBy(ctx, brought) };
    const { introducer } = found;
    const said = found.said + (introducer === null && authors.length > 0 ? changedBy(ctx, [...new Set(authors)]) : "");
    if (introducer !== null && !commits.includes(introducer)) commits.unshift(introducer);
    const text = `${absent}() does not exist in ${path} of ${tree}${said}`;
    const elsewhere = functionWithLinesOf(hunk, failure.content);
    if (elsewhere === null) return { path, hunk, kind: "function_absent", text, introducer, commits, own: [] };
    const moved = `${text}; ${elsewhere.lines} of the ${elsewhere.of} lines that the hunk expects stand in ${elsewhere.name}()`;
    return { path, hunk, kind: "function_moved", text: moved, introducer, commits, own: [] };
  }
  const place = names.length === 0 ? path : `${names.map((name) => `${name}()`).join(", ")} of ${path}`;
  // Lines whose author the target has were there once: it changed them itself.
  const ours = failure.overlapping || missing.length === 0 || authors.length < missing.length;
  const own = ours ? ownCommits(ctx, path, names) : [];
  const cause = { path, hunk, introducer: null, commits, own };
  if (failure.overlapping) {
    const text = `the hunk finds its place in ${place} of ${tree}, but git's three-way merge meets another change beside it${changedBy(ctx, commits)}${changedHere(ctx, own)}`;
    return { ...cause, kind: "order_differs", text };
  }
  if (missing.length === 0) {
    const text = `every line that the hunk expects stands in ${place} of ${tree}, but not together in this order${changedBy(ctx, commits)}${changedHere(ctx, own)}`;
    return { ...cause, kind: "order_differs", text };
  }
  const sample = missing[0]?.text.trim().slice(0, 100) ?? "";
  const text = `${missing.length} of the ${preImage(hunk).length} lines that the hunk expects in ${place} are not in ${tree}, first "${sample}"`;
  const upstream = changedBy(ctx, authors.length > 0 ? [...new Set(authors)] : commits);
  return { ...cause, kind: "lines_differ", text: text + upstream + changedHere(ctx, own) };
}

/** Hits of one name that are looked at, and commits that are named. */
const HITS = 500;
const MOST_OWN = 3;

/** The newest commits of the target to these functions of the file (to the file, outside of functions) that no upstream tree has. */
function ownCommits(ctx: AnalysisContext, path: string, names: readonly string[]): string[] {
  const { index } = ctx;
  const ofFunctions = () =>
    names.flatMap((name) => index.commitsOfFunction(name, HITS).flatMap((hit) => (hit.path === path ? [hit.num] : [])));
  const nums = names.length === 0 ? index.commitsOfPath(path, HITS) : ofFunctions();
  const upstream = ctx.upstreams.map((tree) => index.reachable(tree.oid));
  const own = [...new Set(nums)].filter((num) => ctx.inTarget.has(num) && !upstream.some((reachable) => reachable.has(num)));
  return own
    .sort((a, b) => b - a)
    .slice(0, MOST_OWN)
    .map((num) => index.commitByNum(num).oid);
}

/** Commits that are looked at for one that brought a file or function. */
const MOST_BRINGERS = 4;

/**
 * The first of the commits that brought the function to the file (the file itself, without a name): what it leaves has it, and its parent does
 * not. Who only wrote some of its lines, or was the first to change it that the target lacks, did not.
 */
async function bringerAmong(ctx: AnalysisContext, oids: readonly string[], path: string, name: string | null): Promise<string | null> {
  const has = (text: string | null) => text !== null && (name === null || text.includes(`${name}(`));
  try {
    for (const oid of [...new Set(oids)].slice(0, MOST_BRINGERS)) {
      const [parent] = ctx.index.commit(oid)?.parents ?? [];
      const before = parent === undefined ? null : await fileText(ctx.repo, parent, path);
      if (!has(before) && has(await fileText(ctx.repo, oid, path))) return oid;
    }
  } catch (error) {
    if (!(error instanceof MissingObject)) throw error;
  }
  return null;
}

function introducedBy(ctx: AnalysisContext, commit: string | null): string {
  return commit === null ? "" : `: introduced by ${named(ctx, commit)}`;
}

/** Who brought a function that the index has no missing commit for: one of the others that the target lacks, or one that it has. */
async function searchIntroducer(
  ctx: AnalysisContext,
  change: Change,
  name: string,
): Promise<{ readonly introducer: string | null; readonly said: string }> {
  const fix = ctx.index.commit(change.oid);
  const found = fix === null ? null : await introducerOf(ctx, fix, name);
  if (found === null) return { introducer: null, said: "" };
  if (found.kind === "unknown") return { introducer: null, said: `; who introduced it is unknown: ${found.because}` };
  const commit = ctx.index.commit(found.oid);
  const missing = commit !== null && !isInTarget(presenceOf(ctx, commit));
  if (missing) return { introducer: found.oid, said: introducedBy(ctx, found.oid) };
  return { introducer: null, said: `: introduced by ${named(ctx, found.oid)}, which ${ctx.target.tree} has` };
}

function changedBy(ctx: AnalysisContext, commits: readonly string[]): string {
  if (commits.length === 0) return "";
  const shown = commits.slice(0, 3).map((oid) => named(ctx, oid));
  const more = commits.length > shown.length ? ` and ${commits.length - shown.length} more` : "";
  return `; upstream changed them in ${shown.join(", ")}${more}`;
}

function changedHere(ctx: AnalysisContext, own: readonly string[]): string {
  return own.length === 0 ? "" : `; ${ctx.target.tree} changed the place itself in ${own.map((oid) => named(ctx, oid)).join(", ")}`;
}

function named(ctx: AnalysisContext, oid: string): string {
  const ref = commitRef(ctx.index, oid);
  return `${short(ref.upstreamOid ?? oid)} ("${ref.subject}")`;
}
