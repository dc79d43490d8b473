import { findPlace, imageOf, splice, wantedPlace } from "./image.ts";
import { type FilePatch, type Hunk, postImage, preImage } from "./patch.ts";

/** Where a hunk was found: `offset` is lines away from where its header says; null when it was found nowhere. */
export interface HunkPlacement {
  readonly hunk: Hunk;
  readonly offset: number | null;
}

export interface FileApplication {
  /** True when every hunk found its place. */
  readonly applies: boolean;
  readonly placements: readonly HunkPlacement[];
  /** The new content (latin1); null when some hunk did not apply, or for a deletion. */
  readonly content: string | null;
}

/**
 * Applies the hunks of one file as `git apply` does by default: no fuzz, nearest offset first, a hunk that starts at line 0 or 1 must match
 * at the beginning and one without trailing context at the end (find_pos and apply_one_fragment of git's apply.c).
 * Hunks that fail are skipped and the others are still placed, so that every hunk has an answer.
 * @param content the file in the target, latin1; the empty string for a file to be created
 */
export function applyHunks(file: Pick<FilePatch, "hunks">, content: string): FileApplication {
  let image = imageOf(content);
  const placements: HunkPlacement[] = [];
  let applies = true;
  for (const hunk of file.hunks) {
    const before = preImage(hunk);
    const at = findPlace(image, hunk, before);
    if (at === null) {
      applies = false;
      placements.push({ hunk, offset: null });
      continue;
    }
    image = splice(image, at, before.length, postImage(hunk));
    placements.push({ hunk, offset: at - wantedPlace(hunk) });
  }
  return { applies, placements, content: applies ? image.map((line) => line.text).join("") : null };
}
