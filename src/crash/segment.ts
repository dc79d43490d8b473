import { INTRUDERS } from "../rules/crash-headers.ts";
import { readFrameLine } from "./frame-line.ts";
import { type Header, readHeader } from "./header.ts";
import type { LogLine } from "./line.ts";

/** The lines of one report, its header first, and the lines just above it. */
export interface Segment {
  readonly header: Header;
  readonly lines: readonly LogLine[];
  readonly before: readonly LogLine[];
}

/** A report of more lines than this is cut; no stack of a kernel is that deep. */
const MAX_LINES = 2500;
const MAX_SEGMENTS = 64;
const LINES_ABOVE = 12;
/** A panic after this many lines only repeats the stack of the report that led to it. */
const LINES_BEFORE_PANIC = 22;
const PANIC = /Kernel panic - not syncing/;
const OTHER_CPUS = /Sending NMI from CPU|Sending NMI to/;

interface Open {
  header: Header;
  readonly stamped: boolean;
  readonly lines: LogLine[];
  readonly before: readonly LogLine[];
  frames: boolean;
  closed: boolean;
}

/** Whether a header is a further line of the event that is open: the kernel announces some events in several lines. */
function sameEvent(open: Open, header: Header, caller: string): boolean {
  if (header.continues || header.rule.weak) return true;
  // What one task prints before its report has a stack is about that report.
  if (!open.frames && caller !== "" && !open.header.rule.stackless) return true;
  return !open.frames && (open.header.rule.announces || open.header.rule.weak || open.header.rule.kind === header.rule.kind);
}

/** In a log with stamps a line without one is user space or the rest of a torn line, unless it is a frame. */
function isStranger(open: Open, line: LogLine): boolean {
  return open.stamped && line.time === null && line.text !== "" && readFrameLine(line.text) === null;
}

/** Adds a line to the report that is open for its printk caller. */
function extend(open: Open, line: LogLine, header: Header | null): void {
  const replaces =
    header !== null &&
    (open.header.rule.announces || open.header.rule.weak) &&
    !header.rule.announces &&
    !header.rule.weak &&
    !header.continues;
  if (replaces) open.header = header;
  const repeatsPanic = open.lines.length > LINES_BEFORE_PANIC && PANIC.test(line.text);
  // Without callers nobody can tell whose the frames behind another stack's announcement are.
  const intruded = line.caller === null && open.stamped && INTRUDERS.some((text) => line.text.includes(text));
  open.closed ||= repeatsPanic || intruded || open.lines.length === MAX_LINES;
  if (open.closed) return;
  open.lines.push(line);
  open.frames ||= readFrameLine(line.text) !== null;
}

/** Takes the lines of a log one by one and splits them into reports. */
export interface Segmenter {
  /** False once nothing more will be kept. */
  readonly add: (line: LogLine) => boolean;
  /** In the order of their headers. */
  readonly segments: readonly Segment[];
}

/**
 * With CONFIG_PRINTK_CALLER the lines of each task or processor make reports of their own; without, a report ends where the next
 * begins.
 */
export function startSegments(): Segmenter {
  const segments: Open[] = [];
  const openOf = new Map<string, Open>();
  const above: LogLine[] = [];
  let allCpus: Open | null = null;
  const add = (line: LogLine): boolean => {
    const caller = line.caller ?? "";
    const open = openOf.get(caller) ?? (caller.startsWith("C") ? allCpus : null);
    const header = readHeader(line.text);
    if (header !== null && (open === null || !sameEvent(open, header, caller))) {
      if (segments.length === MAX_SEGMENTS) return false;
      const next: Open = { header, stamped: line.time !== null, lines: [line], before: [...above], frames: false, closed: false };
      segments.push(next);
      openOf.set(caller, next);
      allCpus = null;
    } else if (open !== null && !open.closed && !isStranger(open, line)) {
      extend(open, line, header);
      if (OTHER_CPUS.test(line.text)) allCpus = open;
    }
    above.push(line);
    if (above.length > LINES_ABOVE) above.shift();
    return true;
  };
  return { add, segments };
}
