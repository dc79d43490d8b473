import { HEADER_HINT } from "../rules/crash-headers.ts";

/** A part of a text: character offsets, end exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Shorter texts are read whole. */
const WHOLE = 256 * 1024;
/** How much is read around a line of interest: the messages above a report, and what stands between its lines of interest. */
const MARGIN = 4096;
/** What a report, a stack or a debugger's session cannot do without. */
export const OF_INTEREST = new RegExp(`${HEADER_HINT.source}|\\+0x|crash> |RELEASE: |Linux version |COMMAND: "| Part\\d`, "g");

/** The first start of a line from a place on, which is never far: lines that go on beyond the margin are cut. */
function startOfLine(text: string, from: number, limit: number): number {
  const newline = text.slice(from, limit).indexOf("\n");
  return newline === -1 ? from : from + newline + 1;
}

/**
 * The parts of a text that may hold something about a crash: a day's log holds a crash in one place, and the rest need not be taken
 * apart. The whole text when it is short.
 */
export function partsOfInterest(text: string): readonly Range[] {
  if (text.length <= WHOLE) return [{ start: 0, end: text.length }];
  const ranges: { start: number; end: number }[] = [{ start: 0, end: MARGIN }];
  OF_INTEREST.lastIndex = 0;
  for (let match = OF_INTEREST.exec(text); match !== null; match = OF_INTEREST.exec(text)) {
    const last = ranges.at(-1);
    const from = match.index - MARGIN;
    const newline = text.indexOf("\n", match.index + MARGIN);
    const end = newline === -1 ? text.length : newline + 1;
    if (last !== undefined && from <= last.end) last.end = end;
    else ranges.push({ start: startOfLine(text, from, match.index), end });
    // Matches before the last margin of the range cannot widen it.
    OF_INTEREST.lastIndex = Math.max(OF_INTEREST.lastIndex, end - MARGIN);
  }
  return ranges;
}
