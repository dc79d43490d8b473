import { ApiProblem } from "../problems.ts";
import type { Patch } from "./patch.ts";

/** The names that git writes nowhere, because they lead out of the work tree or into its own files (verify_path() in git's read-cache.c). */
const REFUSED_NAME = /^(?:|\.|\.\.|\.git[ .]*|git~1)$/i;

export function isSafePath(path: string): boolean {
  return !path.includes("\0") && !path.split("/").some((name) => REFUSED_NAME.test(name));
}

const SHOWN = 200;

/**
 * What is wrong with the paths of a patch, as the end of a sentence; null when nothing is. Nothing here writes a file by such a path, but
 * who takes the patch from us might.
 */
export function unsafePath(patch: Patch): string | null {
  for (const { oldPath, newPath } of patch.files) {
    for (const path of [oldPath, newPath]) {
      if (path !== null && !isSafePath(path)) return `names ${JSON.stringify(path.slice(0, SHOWN))}, a path that git refuses to write`;
    }
  }
  return null;
}

/** @throws ApiProblem patch-unsafe */
export function requireSafePaths(patch: Patch): void {
  const unsafe = unsafePath(patch);
  if (unsafe !== null) throw new ApiProblem("patch-unsafe", `The patch ${unsafe}.`);
}
