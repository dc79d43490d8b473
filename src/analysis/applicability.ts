import { oidOf } from "../git/loose-object.ts";
import type { MergeResult, Repository } from "../git/repository.ts";
import { applyHunks, type HunkPlacement } from "../patch/apply.ts";
import { type FilePatch, type Hunk, type Patch, pathOf } from "../patch/patch.ts";
import type { Applicability, ApplicabilityState, FileResult, HunkResult } from "../schema/analysis.ts";
import type { Change } from "./change.ts";

/** A hunk that lands further away than this is told as a warning: real picks were seen to land 1,371 lines off, in the wrong function. */
const FAR_LINES = 200;

/** The verdict with what the later stages need: the tree it leaves, and which hunks of which files failed. */
export interface Trial {
  readonly patch: Patch;
  /** The tree that it was tried on. */
  readonly targetTree: string;
  readonly applicability: Applicability;
  readonly merge: MergeResult;
  readonly failures: readonly FileFailure[];
}

/** A file that conflicts, for the stage that explains why. */
export interface FileFailure {
  readonly file: FilePatch;
  /** Content in the target (latin1), null when it has no such file. */
  readonly content: string | null;
  /** Hunks that found no place; all of them when git conflicts although each alone has one. */
  readonly hunks: readonly Hunk[];
  /** Each hunk has a place, and the three-way merge conflicts all the same. */
  readonly overlapping: boolean;
}

interface StrictFile {
  readonly file: FilePatch;
  readonly content: string | null;
  readonly placements: readonly HunkPlacement[];
  /** The new content, null when it does not apply (or the file goes away). */
  readonly result: string | null;
  readonly problem: string | null;
}

/**
 * Does the change apply to the tree: strict application in memory (the verdict of `git apply --check`), then the three-way merge with base =
 * the fix's parent, whose verdict is that of `git cherry-pick` and decides. Where the two differ the merge wins and the difference is told.
 */
export async function tryChange(repo: Repository, change: Change, targetTree: string): Promise<Trial> {
  const [merge, strict] = await Promise.all([
    repo.merge(change.baseTree, targetTree, change.fixTree),
    Promise.all(change.patch.files.map((file) => applyStrictly(repo, file, targetTree))),
  ]);
  if (merge.clean && merge.tree === targetTree) return emptyTrial(strict, merge, change.patch, targetTree);

  const moved = merge.clean ? await movedPaths(repo, strict, targetTree, merge.tree) : new Map<string, string>();
  const files: FileResult[] = [];
  const failures: FileFailure[] = [];
  for (const one of strict) {
    const kind = conflictKind(one, merge);
    if (kind !== null) failures.push(failureOf(one));
    const state = kind !== null ? conflictState(one) : await cleanState(repo, one, merge);
    const reason = kind !== null ? (one.problem ?? `git reports ${kind}`) : state === "merge" ? one.problem : null;
    const hunks = one.placements.map((placed) => hunkResult(placed, state, one.problem === null));
    files.push({ path: pathOf(one.file), targetPath: targetPathOf(one, moved), state, reason, hunks });
  }
  const warnings = [...strict.flatMap(farHunks), ...differences(strict, merge)];
  return {
    applicability: { state: overallState(merge.clean, files), reason: null, files, warnings },
    patch: change.patch,
    targetTree,
    merge,
    failures,
  };
}

/** git's word for the conflict of this file, or null. */
function conflictKind({ file }: StrictFile, merge: MergeResult): string | null {
  if (merge.clean) return null;
  return merge.conflicts.find((conflict) => conflict.path === file.newPath || conflict.path === file.oldPath)?.kind ?? null;
}

/** Where git apply and git cherry-pick do not say the same, and conflicts that no file of the patch accounts for. */
function differences(strict: readonly StrictFile[], merge: MergeResult): string[] {
  const applies = strict.every((one) => one.problem === null);
  if (merge.clean) return applies ? [] : ["git apply refuses the patch where git cherry-pick merges it"];
  const own = new Set(strict.flatMap(({ file }) => [file.oldPath, file.newPath]));
  const others = merge.conflicts.filter((conflict) => !own.has(conflict.path)).map(({ kind, path }) => `git reports ${kind} in ${path}`);
  if (!applies) return others;
  return [...others, "git apply accepts the patch although git cherry-pick conflicts: its hunks may land in the wrong place"];
}

function failureOf({ file, content, placements }: StrictFile): FileFailure {
  const placeless = placements.filter((placed) => placed.offset === null);
  const overlapping = placeless.length === 0;
  return { file, content, hunks: (overlapping ? placements : placeless).map((placed) => placed.hunk), overlapping };
}

/**
 * Does a patch without a known base apply to the tree: the strict tier alone, with the verdict of `git apply --check`. What it leaves stands in
 * the place of a merge; files that do not apply are its conflicts.
 */
export async function tryPatch(repo: Repository, patch: Patch, targetTree: string): Promise<Trial> {
  const strict = await Promise.all(patch.files.map((file) => applyStrictly(repo, file, targetTree)));
  const files = strict.map((one): FileResult => {
    const state = one.problem === null ? "clean" : conflictState(one);
    return {
      path: pathOf(one.file),
      targetPath: targetPathOf(one, new Map()),
      state,
      reason: one.problem,
      hunks: one.placements.map((placed) => hunkResult(placed, state, false)),
    };
  });
  const failed = strict.filter((one) => one.problem !== null);
  const clean = failed.length === 0;
  const reason = clean ? null : "its base is not known, so no three-way merge was tried";
  const conflicts = failed.map((one) => ({ path: pathOf(one.file), kind: one.content === null ? "modify/delete" : "contents" }));
  return {
    applicability: { state: overallState(clean, files), reason, files, warnings: strict.flatMap(farHunks) },
    patch,
    targetTree,
    merge: { clean, tree: await writeStrict(repo, strict, targetTree), conflicts },
    failures: failed.map(failureOf),
  };
}

/** The tree with the files that apply. */
async function writeStrict(repo: Repository, strict: readonly StrictFile[], tree: string): Promise<string> {
  const written = new Map<string, { mode: string; bytes: Buffer } | null>();
  for (const { file, result, problem } of strict) {
    if (problem !== null) continue;
    const { oldPath, newPath, newMode } = file;
    if (oldPath !== null && oldPath !== newPath) written.set(oldPath, null);
    const entry = oldPath === null ? null : await repo.entry(tree, oldPath);
    if (newPath !== null) written.set(newPath, { mode: newMode ?? entry?.mode ?? "100644", bytes: Buffer.from(result ?? "", "latin1") });
  }
  return repo.withFiles(tree, written);
}

function emptyTrial(strict: readonly StrictFile[], merge: MergeResult, patch: Patch, targetTree: string): Trial {
  const files = strict.map(
    (one): FileResult => ({
      path: pathOf(one.file),
      targetPath: targetPathOf(one, new Map()),
      state: "empty",
      reason: null,
      hunks: one.placements.map((placed) => ({ ...hunkResult(placed, "empty", false), state: "empty" })),
    }),
  );
  return {
    applicability: { state: "empty", reason: "merging it changes nothing: the target already has its content", files, warnings: [] },
    patch,
    targetTree,
    merge,
    failures: [],
  };
}

async function applyStrictly(repo: Repository, file: FilePatch, targetTree: string): Promise<StrictFile> {
  const path = file.oldPath ?? file.newPath ?? "";
  const found = await repo.entry(targetTree, path);
  // Like `git apply --cached`, which knows files only: a directory of the name is no file.
  const entry = found?.mode === "040000" ? null : found;
  const bytes = entry === null ? null : await repo.blob(entry.oid);
  const content = bytes === null ? null : bytes.toString("latin1");
  const fail = (
    problem: string,
    placements: readonly HunkPlacement[] = file.hunks.map((hunk) => ({ hunk, offset: null })),
  ): StrictFile => ({
    file,
    content,
    placements,
    result: null,
    problem,
  });
  if (file.unsupported !== null) return fail(`a ${file.unsupported} diff cannot be applied hunk by hunk`);
  if (file.oldPath === null) {
    if (entry !== null) return fail(`${path} exists already`);
    if (await isBeyondLink(repo, targetTree, path)) return fail(`${path} lies beyond a symbolic link`);
    return {
      file,
      content,
      placements: file.hunks.map((hunk) => ({ hunk, offset: 0 })),
      result: applyHunks(file, "").content ?? "",
      problem: null,
    };
  }
  if (entry === null) return fail(`${path} does not exist in the target`);
  if (content === null) return fail(`the mirror lacks the content of ${path}`);
  const application = applyHunks(file, content);
  if (!application.applies) {
    const failed = application.placements.filter((placed) => placed.offset === null).length;
    return fail(`${failed} of ${file.hunks.length} hunks find no place`, application.placements);
  }
  if (file.newPath === null && application.content !== "") return fail("the file to delete has other content", application.placements);
  return { file, content, placements: application.placements, result: application.content, problem: null };
}

async function isBeyondLink(repo: Repository, tree: string, path: string): Promise<boolean> {
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    if ((await repo.entry(tree, path.slice(0, slash)))?.mode === "120000") return true;
  }
  return false;
}

/** Clean only when every hunk applies and the merge leaves exactly what they leave; else the merge did more than the hunks say. */
async function cleanState(repo: Repository, one: StrictFile, merge: MergeResult): Promise<ApplicabilityState> {
  if (one.problem !== null) return "merge";
  if (!merge.clean) return "clean";
  const path = one.file.newPath;
  if (path === null) return (await repo.entry(merge.tree, one.file.oldPath ?? "")) === null ? "clean" : "merge";
  const merged = await repo.entry(merge.tree, path);
  return merged !== null && one.result !== null && merged.oid === oidOf("blob", Buffer.from(one.result, "latin1")) ? "clean" : "merge";
}

function conflictState(one: StrictFile): ApplicabilityState {
  return one.file.unsupported === null ? "conflict" : "unsupported";
}

/** @param overlapping every hunk of the file has a place, so when the file conflicts all of its hunks do */
function hunkResult(placed: HunkPlacement, fileState: ApplicabilityState, overlapping: boolean): HunkResult {
  const state =
    placed.offset === null ? (fileState === "clean" ? "merge" : fileState) : overlapping && fileState === "conflict" ? "conflict" : "clean";
  return { header: placed.hunk.header, state, offset: placed.offset, cause: null, commits: [] };
}

function overallState(clean: boolean, files: readonly FileResult[]): ApplicabilityState {
  if (!clean)
    return files.some((file) => file.state === "conflict")
      ? "conflict"
      : files.some((file) => file.state === "unsupported")
        ? "unsupported"
        : "conflict";
  return files.every((file) => file.state === "clean") ? "clean" : "merge";
}

/** Where git's rename detection put the change, for files that the target keeps under another path. */
async function movedPaths(repo: Repository, strict: readonly StrictFile[], before: string, after: string): Promise<Map<string, string>> {
  const missing = strict.filter((one) => one.file.oldPath !== null && one.content === null);
  const moved = new Map<string, string>();
  if (missing.length === 0) return moved;
  const own = new Set(strict.map((one) => pathOf(one.file)));
  const changed = [...(await repo.diff(before, after)).matchAll(/^\+\+\+ b\/(.*)$/gm)]
    .map((match) => match[1] ?? "")
    .filter((path) => !own.has(path));
  for (const one of missing) {
    const name = (one.file.oldPath ?? "").split("/").at(-1);
    const place =
      changed.find((path) => path.split("/").at(-1) === name) ?? (changed.length === 1 && missing.length === 1 ? changed[0] : undefined);
    if (place !== undefined) moved.set(pathOf(one.file), place);
  }
  return moved;
}

function targetPathOf(one: StrictFile, moved: ReadonlyMap<string, string>): string | null {
  if (one.content !== null) return one.file.oldPath;
  return moved.get(pathOf(one.file)) ?? (one.file.oldPath === null && one.problem === null ? one.file.newPath : null);
}

function farHunks(one: StrictFile): string[] {
  const far = one.placements.filter(
    (placed) => placed.offset !== null && Math.abs(placed.offset) >= FAR_LINES && one.file.oldPath !== null,
  );
  return far.map((placed) => `${pathOf(one.file)}: the hunk ${placed.hunk.header} lands ${placed.offset} lines away from its place`);
}
