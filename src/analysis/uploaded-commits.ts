import { createHash } from "node:crypto";
import type { HistoryIndex, IndexedCommit, Link, NumRange, PostingField } from "../history/history-index.ts";
import { changeFacts } from "../patch/change-facts.ts";
import type { PatchMail } from "../patch/mails.ts";
import { parsePatch } from "../patch/parse.ts";
import { readReferences } from "../rules/read-references.ts";

/** What the searches ask of a commit, of a patch that a caller uploads. */
interface Upload {
  readonly commit: IndexedCommit;
  readonly paths: readonly string[];
  readonly functions: readonly { readonly path: string; readonly function: string }[];
  readonly identifiers: ReadonlySet<string>;
  readonly subject: ReadonlySet<string>;
  /** The words of the body in their order. */
  readonly body: readonly string[];
  readonly links: readonly Link[];
}

/** Where the diff of a mail begins. */
const DIFF = /^(?:---|diff --git |Index: )/m;
/** Words as the index keeps them: identifiers are whole, upper case is folded. */
const WORD = /[\p{L}\p{N}_]+/gu;
const ADDRESS = /<([^<>]*)>/;

function uploadOf(index: HistoryIndex, mail: PatchMail, num: number): Upload {
  const start = mail.text.search(DIFF);
  const message = Buffer.from(mail.text.slice(0, Math.max(0, start)), "latin1").toString("utf8");
  const facts = changeFacts(mail.text);
  const paths = parsePatch(mail.text).files.flatMap(({ newPath, oldPath }) => newPath ?? oldPath ?? []);
  const subject = Buffer.from(mail.subject ?? "", "latin1").toString("utf8");
  const oid = createHash("sha1").update(mail.text, "latin1").digest("hex");
  return {
    commit: {
      num,
      oid,
      parents: [],
      authorName: "",
      authorEmail: ADDRESS.exec(mail.author ?? "")?.[1] ?? "",
      authorDate: 0,
      committerDate: 0,
      subject,
      // Its own candidate, also where an upstream commit makes the same change.
      patchId: null,
      changedLines: facts.changedLines,
      changedFiles: paths.length,
    },
    paths,
    functions: facts.functions,
    identifiers: new Set([...facts.added, ...facts.removed]),
    subject: new Set(wordsOf(subject)),
    body: wordsOf(message),
    links: readReferences(message).map(({ kind, id, text }) => {
      const [to, other] = index.resolve(id);
      const resolution = to === undefined ? "dangling" : other === undefined ? "found" : "ambiguous";
      return { kind, from: oid, id, text, to: resolution === "found" ? (to ?? null) : null, resolution };
    }),
  };
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}

/** The index as if the patches had been committed after everything that it knows, in their order. */
export interface IndexWithUploads {
  readonly index: HistoryIndex;
  /** Of each patch. */
  readonly commits: readonly IndexedCommit[];
}

/** Lays the patches over the index, so that every search and rule of the ranking meets them like any commit. */
export function withUploads(index: HistoryIndex, mails: readonly PatchMail[]): IndexWithUploads {
  const { committerDates, changedFiles } = index.columns();
  const first = committerDates.length;
  const uploads = mails.map((mail, at) => uploadOf(index, mail, first + at));
  const byOid = new Map(uploads.map((upload) => [upload.commit.oid, upload]));
  const inRange = ({ low, high }: NumRange) => uploads.filter(({ commit: { num } }) => low <= num && num <= high);
  const numsOf = (found: readonly Upload[]) => found.map(({ commit }) => commit.num);
  const columns = {
    committerDates: longer(committerDates, uploads.length),
    changedFiles: longer(changedFiles, uploads.length),
  };
  for (const { commit } of uploads) columns.changedFiles[commit.num] = commit.changedFiles;
  return {
    commits: uploads.map(({ commit }) => commit),
    index: {
      ...index,
      columns: () => columns,
      commit: (oid) => byOid.get(oid)?.commit ?? index.commit(oid),
      commitByNum: (num) => uploads[num - first]?.commit ?? index.commitByNum(num),
      paths: (oid) => [...(byOid.get(oid)?.paths ?? index.paths(oid))],
      functions: (oid) => [...(byOid.get(oid)?.functions ?? index.functions(oid))],
      linksFrom: (oid) => [...(byOid.get(oid)?.links ?? index.linksFrom(oid))],
      commitsOfPath: (path, limit, follow) => [
        ...numsOf(uploads.filter(({ paths }) => paths.some((own) => own === path || (path.endsWith("/") && own.startsWith(path))))),
        ...index.commitsOfPath(path, limit, follow),
      ],
      postings: (field, term, range) => [
        ...index.postings(field, term, range),
        ...numsOf(inRange(range).filter((upload) => hasTerm(upload, field, term))),
      ],
      messageScores: (words, range) => new Map([...index.messageScores(words, range), ...messageScores(index, inRange(range), words)]),
      patchSizes: (range) =>
        new Map([
          ...index.patchSizes(range),
          ...inRange(range).map(({ commit: { num, changedLines } }) => [num, changedLines ?? 0] as const),
        ]),
    },
  };
}

function longer<T extends Float64Array | Uint32Array>(column: T, by: number): T {
  const copy = new (column.constructor as new (length: number) => T)(column.length + by);
  copy.set(column);
  return copy;
}

function hasTerm({ subject, body, identifiers, functions, paths }: Upload, field: PostingField, term: string): boolean {
  const word = term.toLowerCase();
  switch (field) {
    case "subject":
      return subject.has(word);
    case "subject-start":
      return [...subject].some((one) => one.startsWith(word));
    case "body":
      return body.includes(word);
    case "identifier":
      return identifiers.has(term);
    case "function":
      return functions.some((one) => one.function === term);
    case "path":
      return paths.some((path) => namesOf(path).has(word));
  }
}

/** Words of the name of a file and of the folders above it. */
function namesOf(path: string): Set<string> {
  const parts = path
    .toLowerCase()
    .split("/")
    .map((part) => part.replace(/\.[a-z]{1,4}$/, ""));
  return new Set(parts.flatMap((part) => [part, ...part.split(/[^a-z0-9]+/)]));
}

/** The constants of FTS5, and the words of an average message, about. */
const K1 = 1.2;
const B = 0.75;
const AVERAGE_WORDS = 90;

/** BM25 as the index computes it, with the rarity that the words have among its commits. */
function messageScores(index: HistoryIndex, uploads: readonly Upload[], words: readonly string[]): [number, number][] {
  const all = index.columns().committerDates.length;
  const rarities = new Map<string, number>();
  const rarityOf = (word: string): number => {
    const known = rarities.get(word);
    if (known !== undefined) return known;
    const range = { low: 0, high: all };
    const count = new Set([...index.postings("subject", word, range), ...index.postings("body", word, range)]).size;
    const rarity = Math.max(1e-6, Math.log((all - count + 0.5) / (count + 0.5)));
    rarities.set(word, rarity);
    return rarity;
  };
  return uploads.map(({ commit, subject, body }) => {
    const text = [...subject, ...body];
    const norm = K1 * (1 - B + (B * text.length) / AVERAGE_WORDS);
    let score = 0;
    for (const word of new Set(words.map((one) => one.toLowerCase()))) {
      const count = text.filter((one) => one === word).length;
      if (count > 0) score += (rarityOf(word) * count * (K1 + 1)) / (count + norm);
    }
    return [commit.num, score];
  });
}
