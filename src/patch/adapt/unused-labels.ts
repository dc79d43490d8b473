import { functionSpans } from "../../source/c-text.ts";
import { splitLines } from "../image.ts";

/** A label that nothing jumps to any more, and what was done about it. */
export interface DroppedLabel {
  readonly label: string;
  readonly function: string;
  readonly note: string;
}

const LABEL = /^(\w+):\s*$/;
const LEAVES = /^\s*(?:return\b.*|goto \w+);\s*$/;

/**
 * Takes away the labels whose last `goto` an adaptation took away, with the statements behind them that cannot be reached then: upstream had no
 * such label, so no hunk removes it.
 */
export function dropUnusedLabels(before: string, after: string): { readonly content: string; readonly dropped: readonly DroppedLabel[] } {
  const lines = splitLines(after);
  const gone = new Set<number>();
  const dropped: DroppedLabel[] = [];
  for (const span of functionSpans(after)) {
    const body = lines.slice(span.start, span.end + 1).join("");
    for (let at = span.start; at <= span.end; at++) {
      const label = LABEL.exec(lines[at] ?? "")?.[1];
      if (label === undefined || label === "default" || !jumpsTo(label, before) || jumpsTo(label, body)) continue;
      const last = lines.slice(span.start, at).findLast((line) => line.trim() !== "");
      const unreachable = last !== undefined && LEAVES.test(last);
      gone.add(at);
      for (let next = at + 1; unreachable && next < span.end && !LABEL.test(lines[next] ?? ""); next++) gone.add(next);
      const also = unreachable ? ", and the statements behind it that nothing reaches any more" : "";
      dropped.push({ label, function: span.name, note: `the label ${label} is dropped: the last goto to it went${also}` });
    }
  }
  return { content: lines.filter((_, at) => !gone.has(at)).join(""), dropped };
}

function jumpsTo(label: string, text: string): boolean {
  return new RegExp(`\\bgoto\\s+${label}\\s*;`).test(text);
}
