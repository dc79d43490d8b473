import { HANG_BUCKETS, HANG_SKIP, isStallAnchor } from "../rules/crash-anchors.ts";
import type { AnchorRecipe } from "../rules/crash-headers.ts";
import { frameClass, isEntry } from "../rules/frame-lists.ts";
import type { Frame } from "../schema/signature.ts";

/** What the recipes need beside the stack. */
export interface AnchorInput {
  readonly frames: readonly Frame[];
  /** The function that the header or the body of the report names, when it does. */
  readonly named: string | null;
  /** Parts of the names of functions that never name this kind of report. */
  readonly skip: readonly string[];
}

/** Functions that may name a report, best first. */
type Names = readonly string[];

export interface Anchors {
  readonly names: Names;
  /** False when the stack ends before the place that the recipe needs. */
  readonly reached: boolean;
}

/** `^name` skips what begins so, `name` what holds it. */
function isSkipped(symbol: string, skip: readonly string[]): boolean {
  return skip.some((part) => (part.startsWith("^") ? symbol.startsWith(part.slice(1)) : symbol.includes(part)));
}

function unique(names: readonly (string | undefined | null)[]): Names {
  return [...new Set(names.filter((name): name is string => name !== undefined && name !== null))];
}

/** Reliable frames of the stack where the report arose; below an interrupt stands a task that has nothing to do with it. */
function ownFrames(frames: readonly Frame[]): readonly Frame[] {
  const reliable = frames.filter((frame) => frame.reliable);
  const own = reliable.length > 0 ? reliable : frames;
  const innermost = own[0]?.stack ?? "task";
  if (innermost === "task") return own;
  const interrupt = own.filter((frame) => frame.stack === innermost);
  return interrupt.some((frame) => frame.generic === "no" || frame.generic === "dispatch") ? interrupt : own;
}

/** As byLists; a caller that only the link register names does not hide what the trace says. */
function byListsAndTrace(frames: readonly Frame[], skip: readonly string[]): Names {
  const traced = frames.filter((frame) => frame.fromLinkRegister !== true);
  const names = byLists(frames, skip);
  return traced.length === frames.length ? names : unique([...names, ...byLists(traced, skip)]);
}

/** The first function that is on no list, then the first that at least hands work on, then the first that is no machinery. */
function byLists(frames: readonly Frame[], skip: readonly string[]): Names {
  const usable = frames.filter((frame) => frame.generic !== "irrelevant" && !isSkipped(frame.symbol, skip));
  const own = usable.find((frame) => frame.generic === "no");
  const telling = usable.find((frame) => frame.generic !== "prefix");
  const anchors = unique([own?.symbol, telling?.symbol, usable[0]?.symbol]);
  return anchors.length > 0 ? anchors : unique([frames.find((frame) => isEntry(frame.symbol))?.symbol]);
}

/** A stall stops at a random point of a loop: the function that the first anchor called is the same wherever it stops. */
function ofStall(frames: readonly Frame[], skip: readonly string[]): Anchors {
  let previous: Frame | null = null;
  for (const frame of frames) {
    if (frame.symbol.startsWith("smp_call_function")) return { names: ["smp_call_function", frame.symbol], reached: true };
    if (isStallAnchor(frame.symbol)) {
      if (previous !== null) return { names: unique([previous.symbol, ...byLists(frames, skip)]), reached: true };
    } else if (frame.generic !== "irrelevant" && frame.generic !== "prefix" && !isSkipped(frame.symbol, skip)) previous = frame;
  }
  return { names: byLists(frames, skip), reached: false };
}

/** A hung task waits for someone else: two well-known buckets first, then the first function that is not about waiting. */
function ofHang(frames: readonly Frame[]): Names {
  for (const frame of frames) {
    const bucket = HANG_BUCKETS.find((row) => frame.symbol.startsWith(row.start));
    if (bucket !== undefined) return [bucket.name];
  }
  const awake = frames.filter((frame) => !HANG_SKIP.some((part) => frame.symbol.includes(part)));
  return unique([...byLists(awake, []), awake[0]?.symbol]);
}

/** A named site that is a primitive hands the name to its first caller of substance. */
function ofSite(frames: readonly Frame[], named: string | null, skip: readonly string[]): Names {
  if (named === null) return [];
  const generic = frameClass(named, null);
  if (generic === "no" || generic === "dispatch") return [named];
  const at = frames.findIndex((frame) => frame.symbol === named);
  return unique([...byLists(frames.slice(at + 1), skip), named]);
}

function namesOf(recipe: Exclude<AnchorRecipe, "stall">, frames: readonly Frame[], input: AnchorInput): Names {
  switch (recipe) {
    case "none":
      return [];
    case "header":
      return input.named === null ? byLists(frames, input.skip) : [input.named];
    case "site":
      return ofSite(frames, input.named, input.skip);
    case "hang":
      return ofHang(frames);
    case "pc":
    case "trace":
      return byListsAndTrace(frames, input.skip);
  }
}

/** The functions that may name a report of the given recipe; none when the stack tells none. */
export function findAnchors(recipe: AnchorRecipe, input: AnchorInput): Anchors {
  const frames = ownFrames(input.frames);
  return recipe === "stall" ? ofStall(frames, input.skip) : { names: namesOf(recipe, frames, input), reached: true };
}
