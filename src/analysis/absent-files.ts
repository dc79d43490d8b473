import type { Repository, TreeEntry } from "../git/repository.ts";
import { adaptFile } from "../patch/adapt/adapt-file.ts";
import { isTelling } from "../patch/adapt/lines.ts";
import { type FilePatch, pathOf, preImage } from "../patch/patch.ts";
import { isTestPath } from "../rules/file-conventions.ts";
import { type AdaptedFile, leftOut } from "./adapted-file.ts";
import type { Trial } from "./applicability.ts";

/** Files that are read in search of code that moved. */
const MOST_READ = 100;

/**
 * A change to a file that the target lacks: made where its lines stand in another file; a test is taken whole as upstream leaves it;
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

/** A file of the target that the lines of an absent one may have gone to. */
interface Holder {
  readonly path: string;
  readonly content: string;
  /** Telling lines that the change expects and that stand here. */
  readonly lines: number;
}

/**
 * The change made in the one file that holds at least half of the telling lines that the hunks expect: a file of the same name in another folder
 * (a folder was renamed, or the file moved), else one of the same folder and kind.
 */
async function inOtherFile(repo: Repository, targetTree: string, file: FilePatch, base: string | null): Promise<AdaptedFile | null> {
  const path = pathOf(file);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const ending = /\.\w+$/.exec(path)?.[0];
  const expected = new Set(file.hunks.flatMap(preImage).filter(isTelling));
  if (folder === "" || ending === undefined || expected.size === 0) return null;
  const name = path.slice(folder.length - 1);
  const named = (await repo.list(targetTree)).filter((entry) => entry.path.endsWith(name));
  const best = bestHolder(await holders(repo, named, expected)) ?? bestHolder(await inFolder(repo, targetTree, folder, ending, expected));
  const adapted = best === null ? null : adaptFile(file, best.content, base);
  if (best === null || adapted === null) return null;
  const note = `the target has no such file; ${best.lines} of the ${expected.size} telling lines that the change expects stand in ${best.path}`;
  const hunks = adapted.hunks.map((one) => ({ ...one, rule: "file_moved" as const, note: `${note}; ${one.note}`, safe: false }));
  const confidence = best.path.endsWith(name) && adapted.confidence === "high" ? "medium" : "low";
  return {
    file,
    targetPath: best.path,
    before: best.content,
    content: adapted.content,
    hunks,
    labels: adapted.labels,
    confidence,
    checks: [],
  };
}

/** Fewer lines than this say nothing about a file of another name. */
const LEAST_LINES = 3;

async function inFolder(repo: Repository, tree: string, folder: string, ending: string, expected: ReadonlySet<string>): Promise<Holder[]> {
  if (expected.size < LEAST_LINES) return [];
  const inside = (path: string) => path.endsWith(ending) && !path.slice(folder.length).includes("/");
  return holders(
    repo,
    (await repo.list(tree, [folder])).filter((entry) => inside(entry.path)),
    expected,
  );
}

async function holders(repo: Repository, entries: readonly TreeEntry[], expected: ReadonlySet<string>): Promise<Holder[]> {
  if (entries.length > MOST_READ) return [];
  const found: Holder[] = [];
  for (const { path, oid } of entries) {
    const content = (await repo.blob(oid))?.toString("latin1") ?? "";
    const lines = new Set(content.split("\n").map((line) => `${line}\n`)).intersection(expected).size;
    if (lines * 2 >= expected.size) found.push({ path, content, lines });
  }
  return found;
}

/** Null when there is none, or two hold as many lines. */
function bestHolder(found: readonly Holder[]): Holder | null {
  const [best, second] = [...found].sort((a, b) => b.lines - a.lines);
  return best === undefined || second?.lines === best.lines ? null : best;
}
