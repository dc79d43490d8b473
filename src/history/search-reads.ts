import type { FunctionChange, HistoryIndex, TextMatch } from "./history-index.ts";
import type { IndexDatabase } from "./index-file.ts";
import { anyOf, exactToken } from "./search-terms.ts";

type SearchReads = Pick<
  HistoryIndex,
  "commitsOfFunction" | "functions" | "searchMessages" | "searchIdentifiers" | "commitsAdding" | "commitsRemoving"
>;

export function searchReads(db: IndexDatabase): SearchReads {
  const ofFunction = db.prepare(
    "SELECT t.num, p.path FROM functions f JOIN function_commits t ON t.function = f.id JOIN paths p ON p.id = t.path WHERE f.name = ? ORDER BY t.num DESC LIMIT ?",
  );
  const functions = db.prepare(
    "SELECT p.path, f.name AS function FROM commits c JOIN commit_functions t ON t.num = c.num JOIN paths p ON p.id = t.path JOIN functions f ON f.id = t.function WHERE c.oid = ? ORDER BY p.path, f.name",
  );
  const ranked = (table: string) =>
    db.prepare(
      `SELECT s.num, lower(hex(c.oid)) AS oid, s.score
       FROM (SELECT rowid AS num, -rank AS score FROM ${table} WHERE ${table} MATCH ? ORDER BY rank LIMIT ?) s JOIN commits c ON c.num = s.num
       ORDER BY s.score DESC, s.num DESC`,
    );
  const inMessages = ranked("messages");
  const inIdentifiers = ranked("identifiers");
  const havingIdentifier = db.prepare("SELECT rowid FROM identifiers WHERE identifiers MATCH ? ORDER BY rowid LIMIT ?").pluck();
  const having = (column: "added" | "removed", identifier: string, limit: number) =>
    havingIdentifier.all(`${column} : ${anyOf([exactToken(identifier)])}`, limit) as number[];

  return {
    commitsOfFunction: (name, limit) => ofFunction.all(name, limit) as { num: number; path: string }[],
    functions: (oid) => functions.all(Buffer.from(oid, "hex")) as FunctionChange[],
    searchMessages: (terms, limit) => (terms.length === 0 ? [] : (inMessages.all(anyOf(terms), limit) as TextMatch[])),
    searchIdentifiers: (identifiers, limit) =>
      identifiers.length === 0 ? [] : (inIdentifiers.all(anyOf(identifiers.map(exactToken)), limit) as TextMatch[]),
    commitsAdding: (identifier, limit) => having("added", identifier, limit),
    commitsRemoving: (identifier, limit) => having("removed", identifier, limit),
  };
}
