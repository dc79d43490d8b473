import { existsSync, renameSync } from "node:fs";
import { discard } from "./discard.ts";

/** Where a mirror is made that shall take the place of a damaged one. */
export const freshPath = (path: string): string => `${path}.fresh`;

/** Puts the fresh mirror in the place of the damaged one, which is removed in the background. Nothing may write to either. */
export function swapMirrors(path: string): void {
  // A kill before the second renaming leaves the fresh one, which `finishSwap` takes.
  void discard(path);
  renameSync(freshPath(path), path);
}

/** Ends what a killed service began: there is no mirror then, and the fresh one is whole. */
export function finishSwap(path: string): void {
  if (!existsSync(path) && existsSync(freshPath(path))) renameSync(freshPath(path), path);
}
