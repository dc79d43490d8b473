import { RCU_TICK, STALL_ENTRY, type StackRole } from "../rules/crash-stacks.ts";
import { frameClass, isEntry } from "../rules/frame-lists.ts";
import type { Frame } from "../schema/signature.ts";

/** A place in the code, as a report names it. */
export interface CodePlace {
  readonly symbol: string;
  readonly offset: number | null;
  readonly size: number | null;
  readonly module: string | null;
}

/** So many reliable frames in front of any announcement are a stack. */
const FRAMES_OF_A_STACK = 3;
/** How far down a trace the place of the fault is looked for. */
const REPEAT_DISTANCE = 24;

function frameOfPlace(place: CodePlace): Frame {
  const generic = frameClass(place.symbol, place.module);
  return { ...place, raw: place.symbol, reliable: true, inlined: false, file: null, line: null, stack: "task", generic, weight: 0 };
}

/** The frames that reported the fault stand above it in a trace that names no place; they go, unless there is nothing else. */
export function withoutMachinery(frames: readonly Frame[]): readonly Frame[] {
  const first = frames.findIndex((frame) => frame.reliable && (frame.generic !== "irrelevant" || isEntry(frame.symbol)));
  return first <= 0 ? frames : frames.slice(first);
}

/**
 * The trace behind the place of the fault. What stands in it above that place is the machinery that reported the fault, and the place
 * itself stands in it again on arm64 and under sanitizers: both go.
 */
export function joinPlace(place: CodePlace, trace: readonly Frame[]): readonly Frame[] {
  let repeat = -1;
  for (const [index, frame] of trace.slice(0, REPEAT_DISTANCE).entries()) {
    if (frame.symbol === place.symbol && (frame.reliable || repeat === -1)) repeat = index;
    if (frame.reliable && (frame.symbol === place.symbol || frame.generic === "no")) break;
  }
  const again = trace[repeat];
  const stack = again?.stack ?? trace[0]?.stack ?? "task";
  const own =
    again === undefined
      ? { ...frameOfPlace(place), stack }
      : { ...again, reliable: true, offset: place.offset ?? again.offset, size: place.size ?? again.size };
  return [own, ...(repeat === -1 ? withoutMachinery(trace) : trace.slice(repeat + 1))];
}

/**
 * The trace with the caller that only the link register names. A function that saves no frame, such as memset, leaves its caller out of the
 * trace; the register holds it until the function calls another, and then holds a place in the function itself.
 */
export function withLinkRegister(pc: CodePlace | null, lr: CodePlace | null, frames: readonly Frame[]): readonly Frame[] {
  const [first, ...callers] = frames;
  if (lr === null || first === undefined || first.symbol !== (pc ?? first).symbol || frames.some((frame) => frame.symbol === lr.symbol))
    return frames;
  return [first, { ...frameOfPlace(lr), stack: first.stack, fromLinkRegister: true }, ...callers];
}

/** A stall is found by the timer interrupt: what the processor did stands below that interrupt's entry. */
export function belowTick(frames: readonly Frame[]): readonly Frame[] {
  const entry = frames.findIndex((frame) => STALL_ENTRY.test(frame.symbol));
  const ticked = frames.slice(0, Math.max(0, entry)).some((frame) => RCU_TICK.test(frame.symbol));
  return ticked ? frames.slice(entry + 1).map((frame) => ({ ...frame, stack: "task" })) : frames;
}

/** A stack, and the line of the report at which it was announced; 0 for one that was not. */
interface Placed {
  readonly role: StackRole;
  readonly frames: readonly Frame[];
  readonly startLine: number;
}

/** The stack of the report itself. Frames in front of any announcement are single places that the body names, unless they are many. */
export function ownStack<S extends Placed>(stacks: readonly S[]): S | undefined {
  const tasks = stacks.filter((stack) => stack.role === "task");
  const announced = tasks.filter((stack) => stack.startLine > 0);
  const first = tasks[0];
  const alone = first !== undefined && first.frames.filter((frame) => frame.reliable).length >= FRAMES_OF_A_STACK;
  if (alone) return first;
  const telling = announced.find((stack) => stack.frames.some((frame) => frame.generic === "no" || frame.generic === "dispatch"));
  return telling ?? announced[0] ?? first ?? stacks[0];
}
