import type { HistoryIndex, NumRange, PostingField } from "./history-index.ts";
import type { IndexDatabase } from "./index-file.ts";
import { unpack } from "./packed.ts";
import { anyOf, exactToken, quotedTerm } from "./search-terms.ts";

type PostingReads = Pick<HistoryIndex, "postings" | "messageScores" | "patchSizes">;

const PATH_WORD = /[a-z0-9]+/g;
/** Endings of file names; every path has one. */
const ENDING = /\.[a-z]{1,4}$/i;

/** Words of the last part of a path: `net/netfilter/nf_nat_core.c` has nf_nat_core, nf, nat and core. */
function wordsOfName(path: string): Set<string> {
  const name = path
    .slice(path.lastIndexOf("/", path.length - 2) + 1)
    .replace("/", "")
    .replace(ENDING, "")
    .toLowerCase();
  return new Set([name, ...(name.match(PATH_WORD) ?? [])]);
}

export function postingReads(db: IndexDatabase): PostingReads {
  const text = (table: string) => db.prepare(`SELECT rowid FROM ${table} WHERE ${table} MATCH ? AND rowid BETWEEN ? AND ?`).pluck();
  const inMessages = text("messages");
  const inIdentifiers = text("identifiers");
  const scoresOfMessages = db.prepare("SELECT rowid, -rank FROM messages WHERE messages MATCH ? AND rowid BETWEEN ? AND ?").raw();
  const ofFunction = db
    .prepare(
      "SELECT DISTINCT t.num FROM functions f JOIN function_commits t ON t.function = f.id WHERE f.name = ? AND t.num BETWEEN ? AND ?",
    )
    .pluck();
  const ofPath = db.prepare("SELECT nums FROM path_commits WHERE path = ? AND first <= ?").pluck();
  const sizes = db.prepare("SELECT num, ifnull(changed_lines, 0) FROM patches WHERE num BETWEEN ? AND ?").raw();
  let pathsOfWord: Map<string, number[]> | null = null;

  /** Reads all paths once, 0.1 s for a kernel. */
  function pathIds(word: string): readonly number[] {
    if (pathsOfWord === null) {
      pathsOfWord = new Map();
      for (const [id, path] of db.prepare("SELECT id, path FROM paths").raw().iterate() as IterableIterator<[number, string]>) {
        for (const each of wordsOfName(path)) {
          const ids = pathsOfWord.get(each);
          if (ids === undefined) pathsOfWord.set(each, [id]);
          else ids.push(id);
        }
      }
    }
    return pathsOfWord.get(word) ?? [];
  }

  function postings(field: PostingField, term: string, { low, high }: NumRange): number[] {
    switch (field) {
      case "subject":
      case "body":
        return inMessages.all(`${field} : ${quotedTerm(term)}`, low, high) as number[];
      case "subject-start":
        return inMessages.all(`subject : ${quotedTerm(term)} *`, low, high) as number[];
      case "identifier":
        return inIdentifiers.all(quotedTerm(exactToken(term)), low, high) as number[];
      case "function":
        return ofFunction.all(term, low, high) as number[];
      case "path": {
        const nums = new Set<number>();
        for (const id of pathIds(term.toLowerCase()))
          for (const packed of ofPath.all(id, high) as Buffer[])
            for (const num of unpack(packed)) if (low <= num && num <= high) nums.add(num);
        return [...nums];
      }
    }
  }

  return {
    postings,
    messageScores: (words, { low, high }) =>
      new Map(words.length === 0 ? [] : (scoresOfMessages.all(anyOf(words), low, high) as [number, number][])),
    patchSizes: ({ low, high }) => new Map(sizes.all(low, high) as [number, number][]),
  };
}
