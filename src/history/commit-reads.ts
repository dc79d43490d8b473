import type { HistoryIndex, IndexedCommit } from "./history-index.ts";
import type { IndexDatabase } from "./index-file.ts";
import { unpack } from "./packed.ts";

const MOST_RESOLVED = 10;
const OID_LENGTH = 40;

/** Finds commits by the beginning of their id. */
export function prefixLookup(db: IndexDatabase): (prefix: string, limit: number) => string[] {
  const select = db.prepare("SELECT lower(hex(oid)) FROM commits WHERE oid >= ? AND oid <= ? LIMIT ?").pluck();
  return (prefix, limit) => {
    const from = Buffer.from(prefix.padEnd(OID_LENGTH, "0"), "hex");
    const to = Buffer.from(prefix.padEnd(OID_LENGTH, "f"), "hex");
    return select.all(from, to, limit) as string[];
  };
}

type CommitRow = Omit<IndexedCommit, "parents">;

const COMMIT = `
  SELECT c.num, lower(hex(c.oid)) AS oid, p.name AS authorName, p.email AS authorEmail, c.author_date AS authorDate,
    c.committer_date AS committerDate, c.subject, lower(hex(d.patch_id)) AS patchId, d.changed_lines AS changedLines,
    length(c.paths) / 4 AS changedFiles
  FROM commits c JOIN people p ON p.id = c.author LEFT JOIN patches d ON d.num = c.num`;

type CommitReads = Pick<HistoryIndex, "resolve" | "commit" | "commitByNum" | "byPatchId" | "byAuthorDate" | "bySubject" | "paths">;

export function commitReads(db: IndexDatabase): CommitReads {
  const lookup = prefixLookup(db);
  const byOid = db.prepare(`${COMMIT} WHERE c.oid = ?`);
  const byNum = db.prepare(`${COMMIT} WHERE c.num = ?`);
  const parents = db
    .prepare("SELECT lower(hex(c.oid)) FROM parents p JOIN commits c ON c.num = p.parent WHERE p.child = ? ORDER BY p.position")
    .pluck();
  const oidsWhere = (condition: string) => db.prepare(`SELECT lower(hex(c.oid)) FROM commits c ${condition} ORDER BY c.num`).pluck();
  const byPatchId = oidsWhere("JOIN patches d ON d.num = c.num WHERE d.patch_id = ?");
  const byAuthorDate = oidsWhere("JOIN people p ON p.id = c.author WHERE c.author_date = ? AND p.email = ?");
  const bySubject = oidsWhere("WHERE c.subject = ?");
  const pathIds = db.prepare("SELECT paths FROM commits WHERE oid = ?").pluck();
  const pathOf = db.prepare("SELECT path FROM paths WHERE id = ?").pluck();

  function withParents(row: CommitRow | undefined): IndexedCommit | null {
    if (row === undefined) return null;
    return { ...row, patchId: row.patchId || null, parents: parents.all(row.num) as string[] };
  }

  return {
    resolve: (prefix) => lookup(prefix, MOST_RESOLVED),
    commit: (oid) => withParents(byOid.get(Buffer.from(oid, "hex")) as CommitRow | undefined),
    commitByNum: (num) => {
      const commit = withParents(byNum.get(num) as CommitRow | undefined);
      if (commit === null) throw new RangeError(`the index has no commit number ${num}`);
      return commit;
    },
    byPatchId: (patchId) => byPatchId.all(Buffer.from(patchId, "hex")) as string[],
    byAuthorDate: (authorEmail, authorDate) => byAuthorDate.all(authorDate, authorEmail) as string[],
    bySubject: (subject) => bySubject.all(subject) as string[],
    paths: (oid) =>
      unpack((pathIds.get(Buffer.from(oid, "hex")) as Buffer | undefined) ?? Buffer.alloc(0)).map((id) => String(pathOf.get(id))),
  };
}
