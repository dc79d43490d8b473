import type { Confidence, HunkAdaptation } from "../patch/adapt/adapt-file.ts";
import type { DroppedLabel } from "../patch/adapt/unused-labels.ts";
import { type FilePatch, pathOf } from "../patch/patch.ts";
import type { Check } from "./adaptation-checks.ts";

/** A file of a conflicting change, made to fit. */
export interface AdaptedFile {
  readonly file: FilePatch;
  /** Where the change was made. */
  readonly targetPath: string;
  /** The file in the target; null when it has none. */
  readonly before: string | null;
  /** null when the change to the file is left out. */
  readonly content: string | null;
  readonly hunks: readonly HunkAdaptation[];
  readonly labels: readonly DroppedLabel[];
  readonly confidence: Confidence;
  readonly checks: readonly Check[];
}

/** A file whose change is not made. */
export function leftOut(file: FilePatch, rule: HunkAdaptation["rule"], note: string, content: string | null): AdaptedFile {
  const hunks = file.hunks.map((hunk) => ({ hunk, rule, note, safe: false }));
  return { file, targetPath: pathOf(file), before: null, content, hunks, labels: [], confidence: "medium", checks: [] };
}
