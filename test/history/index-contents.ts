import Database from "better-sqlite3";
import { openIndex } from "../../src/history/open-index.ts";

/** All that an index holds, in a form that does not depend on the order in which commits were numbered. */
export function indexContents(path: string, words: readonly string[]): unknown {
  const db = new Database(path, { readonly: true });
  const oids = db.prepare("SELECT lower(hex(oid)) FROM commits ORDER BY oid").pluck().all() as string[];
  const heads = db.prepare("SELECT lower(hex(oid)) FROM heads ORDER BY oid").pluck().all() as string[];
  db.close();
  const index = openIndex(path);
  try {
    const commits = oids.map((oid) => {
      const { num, ...commit } = index.commit(oid) ?? { num: 0 };
      return {
        commit,
        paths: index.paths(oid),
        functions: index.functions(oid),
        links: index.linksFrom(oid),
        patches: index.withPatch([num]),
      };
    });
    const found = (matches: readonly { readonly oid: string }[]) => matches.map(({ oid }) => oid).sort();
    return {
      commits,
      heads: heads.map((oid) => [oid, index.reachable(oid).size]),
      messages: words.map((word) => found(index.searchMessages([word], 10_000))),
      identifiers: words.map((word) => found(index.searchIdentifiers([word], 10_000))),
    };
  } finally {
    index.close();
  }
}
