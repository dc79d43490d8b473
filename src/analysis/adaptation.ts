import type { Repository } from "../git/repository.ts";
import { adaptFile, type HunkAdaptation } from "../patch/adapt.ts";
import { applyWithFuzz } from "../patch/fuzz.ts";
import { type FilePatch, pathOf } from "../patch/patch.ts";
import type { Applicability, FileResult } from "../schema/analysis.ts";
import { blankCommentsAndStrings } from "../source/c-text.ts";
import type { FileFailure, Trial } from "./applicability.ts";

/** A file of a conflicting change, made to fit. */
export interface AdaptedFile {
  readonly file: FilePatch;
  /** null when the target has no such file and its change is dropped. */
  readonly content: string | null;
  readonly hunks: readonly HunkAdaptation[];
  /** An independent method leaves the same bytes. */
  readonly agreed: boolean;
}

export interface Adaptation {
  readonly files: readonly AdaptedFile[];
  /** `high`: every hunk stands beside a line that stood beside it upstream, and a second method agrees on every file. */
  readonly confidence: "high" | "medium" | "low";
  /** The merged tree with the conflicting files replaced. */
  readonly tree: string;
}

/**
 * Makes a change fit where git's merge conflicts, or refuses (null): all conflicts must be about contents or about files that the target lacks,
 * every hunk must have exactly one place, and the result must be as well-formed as the file was.
 */
export async function adapt(repo: Repository, trial: Trial): Promise<Adaptation | null> {
  if (trial.merge.clean || trial.failures.length === 0) return null;
  const unexplained = new Set(trial.merge.conflicts.map((conflict) => conflict.path));
  if (trial.merge.conflicts.some(({ kind }) => kind !== "contents" && kind !== "modify/delete")) return null;
  const files: AdaptedFile[] = [];
  const replaced = new Map<string, { mode: string; bytes: Buffer } | null>();
  for (const failure of trial.failures) {
    const adapted = adaptFailure(failure);
    const path = pathOf(failure.file);
    const entry = await repo.entry(trial.merge.tree, path);
    if (adapted === null || entry === null) return null;
    files.push(adapted);
    unexplained.delete(path);
    replaced.set(path, adapted.content === null ? null : { mode: entry.mode, bytes: Buffer.from(adapted.content, "latin1") });
  }
  if (unexplained.size > 0) return null;
  const kept = trial.applicability.files.length - files.filter((one) => one.content === null).length;
  if (kept === 0) return null;
  const tree = await repo.withFiles(trial.merge.tree, replaced);
  const safe = files.every((one) => one.hunks.every((hunk) => hunk.safe));
  const agreed = files.every((one) => one.agreed);
  return { files, confidence: safe && agreed ? "high" : safe || agreed ? "medium" : "low", tree };
}

/** The answer for a change that was adapted: never clean, and every adapted hunk says what was done. */
export function withAdaptation(applicability: Applicability, adaptation: Adaptation): Applicability {
  const byPath = new Map(adaptation.files.map((one) => [pathOf(one.file), one]));
  const changes = adaptation.files.flatMap((one) =>
    one.hunks.flatMap(({ hunk, rule, note }) => (rule === "applied" ? [] : [{ path: pathOf(one.file), hunk: hunk.header, rule, note }])),
  );
  const files = applicability.files.map((file): FileResult => {
    const adapted = byPath.get(file.path);
    if (adapted === undefined) return file;
    const hunks = file.hunks.map((hunk, i) => (adapted.hunks[i]?.rule === "applied" ? hunk : { ...hunk, state: "adapted" as const }));
    return { ...file, state: "adapted", hunks };
  });
  const reason = `git cherry-pick conflicts; ${changes.length} hunks were made to fit, with ${adaptation.confidence} confidence`;
  return { ...applicability, state: "adapted", reason, files, adaptation: { confidence: adaptation.confidence, changes } };
}

function adaptFailure({ file, content }: FileFailure): AdaptedFile | null {
  if (file.unsupported !== null || file.oldPath === null || file.oldPath !== file.newPath) return null;
  if (content === null) {
    const note = "the target has no such file: the change to it is dropped";
    return { file, content: null, hunks: file.hunks.map((hunk) => ({ hunk, rule: "file_dropped", note, safe: true })), agreed: false };
  }
  const adapted = adaptFile(file, content);
  if (adapted === null || adapted.content === content) return null;
  if (/\.[ch]$/.test(file.newPath) && !balancedLike(content, adapted.content, file)) return null;
  return { file, ...adapted, agreed: applyWithFuzz(file, content) === adapted.content };
}

/** Brackets of the whole file open and close as they did, but for what the patch itself adds and removes. */
function balancedLike(before: string, after: string, file: FilePatch): boolean {
  const change = (op: string) =>
    depth(
      file.hunks
        .flatMap((hunk) => hunk.lines)
        .filter((line) => line.op === op)
        .map((line) => line.text)
        .join(""),
    );
  return depth(after) - depth(before) === change("+") - change("-");
}

function depth(text: string): number {
  let open = 0;
  for (const c of blankCommentsAndStrings(text)) {
    if (c === "{" || c === "(" || c === "[") open++;
    else if (c === "}" || c === ")" || c === "]") open--;
  }
  return open;
}
