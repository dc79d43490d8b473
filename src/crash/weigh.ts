import type { Frame } from "../schema/signature.ts";

/** How much the n-th function that is on no list says; the shape follows the measured share of fixes by rank of frame. */
const DECAY = [1, 0.85, 0.7, 0.55, 0.45, 0.3, 0.2, 0.15, 0.1] as const;
const LAST_DECAY = 0.1;
const CLASS_WEIGHT = { irrelevant: 0, prefix: 0.15, dispatch: 0.25 } as const;
const UNRELIABLE = 0.2;
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

/** Gives every frame its weight. Unreliable frames count in full when the stack has no other. */
export function weigh(frames: readonly Frame[]): readonly Frame[] {
  const someReliable = frames.some((frame) => frame.reliable);
  const weighed: Frame[] = [];
  let rank = 0;
  for (const frame of frames) {
    const trust = frame.reliable || !someReliable ? 1 : UNRELIABLE;
    let weight: number;
    if (frame.generic === "no") {
      weight = DECAY[rank] ?? LAST_DECAY;
      if (trust === 1) rank++;
    } else weight = CLASS_WEIGHT[frame.generic];
    weighed.push({ ...frame, weight: Number((weight * trust * OTHER_STACK[frame.stack]).toFixed(3)) });
  }
  return weighed;
}
