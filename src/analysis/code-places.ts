import { fileText } from "../git/file-text.ts";
import { blankCommentsAndStrings, callsIn, functionOpenedBy, functionSpans, identifiersOf } from "../source/c-text.ts";
import type { AnalysisContext } from "./context.ts";
import { unlessMissing } from "./missing.ts";

export interface Definition {
  readonly name: string;
  readonly path: string;
}

/** Files of one name that are looked at; a name with more is no name. */
const FILES_PER_NAME = 3;
/** Commits of a function that are asked for its file. */
const COMMITS_PER_NAME = 60;

/**
 * The C files of the target that define these functions: asked of the indexed sources, else of the commits that changed a function, else of
 * git, in the folders of those found, or everywhere (1-2 s for a kernel) when none is found.
 */
export async function findDefinitions(ctx: AnalysisContext, names: readonly string[]): Promise<Definition[]> {
  const found = new Map<string, readonly string[]>();
  for (const name of new Set(names)) {
    const paths = await knownFiles(ctx, name);
    if (paths !== null) found.set(name, paths);
  }
  const unknown = names.filter((name) => !found.has(name));
  if (unknown.length > 0) {
    const folders = new Set([...found.values()].flat().map((path) => path.slice(0, path.lastIndexOf("/") + 1)));
    folders.delete("");
    for (const [name, paths] of await grepDefinitions(ctx, unknown, [...folders])) found.set(name, [...paths]);
  }
  return names.flatMap((name) => [...new Set(found.get(name))].slice(0, FILES_PER_NAME).map((path) => ({ name, path })));
}

/** Files that define the function, without a search; null when nothing is known of it. */
async function knownFiles(ctx: AnalysisContext, name: string): Promise<readonly string[] | null> {
  const definitions = await ctx.sources?.definitions(ctx.targetTree, name, ["function"]);
  if (definitions) return definitions.map((one) => one.path).filter((path) => path.endsWith(".c"));
  const changed = new Set(ctx.index.commitsOfFunction(name, COMMITS_PER_NAME).map(({ path }) => path));
  const files: string[] = [];
  for (const path of changed) {
    if (path.endsWith(".c") && (await ctx.repo.entry(ctx.targetTree, path)) !== null) files.push(path);
  }
  return files.length === 0 ? null : files;
}

/** Lines at column 0 of C files that open one of these functions. */
async function grepDefinitions(
  ctx: AnalysisContext,
  names: readonly string[],
  folders: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>();
  for (const { path, text } of await unlessMissing(
    () => ctx.repo.grepWords(ctx.targetTree, names, folders),
    () => [],
  )) {
    const name = path.endsWith(".c") ? functionOpenedBy(text) : null;
    if (name !== null && names.includes(name)) found.set(name, (found.get(name) ?? new Set()).add(path));
  }
  return found;
}

/** What the body of a function of the target mentions. */
export interface FunctionBody extends Definition {
  readonly callees: readonly string[];
  /** Identifiers other than the callees. */
  readonly names: readonly string[];
}

/** Reads the bodies of these functions in the target; those that are not where they were expected are left out. */
export async function readBodies(ctx: AnalysisContext, definitions: readonly Definition[]): Promise<FunctionBody[]> {
  const bodies: FunctionBody[] = [];
  for (const { name, path } of definitions) {
    const content = await fileText(ctx.repo, ctx.targetTree, path);
    if (content === null) continue;
    const body = bodyOf(name, content);
    if (body === null) continue;
    const callees = new Set(callsIn(body).map((call) => call.name));
    const names = [...identifiersOf(body)].filter((identifier) => !callees.has(identifier));
    bodies.push({ name, path, callees: [...callees], names });
  }
  return bodies;
}

function bodyOf(name: string, source: string): string | null {
  const text = blankCommentsAndStrings(source);
  const span = functionSpans(text).find((one) => one.name === name);
  if (span === undefined) return null;
  return text
    .split("\n")
    .slice(span.start + 1, span.end + 1)
    .join("\n");
}
