import {
  FRAME_STACK,
  LR_LINE,
  PC_LINE,
  STACK_STARTS,
  type StackRole,
  type StackStart,
  TASK_HINT,
  TASK_LINES,
  TRACE_OF_OTHERS,
} from "../rules/crash-stacks.ts";
import { frameClass, isBottom } from "../rules/frame-lists.ts";
import type { CrashKind, Frame } from "../schema/signature.ts";
import { type FrameLine, findPlace, moduleBefore, readFrameLine } from "./frame-line.ts";
import type { LogLine } from "./line.ts";
import { belowTick, type CodePlace, joinPlace, ownStack, withLinkRegister, withoutMachinery } from "./stack-shape.ts";
import { stripSymbol } from "./symbol.ts";

/** The task that a text names above a stack. */
export interface Task {
  readonly comm: string | null;
  readonly pid: number;
}

/** One stack of a report. */
export interface Stack {
  readonly role: StackRole;
  readonly task: Task | null;
  readonly frames: readonly Frame[];
}

/** What the lines of one report say about where the processors were. */
export interface Stacks {
  /** The place of the fault. */
  readonly pc: CodePlace | null;
  readonly lr: CodePlace | null;
  /** The stack of the report itself; begins with the place of the fault, when it is known. */
  readonly main: readonly Frame[];
  readonly others: readonly Stack[];
  /** A line that promises a stack was seen. */
  readonly announced: boolean;
  /** A line that promises a stack and has none behind it. */
  readonly missing: string | null;
  /** Frames of fault injection stand in the stack: the report of another task is mixed in. */
  readonly mixed: boolean;
}

const MAX_FRAMES = 1024;
const MAX_STACKS = 16;
/** How far behind its announcement the first frame of a stack may stand. */
const START_DISTANCE = 15;
const USER_PC = /^\s{0,16}RIP: 00(?:33|23|2b):/;
/** x86 repeats the place of the fault at the end of an oops. */
const SUMMARY = /SS:ESP|^\s{0,16}RIP {1,4}\[|RSP: [0-9a-f]{8}|RSP <|ESP: [0-9a-f]{4}:/;
/** What an interrupt or a fault in the middle of a trace interrupted, which is a caller of all above it. */
const INTERRUPTED = /^\s{0,16}RIP: 0010:/;
/** The processor had jumped to where no function is. */
const NOWHERE = /^\s{0,16}(?:IP: |RIP: |PC is at )/;
const MODULE_AFTER = /^\)?\s{0,4}\[([\w-]{1,64})(?: [0-9a-f]{8,64})?\]/;
/** Cheap test that most lines fail, in front of the rows of STACK_STARTS. */
const START_HINT =
  /[Tt]race|acktrace|llocated|[Ff]reed|Uninit|Local variable|Last |Second to|-> #|registered at|irq-|shortest|TASK: | at:|Showing all|Preemption|call stack|page last/;

function taskOf(text: string): Task | null {
  if (!TASK_HINT.test(text)) return null;
  for (const { line, comm, pid } of TASK_LINES) {
    const match = line.exec(text);
    if (match !== null) return { comm: comm === null ? null : (match[comm] ?? null), pid: Number(match[pid]) };
  }
  return null;
}

/** Reads the place that a line names, wherever in the line it stands. */
export function readPlace(text: string): CodePlace | null {
  const place = findPlace(text);
  if (place === null) return null;
  const module = MODULE_AFTER.exec(text.slice(place.end))?.[1] ?? moduleBefore(text.slice(0, place.start));
  return { symbol: stripSymbol(place.raw), offset: place.offset, size: place.size, module };
}

function startOf(text: string): StackStart | null {
  if (!START_HINT.test(text)) return null;
  return STACK_STARTS.find((start) => start.sign.test(text)) ?? null;
}

/** `<IRQ>` and its like switch the stack within one trace. */
function markedStack(text: string, current: Frame["stack"]): Frame["stack"] {
  if (text.includes("</") || text.includes("<TASK>") || text.includes("<EOI>") || text.includes("<EOE>")) return "task";
  if (text.includes("<IRQ>")) return "irq";
  if (text.includes("<SOFTIRQ>")) return "softirq";
  if (text.includes("<NMI>")) return "nmi";
  if (text.includes("<#") || text.includes("<UNK>")) return "exception";
  return current;
}

interface Building {
  role: StackRole;
  readonly task: Task | null;
  frames: Frame[];
  /** The line that promised frames, while none has come. */
  promise: string | null;
  readonly startLine: number;
}

/** Collects stacks line by line. */
interface Reader {
  readonly stacks: Building[];
  current: Building;
  pc: CodePlace | null;
  /** The first line about the place of the fault was read, even if it names no function. */
  pcSeen: boolean;
  lr: CodePlace | null;
  marked: Frame["stack"];
  /** Set when a stack is over: what follows is a user's registers or belongs to nobody. */
  over: boolean;
  ofOthers: boolean;
  /** Whose the next stack is. */
  task: Task | null;
  /** The last frame was where a thread or a system call begins. */
  bottom: boolean;
  announced: boolean;
  missing: string | null;
  mixed: boolean;
}

function begin(reader: Reader, start: StackStart, text: string, index: number): void {
  const promised = reader.stacks.some((stack) => stack.role === start.role && stack.startLine > 0);
  reader.missing ??= reader.current.promise;
  reader.announced ||= start.promisesFrames;
  const role = start.role === "task" && reader.ofOthers ? "other_task" : start.role;
  reader.ofOthers = false;
  reader.bottom = false;
  reader.over = reader.stacks.length === MAX_STACKS;
  reader.marked = "task";
  reader.current = {
    role,
    task: reader.task,
    frames: [],
    promise: start.promisesFrames && !promised ? text.trim() : null,
    startLine: index,
  };
  if (!reader.over) reader.stacks.push(reader.current);
}

/** Takes the frame that an interrupt or a fault in the middle of a trace interrupted; the place of the fault may be repeated there. */
function takeInterrupted(reader: Reader, text: string): void {
  const line = readFrameLine(` ${text.replace(INTERRUPTED, "")}`);
  if (line === null || reader.over || reader.current.frames.length === 0) return;
  const again = stripSymbol(line.raw) === reader.pc?.symbol && line.offset === reader.pc.offset;
  if (!again) takeFrame(reader, line);
}

/** Takes the program counter of a fault; frames that the trace showed before it belong to the machinery above it. */
function takePc(reader: Reader, text: string, faults: boolean, place: CodePlace | null): void {
  if (USER_PC.test(text)) {
    reader.over ||= reader.current.frames.length > 0;
    return;
  }
  if (reader.pcSeen || !faults) {
    if (INTERRUPTED.test(text)) takeInterrupted(reader, text);
    return;
  }
  if (reader.current.role !== "task" && reader.current.role !== "ignored") return;
  const found = readPlace(text);
  reader.pcSeen = found === null && NOWHERE.test(text);
  const elsewhere = reader.stacks.some((stack) => stack !== reader.current && stack.role === "task" && stack.frames.length > 0);
  if (found === null || elsewhere || (place !== null && found.symbol !== place.symbol)) return;
  reader.pc = found;
  reader.pcSeen = true;
  if (SUMMARY.test(text)) return;
  reader.current.frames = [];
  reader.current.promise = null;
}

function takeFrame(reader: Reader, line: FrameLine): void {
  const { current } = reader;
  const symbol = stripSymbol(line.raw);
  const generic = frameClass(symbol, line.module);
  // Below the entry into the kernel nothing can stand: what follows belongs to another tool's output.
  if (reader.bottom && generic !== "irrelevant") return;
  reader.bottom ||= line.reliable && reader.marked === "task" && isBottom(symbol);
  if (line.reliable) {
    current.promise = null;
    reader.mixed ||= symbol.startsWith("should_fail");
  }
  const stack = current.role === "task" ? reader.marked : FRAME_STACK[current.role];
  if (current.frames.length < MAX_FRAMES) current.frames.push({ ...line, symbol, stack, generic, weight: 0 });
}

/**
 * Reads the stacks of a report.
 * @param place where the header says that the fault was, for kinds whose header does
 * @param faults whether the report is about one place, so that its program counter names it
 */
export function readStacks(lines: readonly LogLine[], kind: CrashKind, place: CodePlace | null, faults: boolean): Stacks {
  const first: Building = { role: "task", task: null, frames: [], promise: null, startLine: 0 };
  const reader: Reader = {
    stacks: [first],
    current: first,
    pc: null,
    pcSeen: false,
    lr: null,
    marked: "task",
    over: false,
    ofOthers: false,
    task: null,
    bottom: false,
    announced: false,
    missing: null,
    mixed: false,
  };
  for (const [index, { text }] of lines.entries()) {
    if (text.includes("<")) reader.marked = markedStack(text, reader.marked);
    const frame = readFrameLine(text);
    if (frame !== null) {
      if (!reader.over) takeFrame(reader, frame);
      continue;
    }
    reader.task = taskOf(text) ?? reader.task;
    const start = startOf(text);
    if (start !== null) begin(reader, start, text, index);
    else if (PC_LINE.test(text)) takePc(reader, text, faults, place);
    else if (reader.lr === null && LR_LINE.test(text)) reader.lr = readPlace(text);
    else {
      reader.ofOthers ||= TRACE_OF_OTHERS.test(text);
      if (text.includes("(stack is not available)")) reader.current.promise = null;
      if (index - reader.current.startLine > START_DISTANCE) reader.missing ??= reader.current.promise;
    }
  }
  reader.missing ??= reader.current.promise;
  const stacks = reader.stacks.filter((stack) => stack.frames.length > 0 && stack.role !== "ignored");
  const own = ownStack(stacks);
  const trace = kind === "rcu_stall" ? belowTick(own?.frames ?? []) : (own?.frames ?? []);
  const at = reader.pc ?? place;
  const joined = at === null || trace.length < (own?.frames.length ?? 0) ? trace : joinPlace(at, trace);
  return {
    pc: reader.pc,
    lr: reader.lr,
    main: withLinkRegister(reader.pc, reader.lr, withoutMachinery(joined)),
    others: stacks.filter((stack) => stack !== own),
    announced: reader.announced,
    missing: reader.missing,
    mixed: reader.mixed,
  };
}
