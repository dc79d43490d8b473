import { splitLines } from "../image.ts";
import type { FilePatch } from "../patch.ts";
import { align } from "./sequence.ts";

/**
 * The change as it was made against the change as upstream made it, in the manner of `git range-diff`: the changed lines of both, each with its own
 * sign, behind a blank when both have it, `-` when only upstream's has and `+` when only ours has. Empty when they change the same lines.
 * @param before the file in the target
 * @param after the adapted file
 */
export function differenceOf(file: FilePatch, before: string, after: string): string {
  const upstream = file.hunks.flatMap((hunk) => hunk.lines.filter((line) => line.op !== " ").map((line) => line.op + line.text));
  const ours = changedLines(splitLines(before), splitLines(after));
  const lines = paired(upstream, ours);
  return lines.every((line) => line.startsWith(" ")) ? "" : lines.map((line) => (line.endsWith("\n") ? line : `${line}\n`)).join("");
}

function changedLines(before: readonly string[], after: readonly string[]): string[] {
  return paired(before, after).filter((line) => !line.startsWith(" "));
}

/** The lines of both, common ones once. */
function paired(a: readonly string[], b: readonly string[]): string[] {
  const partner = align(a, b);
  const lines: string[] = [];
  let next = 0;
  for (const [i, line] of a.entries()) {
    const j = partner[i] ?? -1;
    if (j < 0) {
      lines.push(`-${line}`);
      continue;
    }
    lines.push(...b.slice(next, j).map((other) => `+${other}`), ` ${line}`);
    next = j + 1;
  }
  return [...lines, ...b.slice(next).map((other) => `+${other}`)];
}
