import type { Repository } from "../git/repository.ts";
import { adaptFile } from "../patch/adapt/adapt-file.ts";
import { isTelling } from "../patch/adapt/lines.ts";
import { type FilePatch, pathOf, preImage } from "../patch/patch.ts";
import { isTestPath } from "../rules/file-conventions.ts";
import { type AdaptedFile, leftOut } from "./adapted-file.ts";
import type { Trial } from "./applicability.ts";

/** Files of a folder that are read in search of code that moved. */
const MOST_READ = 100;

/**
 * A change to a file that the target lacks: made where its lines stand in another file of the folder; a test is taken whole as upstream leaves it;
 * else it is dropped, as far as other files of the change remain.
 */
export async function adaptAbsent(repo: Repository, trial: Trial, file: FilePatch, base: string | null): Promise<AdaptedFile> {
  const path = pathOf(file);
  const moved = await inOtherFile(repo, trial.targetTree, file, base);
  if (moved !== null) return moved;
  if (isTestPath(path)) {
    const bytes = file.newBlob === null || !/^[0-9a-f]{40}$/.test(file.newBlob) ? null : await repo.blob(file.newBlob);
    const note = "the target has no such test; it is taken whole, as upstream leaves it";
    if (bytes !== null) return { ...leftOut(file, "file_taken", note, bytes.toString("latin1")), confidence: "low" };
  }
  return leftOut(file, "file_dropped", "the target has no such file: the change to it is dropped", null);
}

/** The change made in the one file of the same folder and kind that holds at least half of the telling lines that the hunks expect. */
async function inOtherFile(repo: Repository, targetTree: string, file: FilePatch, base: string | null): Promise<AdaptedFile | null> {
  const path = pathOf(file);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const ending = /\.\w+$/.exec(path)?.[0];
  const expected = new Set(file.hunks.flatMap(preImage).filter(isTelling));
  if (folder === "" || ending === undefined || expected.size < 3) return null;
  const names = (await repo.list(targetTree, [folder])).filter(
    (entry) => entry.path.endsWith(ending) && !entry.path.slice(folder.length).includes("/"),
  );
  if (names.length > MOST_READ) return null;
  const holding: { path: string; content: string; lines: number }[] = [];
  for (const entry of names) {
    const content = (await repo.blob(entry.oid))?.toString("latin1") ?? "";
    const lines = new Set(content.split("\n").map((line) => `${line}\n`)).intersection(expected).size;
    if (lines * 2 >= expected.size) holding.push({ path: entry.path, content, lines });
  }
  const [best, second] = holding.sort((a, b) => b.lines - a.lines);
  const adapted = best === undefined || second?.lines === best.lines ? null : adaptFile(file, best.content, base);
  if (best === undefined || adapted === null) return null;
  const note = `the target has no such file; ${best.lines} of the ${expected.size} telling lines that the change expects stand in ${best.path}`;
  const hunks = adapted.hunks.map((one) => ({ ...one, rule: "file_moved" as const, note: `${note}; ${one.note}`, safe: false }));
  return {
    file,
    targetPath: best.path,
    before: best.content,
    content: adapted.content,
    hunks,
    labels: adapted.labels,
    confidence: "low",
    checks: [],
  };
}
