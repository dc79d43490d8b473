import type { CommitColumns, HistoryIndex } from "./history-index.ts";
import type { IndexDatabase } from "./index-file.ts";

type ColumnReads = Pick<HistoryIndex, "columns" | "commitsOfAuthor">;

interface Loaded extends CommitColumns {
  readonly authors: Uint32Array;
  /** Ids of people by word of the name, address, and the part of the address before the `@`, in lower case. */
  readonly people: ReadonlyMap<string, readonly number[]>;
}

const BYTES_OF_PATH = 4;

/** A few numbers of every commit, kept in memory: filters and orders of a search ask them of every hit. */
export function columnReads(db: IndexDatabase): ColumnReads {
  const lastNum = db.prepare("SELECT ifnull(max(num), 0) FROM commits").pluck();
  const rows = db.prepare("SELECT num, committer_date, length(paths), author FROM commits WHERE num <= ?").raw();
  const people = db.prepare("SELECT id, lower(name), lower(email) FROM people").raw();
  let known: Loaded | null = null;

  function load(last: number): Loaded {
    const loaded = {
      committerDates: new Float64Array(last + 1),
      changedFiles: new Uint32Array(last + 1),
      authors: new Uint32Array(last + 1),
      people: new Map<string, number[]>(),
    };
    for (const [num, date, bytes, author] of rows.iterate(last) as IterableIterator<[number, number, number, number]>) {
      loaded.committerDates[num] = date;
      loaded.changedFiles[num] = bytes / BYTES_OF_PATH;
      loaded.authors[num] = author;
    }
    for (const [id, name, email] of people.iterate() as IterableIterator<[number, string, string]>) {
      for (const word of new Set([...name.split(/\s+/), email, email.replace(/@.*/, "")])) {
        const ids = loaded.people.get(word);
        if (ids === undefined) loaded.people.set(word, [id]);
        else ids.push(id);
      }
    }
    return loaded;
  }

  /** What is loaded, loaded again when the index has grown. */
  function current(): Loaded {
    const last = Number(lastNum.get());
    if (known === null || last >= known.authors.length) known = load(last);
    return known;
  }

  return {
    columns: current,
    commitsOfAuthor: (who) => {
      const loaded = current();
      const ids = new Set(loaded.people.get(who.toLowerCase()));
      const nums: number[] = [];
      if (ids.size > 0) for (let num = 1; num < loaded.authors.length; num++) if (ids.has(loaded.authors[num] ?? 0)) nums.push(num);
      return nums;
    },
  };
}
