import { fileText } from "../git/file-text.ts";
import type { IndexedCommit } from "../history/history-index.ts";
import { type FilePatch, type Hunk, pathOf } from "../patch/patch.ts";
import {
  blankCommentsAndStrings,
  type Call,
  callsIn,
  type Declaration,
  declarationOf,
  definesIn,
  functionOpenedBy,
  identifiersOf,
} from "../source/c-text.ts";
import { type Change, changeOf, isChange } from "./change.ts";
import { type AnalysisContext, isBulk, missingAncestors } from "./context.ts";
import { introducerOf } from "./name-introducers.ts";
import { remember } from "./remember.ts";

/** A name that added lines need, that the target lacks (or has in another form), and the commit that brings it. */
export interface SymbolNeed {
  readonly symbol: string;
  readonly introducer: string;
  readonly because: string;
}

/** How many commits that add a name are read in search of the one that defines it. */
const INTRODUCERS_READ = 6;
/** A name with more hits in the index than this is no name of one feature. */
const HITS = 2000;

/**
 * What the added lines of a change need from commits that the target lacks: names that one of them defines, and functions whose return
 * type or parameters one of them changed in a way that the added lines rely on. What the replaced lines use in the same way is no new need.
 */
export async function symbolNeeds(ctx: AnalysisContext, change: Change): Promise<SymbolNeed[]> {
  const fix = ctx.index.commit(change.oid);
  if (fix === null) return [];
  const uses = await newUses(ctx, change);
  return [...(await missingNames(ctx, change, fix, uses)), ...(await changedSignatures(ctx, fix, uses.calls))];
}

interface Uses {
  /** Names that added lines use and the removed lines of the same hunk do not, and that no touched file of the target holds. */
  readonly names: ReadonlySet<string>;
  readonly calls: readonly Call[];
}

/** Reads the added lines of C files; hunks whose function the target lacks are left out: they cannot be taken in any case. */
async function newUses(ctx: AnalysisContext, change: Change): Promise<Uses> {
  const names = new Set<string>();
  const calls = new Map<string, Call>();
  const present = new Set<string>();
  for (const file of change.patch.files) {
    const content = await contentInTarget(ctx, file);
    for (const name of identifiersOf(content ?? "")) present.add(name);
    if (!isC(file) || (content === null && file.oldPath !== null)) continue;
    for (const hunk of file.hunks) {
      const opened = functionOpenedBy(hunk.section);
      if (content !== null && opened !== null && !content.includes(`${opened}(`)) continue;
      const added = blankCommentsAndStrings(linesOf(hunk, "+"));
      const removed = blankCommentsAndStrings(linesOf(hunk, "-"));
      const replaced = identifiersOf(removed);
      for (const name of identifiersOf(added)) if (!replaced.has(name)) names.add(name);
      const replacedCalls = new Set(callsIn(removed).map(keyOf));
      for (const call of callsIn(added)) if (!replacedCalls.has(keyOf(call))) calls.set(keyOf(call), call);
    }
  }
  for (const name of present) names.delete(name);
  return { names, calls: [...calls.values()] };
}

function keyOf(call: Call): string {
  return `${call.name} ${call.valueUsed} ${call.arguments}`;
}

async function contentInTarget(ctx: AnalysisContext, file: FilePatch): Promise<string | null> {
  return file.oldPath === null ? null : fileText(ctx.repo, ctx.targetTree, file.oldPath);
}

async function missingNames(ctx: AnalysisContext, change: Change, fix: IndexedCommit, uses: Uses): Promise<SymbolNeed[]> {
  const introduced = new Map<string, string>();
  for (const name of uses.names) {
    const introducer = await findDefiner(ctx, fix, name);
    if (introducer !== null) introduced.set(name, introducer);
  }
  if (introduced.size === 0) return [];
  const present = await namesInTarget(ctx, [...introduced.keys()], change);
  const needs: SymbolNeed[] = [];
  for (const [symbol, introducer] of introduced) {
    if (!present.has(symbol)) needs.push({ symbol, introducer, because: `it uses ${symbol}, which ${ctx.target.tree} does not have` });
  }
  return needs;
}

/** The earliest commit that the target lacks, before the fix, whose added lines define the name. */
async function findDefiner(ctx: AnalysisContext, fix: IndexedCommit, name: string): Promise<string | null> {
  const adding = missingAncestors(ctx, fix, ctx.index.commitsAdding(name, HITS)).slice(0, INTRODUCERS_READ);
  for (const commit of adding) {
    if (definesIn(name, await changedText(ctx, commit.oid, "+"))) return commit.oid;
  }
  return adding.length > 0 ? null : searchDefiner(ctx, fix, name);
}

/** The same for a name that no commit of the index brought, which says something only where the index lacks patches: those between two upstream trees. */
async function searchDefiner(ctx: AnalysisContext, fix: IndexedCommit, name: string): Promise<string | null> {
  if (ctx.sources?.has(ctx.targetTree, name) !== false) return null;
  if (definesIn(name, await changedText(ctx, fix.oid, "+"))) return null;
  if (ctx.index.withPatch(ctx.upstreamOnly) === ctx.upstreamOnly.length) return null;
  const found = await introducerOf(ctx, fix, name);
  const commit = found?.kind === "found" ? ctx.index.commit(found.oid) : null;
  if (commit === null || missingAncestors(ctx, fix, [commit.num]).length === 0) return null;
  return definesIn(name, await changedText(ctx, commit.oid, "+")) ? commit.oid : null;
}

async function namesInTarget(ctx: AnalysisContext, names: readonly string[], change: Change): Promise<Set<string>> {
  const answers = names.map((name) => ctx.sources?.has(ctx.targetTree, name) ?? null);
  if (answers.includes(null)) return grepNames(ctx, names, change);
  return new Set(names.filter((_, at) => answers[at]));
}

/** The same for sources that are not indexed. Looks first where a fix's names usually live, then in the whole tree. */
async function grepNames(ctx: AnalysisContext, names: readonly string[], change: Change): Promise<Set<string>> {
  const folders = new Set(
    change.patch.files.map((file) => pathOf(file).split("/").slice(0, -1).join("/")).filter((folder) => folder !== ""),
  );
  const found = new Set<string>();
  for (const paths of [["include", ...folders], undefined]) {
    const missing = names.filter((name) => !found.has(name));
    if (missing.length === 0) break;
    const hits = await ctx.repo.grepWords(ctx.targetTree, missing, paths);
    for (const name of missing) if (hits.some((hit) => new RegExp(`\\b${name}\\b`).test(hit.text))) found.add(name);
  }
  return found;
}

/** Functions whose declaration a missing commit changed, and whose new form the added lines rely on. */
async function changedSignatures(ctx: AnalysisContext, fix: IndexedCommit, calls: readonly Call[]): Promise<SymbolNeed[]> {
  const needs: SymbolNeed[] = [];
  for (const call of calls) {
    const removing = new Set(ctx.index.commitsRemoving(call.name, HITS));
    const both = ctx.index.commitsAdding(call.name, HITS).filter((num) => removing.has(num));
    for (const commit of missingAncestors(ctx, fix, both).reverse().slice(0, INTRODUCERS_READ)) {
      if (isBulk(commit)) continue;
      const before = declarationOf(call.name, await changedText(ctx, commit.oid, "-"));
      const after = declarationOf(call.name, await changedText(ctx, commit.oid, "+"));
      if (before === null || after === null) continue;
      const because = reliesOn(call, before, after, await declarationInTarget(ctx, call.name, commit));
      if (because !== null) needs.push({ symbol: call.name, introducer: commit.oid, because });
    }
  }
  return needs;
}

/** What of the new form the call needs and the old form does not give; the target must have the old form. */
function reliesOn(call: Call, before: Declaration, after: Declaration, target: Declaration | null): string | null {
  if (target === null) return null;
  if (call.valueUsed && before.returnType === "void" && after.returnType !== "void" && target.returnType === "void") {
    return `it uses the value of ${call.name}(), which returns ${after.returnType} upstream and nothing in the target`;
  }
  if (call.arguments === null || before.parameters === after.parameters || call.arguments !== after.parameters) return null;
  if (target.parameters === after.parameters) return null;
  return `it calls ${call.name}() with ${call.arguments} arguments; the target's takes ${target.parameters}`;
}

async function declarationInTarget(ctx: AnalysisContext, name: string, changer: IndexedCommit): Promise<Declaration | null> {
  for (const path of ctx.index.paths(changer.oid)) {
    const content = await fileText(ctx.repo, ctx.targetTree, path);
    const declaration = content === null ? null : declarationOf(name, blankCommentsAndStrings(content));
    if (declaration !== null) return declaration;
  }
  return null;
}

/** Lines of one side of a commit's hunks in C files, without comments and strings: the added ones, or the removed ones. */
function changedText(ctx: AnalysisContext, oid: string, op: "+" | "-"): Promise<string> {
  return remember(ctx.changedText, `${op}${oid}`, async () => {
    const change = await changeOf(ctx, oid);
    if (!isChange(change)) return "";
    const parts = change.patch.files.filter(isC).flatMap((file) => file.hunks.map((hunk) => linesOf(hunk, op)));
    return blankCommentsAndStrings(parts.join("\n"));
  });
}

function linesOf(hunk: Hunk, op: "+" | "-"): string {
  return hunk.lines
    .filter((line) => line.op === op)
    .map((line) => line.text)
    .join("");
}

function isC(file: FilePatch): boolean {
  return /\.[ch]$/.test(pathOf(file));
}
