import type { Repository } from "../git/repository.ts";
import { adaptFile, type Confidence } from "../patch/adapt/adapt-file.ts";
import { differenceOf } from "../patch/adapt/difference.ts";
import { applyHunks } from "../patch/apply.ts";
import { type FilePatch, type Patch, pathOf } from "../patch/patch.ts";
import { isChangelog } from "../rules/file-conventions.ts";
import type { Applicability, FileResult } from "../schema/analysis.ts";
import { adaptAbsent } from "./absent-files.ts";
import { checkFile, newNames, type TargetNames } from "./adaptation-checks.ts";
import { type AdaptedFile, leftOut } from "./adapted-file.ts";
import type { FileFailure, Trial } from "./applicability.ts";

export interface Adaptation {
  readonly files: readonly AdaptedFile[];
  /** The least of the files'. */
  readonly confidence: Confidence;
  /** The merged tree with the conflicting files replaced. */
  readonly tree: string;
}

/**
 * Makes a change fit where git's merge conflicts, or refuses (null): all conflicts must be about contents or about files that the target lacks,
 * every hunk must have exactly one place, something of the change must remain, and the result must be as well-formed as the file was.
 * @param names what the target knows; without it the names of added lines are not checked
 */
export async function adapt(repo: Repository, trial: Trial, names?: TargetNames): Promise<Adaptation | null> {
  if (trial.merge.clean || trial.failures.length === 0) return null;
  const unexplained = new Set(trial.merge.conflicts.map((conflict) => conflict.path));
  if (trial.merge.conflicts.some(({ kind }) => kind !== "contents" && kind !== "modify/delete")) return null;
  const files: AdaptedFile[] = [];
  for (const failure of trial.failures) {
    const adapted = await adaptFailure(repo, trial, failure, names);
    if (adapted === null) return null;
    files.push(adapted);
    unexplained.delete(pathOf(failure.file));
  }
  if (unexplained.size > 0) return null;
  const left = files.filter((one) => one.content === null || one.hunks.every((hunk) => hunk.rule === "feature_absent")).length;
  if (trial.applicability.files.length === left) return null;
  const tree = await writeAdapted(repo, trial, files);
  return tree === null ? null : { files, confidence: leastOf(files.map((one) => one.confidence)), tree };
}

/** Null when the merge left no file where one is to be written. */
async function writeAdapted(repo: Repository, trial: Trial, files: readonly AdaptedFile[]): Promise<string | null> {
  const replaced = new Map<string, { mode: string; bytes: Buffer } | null>();
  for (const { file, targetPath, content } of files) {
    const path = pathOf(file);
    const entry = await repo.entry(trial.merge.tree, targetPath);
    if (targetPath !== path) replaced.set(path, null);
    if (content !== null && entry === null) return null;
    replaced.set(targetPath, content === null ? null : { mode: entry?.mode ?? "100644", bytes: Buffer.from(content, "latin1") });
  }
  return repo.withFiles(trial.merge.tree, replaced);
}

const ORDER: readonly Confidence[] = ["low", "medium", "high"];

function leastOf(all: readonly Confidence[]): Confidence {
  return ORDER.find((one) => all.includes(one)) ?? "low";
}

/** The answer for a change that was adapted: never clean, and every adapted hunk says what was done. */
export function withAdaptation(applicability: Applicability, adaptation: Adaptation): Applicability {
  const byPath = new Map(adaptation.files.map((one) => [pathOf(one.file), one]));
  const changes = adaptation.files.flatMap(changesOf);
  const checks = adaptation.files.flatMap((one) => one.checks.map((check) => ({ path: one.targetPath, ...check })));
  const files = applicability.files.map((file): FileResult => {
    const adapted = byPath.get(file.path);
    if (adapted === undefined) return file;
    const hunks = file.hunks.map((hunk, i) => (adapted.hunks[i]?.rule === "applied" ? hunk : { ...hunk, state: "adapted" as const }));
    return { ...file, targetPath: adapted.content === null ? file.targetPath : adapted.targetPath, state: "adapted", hunks };
  });
  const { confidence } = adaptation;
  const why = applicability.reason ?? "git cherry-pick conflicts";
  const reason = `${why}; ${changes.length} ${changes.length === 1 ? "hunk was" : "hunks were"} made to fit, with ${confidence} confidence`;
  return {
    ...applicability,
    state: "adapted",
    reason,
    files,
    adaptation: { confidence, changes, checks, difference: differences(adaptation) },
  };
}

/** Bytes as latin1 become UTF-8 here: this is read by people. */
function differences({ files }: Adaptation): string {
  const parts = files.flatMap(({ file, targetPath, before, content }) => {
    const difference = before === null || content === null ? "" : differenceOf(file, before, content);
    return difference === "" ? [] : [`${targetPath}\n${difference}`];
  });
  return Buffer.from(parts.join("\n"), "latin1").toString("utf8");
}

function changesOf({ file, hunks, labels }: AdaptedFile): { path: string; hunk: string; rule: string; note: string }[] {
  const path = pathOf(file);
  return [
    ...hunks.flatMap(({ hunk, rule, note }) => (rule === "applied" ? [] : [{ path, hunk: hunk.header, rule, note }])),
    ...labels.map((dropped) => ({ path, hunk: `${dropped.function}()`, rule: "unused_label", note: dropped.note })),
  ];
}

async function adaptFailure(
  repo: Repository,
  trial: Trial,
  failure: FileFailure,
  names: TargetNames | undefined,
): Promise<AdaptedFile | null> {
  const { file, content } = failure;
  if (file.unsupported !== null || file.oldPath === null || file.oldPath !== file.newPath) return null;
  if (isChangelog(file.newPath)) {
    const note = "each branch writes its own changelog: the target's stays as it is";
    return { ...leftOut(file, "changelog_kept", note, content), confidence: "high" };
  }
  const base = await baseOf(repo, file);
  if (content === null) return adaptAbsent(repo, trial, file, base);
  const found = names === undefined ? null : await newNames(file, content, names);
  const adapted = adaptFile(file, content, base, found?.known);
  const missing = found?.missing ?? null;
  return adapted === null
    ? null
    : checked({ file, targetPath: file.newPath, before: content, ...adapted, checks: [] }, content, base, trial.patch, missing);
}

/** The file with its checks made: null when one forbids it, with less confidence when one casts doubt. */
async function checked(
  adapted: AdaptedFile & { readonly content: string },
  before: string,
  base: string | null,
  patch: Patch,
  missing: ReadonlySet<string> | null,
): Promise<AdaptedFile | null> {
  const theirs = base === null ? null : applyHunks(adapted.file, base).content;
  const upstream = base === null || theirs === null ? null : { before: base, after: theirs };
  const checks = await checkFile(adapted.file, { before, after: adapted.content }, upstream, patch, missing);
  if (checks.some((check) => check.outcome === "forbids")) return null;
  const doubt = checks.some((check) => check.outcome === "doubts");
  return { ...adapted, checks, confidence: doubt ? leastOf([adapted.confidence, "medium"]) : adapted.confidence };
}

/** The file before the change; null when the patch does not name its blob in full, or the mirror lacks it. */
async function baseOf(repo: Repository, file: FilePatch): Promise<string | null> {
  if (file.oldBlob === null || !/^[0-9a-f]{40}$/.test(file.oldBlob)) return null;
  return (await repo.blob(file.oldBlob))?.toString("latin1") ?? null;
}
