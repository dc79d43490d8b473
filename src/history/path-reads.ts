import type { HistoryIndex, RenameStep } from "./history-index.ts";
import type { IndexDatabase } from "./index-file.ts";
import { unpack } from "./packed.ts";

type PathReads = Pick<HistoryIndex, "commitsOfPath" | "nameIn" | "formerNames">;

/** A rename seen from one of its names; `path` is the other one. */
interface RenameRow {
  readonly num: number;
  readonly oid: string;
  readonly path: string;
}

/** Commits and renames of paths. A rename is a step between names; a chain of them is walked in the order of nums. */
export function pathReads(db: IndexDatabase, { reachable }: Pick<HistoryIndex, "reachable">): PathReads {
  const idOf = db.prepare("SELECT id FROM paths WHERE path = ?").pluck();
  const commits = db.prepare("SELECT nums FROM path_commits WHERE path = ? AND first < ? ORDER BY first DESC").pluck();
  const arrivals = db.prepare("SELECT source, num FROM renames WHERE path = ? AND num < ?").raw();
  const step = (one: "path" | "source", other: "path" | "source", order: "ASC" | "DESC") =>
    db.prepare(
      `SELECT r.num, lower(hex(c.oid)) AS oid, p.path
       FROM renames r JOIN commits c ON c.num = r.num JOIN paths p ON p.id = r.${other}
       WHERE r.${one} = (SELECT id FROM paths WHERE path = ?) AND p.path NOT LIKE '%/' ORDER BY r.num ${order}`,
    );
  const renamesTo = step("path", "source", "DESC");
  const renamesFrom = step("source", "path", "ASC");

  /** The newest `limit` commits of one path before a num. */
  function newest(path: number, before: number, limit: number): number[] {
    const nums: number[] = [];
    for (const packed of commits.iterate(path, before) as IterableIterator<Buffer>) {
      if (nums.length >= limit) break;
      for (const num of unpack(packed).reverse()) if (num < before) nums.push(num);
    }
    return nums.slice(0, limit);
  }

  function following(path: number, limit: number): number[] {
    const found = new Set<number>();
    /** Up to which num each path was followed. */
    const followed = new Map<number, number>();
    const ahead: [path: number, before: number][] = [[path, Number.MAX_SAFE_INTEGER]];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      const [id, before] = next;
      if ((followed.get(id) ?? 0) >= before) continue;
      followed.set(id, before);
      for (const num of newest(id, before, limit)) found.add(num);
      ahead.push(...(arrivals.all(id, before) as [number, number][]));
    }
    return [...found].sort((a, b) => b - a).slice(0, limit);
  }

  function nameIn(path: string, from: string, to: string): { path: string; steps: RenameStep[] } {
    const [inFrom, inTo] = [reachable(from), reachable(to)];
    const steps: RenameStep[] = [];
    let name = path;
    const back = (before: number) =>
      (renamesTo.all(name) as RenameRow[]).find(({ num }) => num < before && inFrom.has(num) && !inTo.has(num));
    for (let rename = back(Number.MAX_SAFE_INTEGER); rename !== undefined; rename = back(rename.num)) {
      steps.push({ oid: rename.oid, from: rename.path, to: name });
      name = rename.path;
    }
    const forth = (after: number) =>
      (renamesFrom.all(name) as RenameRow[]).find(({ num }) => num > after && inTo.has(num) && !inFrom.has(num));
    for (let rename = forth(0); rename !== undefined; rename = forth(rename.num)) {
      steps.push({ oid: rename.oid, from: name, to: rename.path });
      name = rename.path;
    }
    return { path: name, steps };
  }

  function formerNames(path: string): string[] {
    const names: string[] = [];
    let before = Number.MAX_SAFE_INTEGER;
    for (let name: string | undefined = path; name !== undefined; ) {
      const rename: RenameRow | undefined = (renamesTo.all(name) as RenameRow[]).find(({ num }) => num < before);
      before = rename?.num ?? 0;
      name = rename?.path;
      if (name !== undefined) names.push(name);
    }
    return names;
  }

  return {
    commitsOfPath: (path, limit, follow) => {
      const id = idOf.get(path) as number | undefined;
      if (id === undefined) return [];
      return follow === undefined ? newest(id, Number.MAX_SAFE_INTEGER, limit) : following(id, limit);
    },
    nameIn,
    formerNames,
  };
}
