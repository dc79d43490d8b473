import { PC_LINE } from "../rules/crash-stacks.ts";
import type { Frame, Signature, SignatureDetails } from "../schema/signature.ts";
import { readCode } from "./code-bytes.ts";
import { decodeShadow } from "./fault.ts";
import type { LogLine } from "./line.ts";
import { readLocks } from "./locks.ts";
import { faultOffset, readFieldHints, readObjects } from "./objects.ts";
import type { Report } from "./report.ts";
import { readSources } from "./sources.ts";
import type { Stack } from "./stack.ts";

const MAX_SYMBOLS = 16;
const OTHER_FRAMES = 32;
const HARDWARE = /^Hardware name:\s{0,4}(\S.{0,120}?)\s{0,16}$/;
const CPU_PID = /\bCPU:? {1,8}(\d{1,5})\b(?:.{0,40}?\bPID: {1,8}(\d{1,10}))?|^Pid: (\d{1,10}),|^PID: (\d{1,10})\s/;
const TAINT = /Tainted: ([A-Z](?:[A-Z ]{0,30}[A-Z])?)/;
const OUT_OF_TREE = /^([\w-]{1,64})\([A-Z]{0,6}[OP][A-Z+-]{0,6}\)/;

/** The letters of Documentation/admin-guide/tainted-kernels.rst. */
function readTaint(lines: readonly LogLine[]): SignatureDetails["taint"] {
  for (const { text } of lines) {
    const flags = text.includes("Tainted: ") ? TAINT.exec(text)?.[1]?.replaceAll(" ", "") : undefined;
    if (flags !== undefined)
      return { flags, proprietary: flags.includes("P"), outOfTree: flags.includes("O"), diedBefore: flags.includes("D") };
    if (text.includes("Not tainted")) return null;
  }
  return null;
}

/** The stack that the fault arose on tells the context; the idle task is process 0. */
function contextOf(frames: readonly Frame[], pid: number | null): SignatureDetails["context"] {
  const stack = frames[0]?.stack;
  if (stack === "nmi") return "nmi";
  if (stack === "softirq" || (stack === "irq" && frames.some((frame) => /^(?:__do_softirq|handle_softirqs)$/.test(frame.symbol))))
    return "softirq";
  if (stack === "irq") return "hardirq";
  if (frames.length === 0) return null;
  return pid === 0 ? "idle" : "process";
}

function readCpuAndPid(lines: readonly LogLine[]): { cpu: number | null; pid: number | null } {
  let cpu: number | null = null;
  let pid: number | null = null;
  for (const { text } of lines) {
    const match = text.includes("CPU") || text.includes("id: ") || text.startsWith("PID: ") ? CPU_PID.exec(text) : null;
    if (match === null) continue;
    cpu ??= match[1] === undefined ? null : Number(match[1]);
    const process = match[2] ?? match[3] ?? match[4];
    pid ??= process === undefined ? null : Number(process);
    if (cpu !== null && pid !== null) break;
  }
  return { cpu, pid };
}

/** Modules and source folders of the frames that say most, strongest first. */
function readSubsystems(frames: readonly Frame[], workqueue: Signature["workqueue"]): SignatureDetails["subsystems"] {
  const found = new Map<string, string>();
  const telling = frames.filter((frame) => frame.generic === "no" || frame.generic === "dispatch").slice(0, 8);
  for (const frame of telling) {
    if (frame.module !== null && !found.has(frame.module)) found.set(frame.module, `module of ${frame.symbol}`);
    const folder = frame.file?.slice(0, Math.max(0, frame.file.lastIndexOf("/")));
    if (folder !== undefined && folder !== "" && !found.has(folder)) found.set(folder, `source of ${frame.symbol}`);
  }
  if (workqueue !== null && !found.has(workqueue.name)) found.set(workqueue.name, "work queue");
  return [...found].map(([name, because]) => ({ name, because }));
}

function readSpans(lines: readonly LogLine[]): SignatureDetails["spans"] {
  const spans: SignatureDetails["spans"] = [];
  const [header] = lines;
  if (header !== undefined) spans.push({ fact: "header", start: header.start, end: header.end });
  const pc = lines.find((line) => PC_LINE.test(line.text));
  if (pc !== undefined) spans.push({ fact: "pc", start: pc.start, end: pc.end });
  const traced = lines.filter((line) => line.text.includes("+0x"));
  const [first] = traced;
  const last = traced.at(-1);
  if (first !== undefined && last !== undefined)
    spans.push({ fact: "stack", start: Math.min(first.start, last.start), end: Math.max(first.end, last.end) });
  return spans;
}

function describeReport(report: Report): SignatureDetails["reports"][number] {
  const { lines } = report.segment;
  const [header] = lines;
  const last = lines.at(-1);
  return {
    kind: report.kind,
    subkind: report.subkind,
    title: report.title,
    time: header?.time ?? null,
    caller: header?.caller ?? null,
    symbols: report.frames.slice(0, MAX_SYMBOLS).map((frame) => frame.symbol),
    corrupted: report.corrupted,
    span: { start: header?.start ?? 0, end: Math.max(header?.end ?? 0, last?.end ?? 0) },
  };
}

/** What the details are read from. */
export interface DetailsInput {
  readonly reports: readonly Report[];
  readonly otherStacks: readonly Stack[];
  readonly frames: readonly Frame[];
  readonly fault: Signature["fault"];
  readonly workqueue: Signature["workqueue"];
  /** Lines of the root report, and those of the whole text that tell something. */
  readonly own: readonly LogLine[];
  readonly all: readonly LogLine[];
}

/** Reads what a text says beyond what names and finds the crash. */
export function readDetails(input: DetailsInput): SignatureDetails {
  const { own, all, frames, fault } = input;
  const { cpu, pid } = readCpuAndPid(own);
  const decodedAddress = decodeShadow(fault, own);
  const linked = own.find((line) => line.text.includes("Modules linked in"))?.text ?? "";
  return {
    reports: input.reports.map(describeReport),
    otherStacks: input.otherStacks.flatMap((stack) =>
      stack.role === "ignored"
        ? []
        : [{ role: stack.role, comm: stack.task?.comm ?? null, pid: stack.task?.pid ?? null, frames: stack.frames.slice(0, OTHER_FRAMES) }],
    ),
    locks: readLocks(own),
    taint: readTaint(own),
    pid,
    cpu,
    context: contextOf(frames, pid),
    hardware: own.map((line) => HARDWARE.exec(line.text)?.[1]).find((name) => name !== undefined) ?? null,
    outOfTreeModules: linked.split(/\s+/).flatMap((word) => OUT_OF_TREE.exec(word)?.[1] ?? []),
    decodedAddress,
    objects: readObjects([...own, ...all]),
    fieldHints: readFieldHints(all, faultOffset(fault, decodedAddress)),
    code: readCode(own),
    sources: readSources(all),
    subsystems: readSubsystems(frames, input.workqueue),
    spans: readSpans(own),
  };
}
