import { fileText } from "../git/file-text.ts";
import type { IndexedCommit } from "../history/history-index.ts";
import { ARCH_FOLDERS, CLEANUP_WORDS, COMMON_SUBJECT_WORDS, FAILURE_WORDS, FIX_WORDS } from "../rules/evidence-words.ts";
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
  const failureWords = new Set(FAILURE_WORDS[signature.kind]);
  const weights = new Map(query.functions.map(({ name, weight }) => [name, weight]));
  for (const commit of commits) {
    judgeKind(commit, scores);
    judgeSubject(query, failureWords, commit, scores);
    judgePrefix(places, commit, scores);
    judgeFunctions(ctx, query, weights, commit, scores);
    judgeFixed(ctx, commit, scores);
  }
  judgeProcessor(ctx, signature.arch, commits, scores);
}

/** Fix or cleanup, large or small, whatever the crash. */
function judgeKind({ num, subject, changedFiles, changedLines }: IndexedCommit, scores: Scores): void {
  if (FIX_WORDS.test(subject)) scores.add(num, "fixWords", 1, "its subject speaks of a fix");
  if (CLEANUP_WORDS.test(subject)) scores.add(num, "cleanupWords", 1, "its subject speaks of a cleanup");
  if (changedLines !== null && changedLines > 10)
    scores.add(num, "largeChange", Math.log2(changedLines / 10), `it changes ${changedLines} lines`);
  if (changedFiles > 1) scores.add(num, "manyFiles", Math.log2(changedFiles), `it changes ${changedFiles} files`);
}

const WORD = /[a-z0-9_]{3,}/g;
const FAILURE_WORD_SHARE = 0.5;

/** How much of the subject the report explains: `nfsd: fix probe_callback crash` has hardly a word that is not in it. */
function judgeSubject(query: CrashQuery, failureWords: ReadonlySet<string>, { num, subject }: IndexedCommit, scores: Scores): void {
  const words = (subject.toLowerCase().match(WORD) ?? []).filter((word) => !COMMON_SUBJECT_WORDS.has(word));
  const names = new Set(query.functions.map(({ name }) => name));
  const explained: string[] = [];
  let sum = 0;
  for (const word of words) {
    const share = names.has(word) ? 1 : (query.words.get(word) ?? (failureWords.has(word) ? FAILURE_WORD_SHARE : 0));
    if (share > 0) explained.push(word);
    sum += share;
  }
  if (sum > 0) scores.add(num, "subjectExplained", sum / (words.length + 1), `of its subject the report explains ${explained.join(", ")}`);
}

const PREFIX = /^(?:\[[^\]]*\] *)?([^:]{2,60}): /;
const PIECE = /[a-z0-9]{3,}/g;

/** A subject begins with the place that it is about: `mac80211: ...`, `USB: serial: ...`. */
function judgePrefix(places: readonly PlaceOfFrame[], { num, subject }: IndexedCommit, scores: Scores): void {
  const prefix = PREFIX.exec(subject)?.[1]?.toLowerCase();
  if (prefix === undefined) return;
  const pieces = new Set(prefix.match(PIECE));
  const place = places.find(({ path }) =>
    path
      .toLowerCase()
      .match(PIECE)
      ?.some((piece) => pieces.has(piece)),
  );
  if (place !== undefined)
    scores.add(num, "subjectPlace", place.weight, `its subject begins with the place of ${place.name}(), ${place.path}`);
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
  let inStack = 0;
  for (const name of names) inStack += weights.get(name) ?? 0;
  if (inStack > 0)
    scores.add(num, "functionsFocused", inStack / names.size, `functions of the stack are much of the ${names.size} that it changes`);
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
function judgeProcessor(ctx: AnalysisContext, arch: string | null, commits: readonly IndexedCommit[], scores: Scores): void {
  const folders = ARCH_FOLDERS.find(({ arches }) => arch !== null && arches.test(arch))?.folders;
  if (folders === undefined) return;
  for (const { num, oid } of commits) {
    const paths = ctx.index.paths(oid);
    if (paths.some((path) => folders.test(path))) scores.add(num, "sameArch", 1, `it changes code of ${arch}`);
    else if (paths.every((path) => path.startsWith("arch/"))) scores.add(num, "otherArch", 1, "it changes only code of another processor");
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
