import { functionOpenedBy } from "../../source/c-text.ts";
import type { Hunk } from "../patch.ts";

/** A run of removed and added lines of a hunk, with the kept lines on both sides up to the next run. */
export interface ChangeRun {
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly above: readonly string[];
  readonly below: readonly string[];
  /** 0-based line, before the change, of the first removed line, or of the line that the added ones stand before. */
  readonly line: number;
  /** The last function that opened before the run, upstream. */
  readonly after: string | null;
}

export function runsOf(hunk: Hunk): ChangeRun[] {
  const runs: { removed: string[]; added: string[]; above: string[]; below: string[]; line: number; after: string | null }[] = [];
  let after = functionOpenedBy(hunk.section);
  let kept: string[] = [];
  let open = false;
  // A hunk without old lines names the line that it stands behind.
  let line = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
  for (const { op, text } of hunk.lines) {
    if (op !== "+") after = functionOpenedBy(text) ?? after;
    if (op === " ") {
      kept.push(text);
      runs.at(-1)?.below.push(text);
      open = false;
      line++;
      continue;
    }
    if (!open) runs.push({ removed: [], added: [], above: kept, below: [], line, after });
    kept = [];
    open = true;
    if (op === "-") {
      runs.at(-1)?.removed.push(text);
      line++;
    } else runs.at(-1)?.added.push(text);
  }
  return runs;
}
