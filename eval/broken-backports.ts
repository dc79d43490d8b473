import type { Repository } from "../src/git/repository.ts";
import { parsePatch } from "../src/patch/parse.ts";

/**
 * Did whoever made this backport commit the conflict instead of solving it: markers, or a whole file that the origin only changes (kept although
 * the older tree never had it). Nothing can be learnt from what applies on top of it.
 */
export async function commitsConflict(repo: Repository, backport: string, origin: string): Promise<boolean> {
  const made = parsePatch(await repo.patch(backport)).files;
  const changed = new Set(parsePatch(await repo.patch(origin)).files.flatMap((file) => file.oldPath ?? []));
  return made.some((file) => {
    const kept = file.oldPath === null && changed.has(file.newPath ?? "");
    return kept || file.hunks.some((hunk) => hunk.lines.some((line) => line.op === "+" && line.text.startsWith("<<<<<<<")));
  });
}
