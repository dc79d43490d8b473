import type { Frame } from "../schema/signature.ts";

/** How much the n-th function that is on no list says; the shape follows the measured share of fixes by rank of frame. */
const DECAY = [1, 0.85, 0.7, 0.55, 0.45, 0.3, 0.2, 0.15, 0.1] as const;
const LAST_DECAY = 0.1;
const CLASS_WEIGHT = { irrelevant: 0, prefix: 0.15, dispatch: 0.25 } as const;
const UNRELIABLE = 0.2;
const LINK_REGISTER = 0.6;
/** What belongs to the part of the kernel where the stack first says something. */
const SAME_PART = 1.3;
const OTHER_STACK: Readonly<Record<Frame["stack"], number>> = {
  task: 1,
  irq: 1,
  softirq: 1,
  nmi: 0.2,
  exception: 0.2,
  free: 0.6,
  alloc: 0.5,
  other_task: 0.5,
};

/** The part of the kernel that a frame is in: its module, or else the folder of its source; null when the text tells neither. */
function partOf(frame: Frame): string | null {
  if (frame.module !== null) return frame.module;
  return frame.file?.includes("/") === true ? frame.file.slice(0, frame.file.lastIndexOf("/")) : null;
}

/** Gives every frame its weight. Unreliable frames count in full when the stack has no other. */
export function weigh(frames: readonly Frame[]): readonly Frame[] {
  const someReliable = frames.some((frame) => frame.reliable);
  const trusted = (frame: Frame): boolean => frame.reliable || !someReliable;
  const first = frames.find((frame) => frame.generic === "no" && trusted(frame));
  const part = first === undefined ? null : partOf(first);
  const weighed: Frame[] = [];
  let rank = 0;
  for (const frame of frames) {
    let weight = OTHER_STACK[frame.stack] * (trusted(frame) ? 1 : UNRELIABLE) * (frame.fromLinkRegister === true ? LINK_REGISTER : 1);
    if (frame.generic === "no") {
      weight *= (DECAY[rank] ?? LAST_DECAY) * (part !== null && partOf(frame) === part ? SAME_PART : 1);
      if (trusted(frame)) rank++;
    } else weight *= CLASS_WEIGHT[frame.generic];
    weighed.push({ ...frame, weight: Number(weight.toFixed(3)) });
  }
  return weighed;
}
