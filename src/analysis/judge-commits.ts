import { fileText } from "../git/file-text.ts";
import type { IndexedCommit } from "../history/history-index.ts";
import type { EvidenceId } from "../rules/evidence.ts";
import { ARCH_FOLDERS, CLEANUP_WORDS, FIX_WORDS } from "../rules/evidence-words.ts";
import type { Signature } from "../schema/signature.ts";
import type { AnalysisContext } from "./context.ts";
import type { CrashQuery } from "./crash-query.ts";
import type { PlaceOfFrame } from "./find-evidence.ts";
import { readAreas } from "./maintainers.ts";
import { unlessMissing } from "./missing.ts";
import { isInTarget, presenceOf, short } from "./presence.ts";
import type { Scores } from "./scores.ts";

/** What commits that the searches found say themselves; only these are read one by one. */
export function judgeCommits(
  ctx: AnalysisContext,
  query: CrashQuery,
  signature: Signature,
  places: readonly PlaceOfFrame[],
  commits: readonly IndexedCommit[],
  scores: Scores,
): void {
  const weights = new Map(query.functions.map(({ name, weight }) => [name, weight]));
  for (const commit of commits) {
    judgeKind(commit, scores);
    judgePrefix(query, places, commit, scores);
    judgeFunctions(ctx, query, weights, commit, scores);
    judgeFixed(ctx, commit, scores);
  }
  const paths = commits.map(({ oid }) => ctx.index.paths(oid));
  judgePaths(places, commits, paths, scores);
  judgeProcessor(signature.arch, commits, paths, scores);
  for (const { num } of commits) judgeOverlap(num, scores);
}

/** Fix or cleanup, large or small, whatever the crash. */
function judgeKind({ num, subject, changedFiles, changedLines }: IndexedCommit, scores: Scores): void {
  if (FIX_WORDS.test(subject)) scores.add(num, "fixWords", 1, "its subject speaks of a fix");
  if (CLEANUP_WORDS.test(subject)) scores.add(num, "cleanupWords", 1, "its subject speaks of a cleanup");
  if (changedLines !== null && changedLines > 10)
    scores.add(num, "largeChange", Math.log2(changedLines / 10), `it changes ${changedLines} lines`);
  if (changedFiles > 1) scores.add(num, "manyFiles", Math.log2(changedFiles), `it changes ${changedFiles} files`);
}

const PREFIX = /^(?:\[[^\]]*\] *)?([^:]{2,60}): /;
const PIECE = /[a-z0-9]{3,}/g;

/** A subject begins with the place that it is about: `mac80211: ...`, `USB: serial: ...`. */
function judgePrefix(query: CrashQuery, places: readonly PlaceOfFrame[], { num, subject }: IndexedCommit, scores: Scores): void {
  const prefix = PREFIX.exec(subject)?.[1]?.toLowerCase();
  const pieces = new Set(prefix?.match(PIECE));
  if (prefix === undefined || pieces.size === 0) return;
  const place = places.find(({ path }) =>
    path
      .toLowerCase()
      .match(PIECE)
      ?.some((piece) => pieces.has(piece)),
  );
  if (place !== undefined)
    scores.add(num, "subjectPlace", place.weight, `its subject begins with the place of ${place.name}(), ${place.path}`);
  else if (![...pieces].some((piece) => query.words.has(piece)))
    scores.add(num, "otherPlace", 1, `its subject begins with ${prefix}, which the report has nothing of`);
}

const CODE = /\.[chS]$/;
/** Folders above that of a function, up to so many; those that lie at the top hold half a kernel. */
const FOLDERS_ABOVE = 2;

function judgePaths(
  places: readonly PlaceOfFrame[],
  commits: readonly IndexedCommit[],
  paths: readonly (readonly string[])[],
  scores: Scores,
): void {
  for (const [at, { num }] of commits.entries()) {
    const own = paths[at] ?? [];
    if (own.length > 0 && !own.some((path) => CODE.test(path))) scores.add(num, "noCode", 1, "it changes no code");
  }
  for (const [folder, { weight, name }] of outerFolders(places)) {
    const inside = commits.filter((_, at) => paths[at]?.some((path) => path.startsWith(folder)));
    const share = weight * (1 - inside.length / (commits.length + 1));
    for (const { num } of inside) scores.add(num, "outerFolder", share, `changes something below ${folder}, where ${name}() lives`);
  }
}

function outerFolders(places: readonly PlaceOfFrame[]): Map<string, PlaceOfFrame> {
  const folders = new Map<string, PlaceOfFrame>();
  for (const place of places) {
    const parts = place.path.split("/").slice(0, -1);
    for (let above = 1; above <= FOLDERS_ABOVE && parts.length - above >= 2; above++) {
      const folder = `${parts.slice(0, -above).join("/")}/`;
      if ((folders.get(folder)?.weight ?? 0) < place.weight) folders.set(folder, place);
    }
  }
  return folders;
}

/** The folder of a function says half as much about where a commit lies as its file. */
const FOLDER_SHARE = 0.5;

/** Message and place are not independent: who fixes the file of a function writes its words. What both say is counted once. */
function judgeOverlap(num: number, scores: Scores): void {
  const values = scores.values(num);
  const valueBy = (rule: EvidenceId) => values.get(rule) ?? 0;
  const place = Math.max(valueBy("fileOfFrame"), FOLDER_SHARE * valueBy("folderOfFrame"));
  if (place === 0) return;
  // A rule's value is the root of its share.
  const add = (rule: EvidenceId, of: EvidenceId, text: string) => {
    const both = place * valueBy(of);
    if (both > 0) scores.add(num, rule, both * both, text);
  };
  add("messageOverlap", "messageMatches", "its message and its place say partly the same");
  add("wordsOverlap", "sharedWords", "its words and its place say partly the same");
}

/** How much of the commit lies in functions of the stack. */
function judgeFunctions(
  { index }: AnalysisContext,
  query: CrashQuery,
  weights: ReadonlyMap<string, number>,
  { num, oid }: IndexedCommit,
  scores: Scores,
): void {
  const names = new Set(index.functions(oid).map((one) => one.function));
  const inStack = [...names].filter((name) => weights.has(name));
  let weight = 0;
  for (const name of inStack) weight += weights.get(name) ?? 0;
  if (weight > 0) {
    const others = names.size > inStack.length ? `, and ${names.size - inStack.length} other functions` : "";
    scores.add(num, "functionsFocused", weight / names.size, `changes ${inStack.map((name) => `${name}()`).join(", ")}${others}`);
  }
  for (const name of names) {
    const shared = name.split("_").filter((piece) => query.words.has(piece));
    const share = shared.reduce((sum, piece) => sum + (query.words.get(piece) ?? 0), 0);
    if (share > 0) scores.add(num, "wordInFunction", share, `changes ${name}(), which shares ${shared.join(", ")} with the stack`);
  }
}

function judgeFixed(ctx: AnalysisContext, { num, oid }: IndexedCommit, scores: Scores): void {
  const fixed = ctx.index.linksFrom(oid).find((link) => link.kind === "fixes" && link.to !== null);
  const introducer = fixed === undefined || fixed.to === null ? null : ctx.index.commit(fixed.to);
  if (introducer !== null && isInTarget(presenceOf(ctx, introducer)))
    scores.add(num, "fixesTarget", 1, `it fixes ${short(introducer.oid)}, which is in ${ctx.target.tree}`);
}

/** Commits that change code of the processor that the report comes from. */
function judgeProcessor(
  arch: string | null,
  commits: readonly IndexedCommit[],
  pathsOf: readonly (readonly string[])[],
  scores: Scores,
): void {
  const folders = ARCH_FOLDERS.find(({ arches }) => arch !== null && arches.test(arch))?.folders;
  if (folders === undefined) return;
  for (const [at, { num }] of commits.entries()) {
    const paths = pathsOf[at] ?? [];
    if (paths.every((path) => path.startsWith("arch/") && !folders.test(path)))
      scores.add(num, "otherArch", 1, "it changes only code of another processor");
  }
}

/** Commits in the areas that the target's MAINTAINERS file gives to the files of the stack; kernels before 2.6.31 name none. */
export async function judgeAreas(
  ctx: AnalysisContext,
  places: readonly PlaceOfFrame[],
  commits: readonly IndexedCommit[],
  scores: Scores,
): Promise<void> {
  const text = await unlessMissing(
    () => fileText(ctx.repo, ctx.targetTree, "MAINTAINERS"),
    () => null,
  );
  if (text === null) return;
  const paths = commits.map(({ oid }) => ctx.index.paths(oid));
  for (const { title, has } of readAreas(text)) {
    const place = places.find(({ path }) => has(path));
    if (place === undefined) continue;
    const inside = commits.filter((_, at) => paths[at]?.some(has));
    const share = place.weight * (1 - inside.length / (commits.length + 1));
    for (const { num } of inside) scores.add(num, "areaOfFrame", share, `changes files of ${title}, where ${place.name}() lives`);
  }
}
