import { prefixLookup } from "./commit-reads.ts";
import type { HistoryIndex, Link, LinkKind } from "./history-index.ts";
import type { IndexDatabase } from "./index-file.ts";
import { conventionsOf } from "./references.ts";

const SHORTEST_ID = 7;

interface LinkRow {
  readonly kind: LinkKind;
  readonly from: string;
  readonly id: string;
  readonly text: string;
}

type LinkReads = Pick<HistoryIndex, "conventions" | "linksFrom" | "linksTo">;

/** Ids are resolved when asked for, so that a commit that arrives later is found by the links written before. */
export function linkReads(db: IndexDatabase): LinkReads {
  const lookup = prefixLookup(db);
  const LINK = 'SELECT l.kind, lower(hex(c.oid)) AS "from", l.id, l.text FROM links l JOIN commits c ON c.num = l.num';
  const from = db.prepare(`${LINK} WHERE c.oid = ? ORDER BY l.rowid`);
  const to = db.prepare(`${LINK} WHERE l.id >= ? AND l.id <= ? ORDER BY l.rowid`);

  function resolved(row: LinkRow): Link {
    const [first, second] = lookup(row.id, 2);
    if (first === undefined) return { ...row, to: null, resolution: "dangling" };
    if (second !== undefined) return { ...row, to: null, resolution: "ambiguous" };
    return { ...row, to: first, resolution: "found" };
  }

  return {
    conventions: () => conventionsOf(db),
    linksFrom: (oid) => (from.all(Buffer.from(oid, "hex")) as LinkRow[]).map(resolved),
    linksTo: (oid) => {
      const rows = to.all(oid.slice(0, SHORTEST_ID), oid.padEnd(40, "f")) as LinkRow[];
      return rows.filter((row) => oid.startsWith(row.id) || row.id.startsWith(oid)).map(resolved);
    },
  };
}
