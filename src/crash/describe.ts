import type { Signature } from "../schema/signature.ts";
import { findAnchors } from "./anchor.ts";
import { readContext } from "./context.ts";
import { readDetails } from "./details.ts";
import { readFault } from "./fault.ts";
import { fingerprint } from "./fingerprint.ts";
import { readIdentifiers } from "./identifiers.ts";
import { releaseOf } from "./kernel-release.ts";
import type { LogLine } from "./line.ts";
import { readMessages } from "./messages.ts";
import type { Report } from "./report.ts";
import { withSources } from "./sources.ts";
import { readStacks } from "./stack.ts";
import { normalizeTitle } from "./title.ts";
import { weigh } from "./weigh.ts";

const SIGNATURE_FRAMES = 64;
const CONTEXT_LINES = 2000;
/** What a log line of a failure says; it names the text better than the line above it. */
const TROUBLE = /fail|error|unable|cannot|not responding|timed out|corrupt|invalid|refused/i;

/** What was understood of the report that stands for the text. */
interface Reading extends Omit<Report, "segment"> {
  readonly messages: Signature["messages"];
  /** The lines of the report. */
  readonly own: readonly LogLine[];
  readonly root: Report | null;
}

/** How sure a reader may be that the stack leads to the fix: victims' stacks and broken reports say little. */
function confidenceOf(reading: Reading): Signature["confidence"] {
  const telling = reading.frames.slice(0, 8).filter((frame) => frame.generic === "no").length;
  if (reading.root === null || telling === 0) return "low";
  return reading.corrupted === null && telling >= 2 ? "high" : "medium";
}

/** A text without any header: a bare stack, a log line, or nothing of use. */
function withoutHeader(lines: readonly LogLine[]): Reading {
  const stacks = readStacks(lines, "stack_only", null, true);
  const frames = weigh(stacks.main.slice(0, SIGNATURE_FRAMES));
  // What a crash(8) session prints is no log.
  const session = frames.length > 0 || lines.some((line) => line.text.startsWith("crash>"));
  const messages = readMessages(lines.filter((line) => line.time !== null || !session));
  const kind = frames.length > 0 ? "stack_only" : messages.length > 0 ? "log_message" : "unknown";
  const anchor = findAnchors("pc", { frames, named: null, skip: [] }).names[0];
  const title = normalizeTitle(
    anchor !== undefined
      ? `stack in ${anchor}`
      : ((messages.find((message) => TROUBLE.test(message.text)) ?? messages[0])?.text ?? "unknown"),
  );
  return {
    kind,
    subkind: null,
    title,
    altTitles: [],
    frames,
    stacks,
    corrupted: null,
    messages,
    own: lines.slice(0, CONTEXT_LINES),
    root: null,
  };
}

/** The first report, with the stack of the first that has one: the header and its stack may be torn apart, or the stack's header lost. */
function withStack(first: Report, reports: readonly Report[], lines: readonly LogLine[]): Report {
  const later = reports.find((report) => report.frames.length > 0);
  if (first.frames.length > 0) return first;
  if (later !== undefined) {
    const corrupted = "its stack is missing; the frames are those of the next report";
    return { ...first, frames: later.frames, stacks: later.stacks, corrupted };
  }
  const frames = weigh(readStacks(lines, first.kind, null, false).main.slice(0, SIGNATURE_FRAMES));
  const anchor = findAnchors("trace", { frames, named: null, skip: [] }).names[0];
  if (anchor === undefined || first.title.includes(" in ")) return first;
  return { ...first, frames, title: normalizeTitle(`${first.title} in ${anchor}`) };
}

function ofReports(reports: readonly Report[], lines: readonly LogLine[]): Reading | null {
  const strong = reports.filter((report) => !report.segment.header.rule.weak);
  const first = strong.find((report) => report.segment.header.rule.corrupted === null) ?? strong[0] ?? reports[0];
  if (first === undefined) return null;
  const root = withStack(first, strong, lines);
  const { kind, subkind, title, altTitles, frames, stacks, corrupted, segment } = root;
  return { kind, subkind, title, altTitles, frames, stacks, corrupted, messages: readMessages(segment.before), own: segment.lines, root };
}

/**
 * Describes a text by the first of its reports, which is nearest to the root of a chain of them.
 * @param lines those that say something of the whole text
 */
export function describe(reports: readonly Report[], lines: readonly LogLine[]): Signature {
  const reading = ofReports(reports, lines) ?? withoutHeader(lines);
  const { kind, subkind, title, frames, stacks, own } = reading;
  const context = readContext([...own, ...lines.slice(0, CONTEXT_LINES)]);
  const fault = reading.root === null ? null : readFault(own);
  const details = readDetails({ reports, otherStacks: stacks.others, frames, fault, workqueue: context.workqueue, own, all: lines });
  return {
    kind,
    subkind,
    title,
    altTitles: [...reading.altTitles],
    arch: context.arch,
    frames: withSources(frames, details.sources),
    fault,
    pc: stacks.pc,
    lr: stacks.lr,
    assert: context.assert,
    kernel: releaseOf(own, lines),
    comm: context.comm,
    workqueue: context.workqueue,
    modules: [...context.modules],
    messages: reading.messages,
    identifiers: [...readIdentifiers(lines)],
    fingerprint: fingerprint(kind, subkind, frames, title),
    corrupted: reading.corrupted,
    confidence: confidenceOf(reading),
    details,
  };
}
