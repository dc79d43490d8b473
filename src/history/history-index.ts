import type { ReferenceKind } from "../rules/reference-conventions.ts";

/**
 * What the history index answers. The index is a derived SQLite file, one per mirror, written by ingest.ts and read by worker threads
 * through open-index.ts. Every method is synchronous; the comment of each states its cost on 234,000 commits.
 *
 * Commits are known inside the index by `num`, a small integer that grows from parents to children (a parent is always inserted before
 * its child); outside, by oid. A method that reaches from a commit which the index does not have throws a RangeError; other methods
 * answer null or nothing for it. A damaged file makes any method throw IndexUnusable.
 */
export interface IndexedCommit {
  readonly num: number;
  readonly oid: string;
  readonly parents: readonly string[];
  readonly authorName: string;
  readonly authorEmail: string;
  /** Seconds since 1970. */
  readonly authorDate: number;
  readonly committerDate: number;
  readonly subject: string;
  /** `git patch-id --stable` of the commit against its first parent; null when not computed (merge, outside the range) or empty. */
  readonly patchId: string | null;
  /** Number of changed lines, added plus removed; null when the patch was not read. */
  readonly changedLines: number | null;
  readonly changedFiles: number;
}

export type LinkKind = ReferenceKind;

/** A reference that a commit's message makes to another commit, as read by the conventions of rules/. */
export interface Link {
  readonly kind: LinkKind;
  readonly from: string;
  /** The id as written, lower case, 7 to 40 digits. */
  readonly id: string;
  /** The commit of the mirror that the id names; null when none does (dangling) or several do (ambiguous). */
  readonly to: string | null;
  readonly resolution: "found" | "dangling" | "ambiguous";
  /** The line of the message. */
  readonly text: string;
}

/** A commit that gave a file another name. */
export interface RenameStep {
  readonly oid: string;
  readonly from: string;
  readonly to: string;
}

/** What a file of one commit is called in another one. */
export interface PathName {
  readonly path: string;
  /** The renames between the two names as their commits made them: first those that only the first commit has, newest first, which are undone. */
  readonly steps: readonly RenameStep[];
}

/** One function of one file that a commit changes. */
export interface FunctionChange {
  readonly path: string;
  readonly function: string;
}

/** How a commit matched a full-text query: a larger score is better (negated bm25). */
export interface TextMatch {
  readonly num: number;
  readonly oid: string;
  readonly score: number;
}

/**
 * Where a term is looked for: a whole word of the subject, the beginning of one, a word of the body, an identifier of a changed line, a
 * changed function, or a word of the name of a changed file or of a directory above it (`nfsd`, `nf_nat_core`, `core`).
 */
export type PostingField = "subject" | "subject-start" | "body" | "identifier" | "function" | "path";

/** Nums from `low` to `high`, both included. */
export interface NumRange {
  readonly low: number;
  readonly high: number;
}

/** A set of commits by num. */
export interface CommitSet {
  has(num: number): boolean;
  readonly size: number;
}

/** Numbers of every commit, by num; place 0 is not used. */
export interface CommitColumns {
  /** Seconds since 1970. */
  readonly committerDates: Float64Array;
  readonly changedFiles: Uint32Array;
}

export interface HistoryIndex {
  /** Closes the file. */
  close(): void;

  /** Full oids that start with the prefix (7 to 40 digits), at most 10. < 1 ms. */
  resolve(prefix: string): string[];
  commit(oid: string): IndexedCommit | null;
  commitByNum(num: number): IndexedCommit;
  /** Commits reachable from the commit (itself included). Heads of trees: a stored bitmap, < 1 ms; others: a walk, about 50 ms. */
  reachable(oid: string): CommitSet;
  /** Is `ancestor` reachable from `oid`. */
  contains(oid: string, ancestor: string): boolean;
  /** Nums of commits reachable from any of `from` and from none of `not`, merges left out, ascending (parents first). */
  range(from: readonly string[], not: readonly string[]): number[];
  /** Of these commits, how many have their patch indexed. */
  withPatch(nums: readonly number[]): number;

  /** Digest of the conventions by which references were read (references.ts); null for an index without any. */
  conventions(): string | null;
  linksFrom(oid: string): Link[];
  /**
   * Links of other commits to this one, found by its id or any abbreviation of at least 7 digits of it. The id itself may be abbreviated,
   * for a commit that only references know.
   */
  linksTo(oid: string): Link[];

  byPatchId(patchId: string): string[];
  byAuthorDate(authorEmail: string, authorDate: number): string[];
  bySubject(subject: string): string[];

  /** Paths that a commit changed against its parent; none for merges. */
  paths(oid: string): string[];
  /**
   * Newest first; a path that ends with `/` means everything below it. With `follow`, also the commits of files that were renamed to it or
   * into it, up to the rename: `fs/smb/client/` has what was done to its files in `fs/cifs/`.
   */
  commitsOfPath(path: string, limit: number, follow?: "follow"): number[];
  /**
   * What the file `path` of commit `from` is called in commit `to`, by the renames that only one of them has. The index knows renames, not
   * trees: whether `to` has the file at all, under this name or the old one, is to be looked up. 0.2 ms.
   */
  nameIn(path: string, from: string, to: string): PathName;
  /** The names that a file had before, the last one first, by renames of any commit. < 1 ms. */
  formerNames(path: string): string[];
  /** Commits whose hunks lie in this function or that define it, newest first. */
  commitsOfFunction(name: string, limit: number): { readonly num: number; readonly path: string }[];
  functions(oid: string): FunctionChange[];

  /** Full-text search in subjects and bodies. Terms are whole identifiers; any of them may match. Best first. */
  searchMessages(terms: readonly string[], limit: number): TextMatch[];
  /** Commits whose changed lines hold any of these identifiers, best first. */
  searchIdentifiers(identifiers: readonly string[], limit: number): TextMatch[];
  /** Commits that have this identifier in an added line (or in a removed one), ascending by num. */
  commitsAdding(identifier: string, limit: number): number[];
  commitsRemoving(identifier: string, limit: number): number[];

  /** Every commit of the range that has the term in this field, in no order. 0.1-2 ms; the first question for a path reads all paths. */
  postings(field: PostingField, term: string, range: NumRange): number[];
  /**
   * How well the messages of the range match any of these words: BM25 over subject and body together, so that a rare word counts more, and
   * one in a short message too. Larger is better. 10-40 ms for 60,000 commits.
   */
  messageScores(words: readonly string[], range: NumRange): ReadonlyMap<number, number>;
  /** Changed lines of the commits of the range whose patch is indexed. 30 ms for 60,000. */
  patchSizes(range: NumRange): ReadonlyMap<number, number>;

  /** 0.3 s the first time and when the index has grown, then kept in memory: 16 bytes a commit. */
  columns(): CommitColumns;
  /** Commits of the authors who have this word in their name, this address, or this before the `@` of it. Ascending, 2 ms. */
  commitsOfAuthor(who: string): number[];
}
