/**
 * What the analysis may ask of git. One implementation: open-repository.ts, over a few persistent git children and a scratch store.
 * Tree, blob and commit ids are full oids. A missing object (partial clone, damaged pack) is `null` where one object is asked for, and
 * the error MissingObject (missing-object.ts) where the answer would need it: the caller turns both into `unknown`.
 */
export interface CommitObject {
  readonly oid: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly authorName: string;
  readonly authorEmail: string;
  /** Seconds since 1970. */
  readonly authorDate: number;
  readonly committerDate: number;
  /** Subject and body, UTF-8 (invalid bytes replaced). */
  readonly message: string;
}

export interface TreeEntry {
  /** Octal mode as git prints it, 100644, 100755, 120000, 160000, 040000. */
  readonly mode: string;
  readonly oid: string;
  readonly path: string;
}

export interface MergeConflict {
  readonly path: string;
  /** git's own word for it: contents, modify/delete, rename/delete, add/add, file/directory, binary, ... */
  readonly kind: string;
}

/** A three-way merge as `git cherry-pick` does it: the exit flag of merge-tree decides `clean`, not the tree. */
export interface MergeResult {
  readonly clean: boolean;
  /** The tree written, with conflict markers where it is not clean. It lives in the scratch store until rotation. */
  readonly tree: string;
  readonly conflicts: readonly MergeConflict[];
}

export interface BlamedLine {
  /** 1-based line in the blamed version. */
  readonly line: number;
  readonly commit: string;
  /** True when the walk stopped at a boundary (root commit or excluded range): the commit is only where blame gave up. */
  readonly boundary: boolean;
}

export interface Repository {
  /** About 0.1 ms warm. */
  commit(oid: string): Promise<CommitObject | null>;
  /** Raw bytes of a blob; null when missing or not a blob. About 0.2 ms for 10 KB. */
  blob(oid: string): Promise<Buffer | null>;
  /** The entry at a path of a commit or tree; null when there is none. */
  entry(treeish: string, path: string): Promise<TreeEntry | null>;
  /** All files below a commit or tree (one `ls-tree -r`, about 50 ms for a kernel), optionally only below some paths. */
  list(treeish: string, paths?: readonly string[]): Promise<readonly TreeEntry[]>;
  /**
   * Unified diff of a commit against its first parent (the empty tree for a root commit), bytes as latin1, made with
   * `--no-renames --full-index --binary -U3 --no-color`. Empty for a merge. 0.5 ms median.
   */
  patch(commit: string): Promise<string>;
  /** Unified diff between two trees, in the same form. */
  diff(fromTree: string, toTree: string): Promise<string>;
  /**
   * Merges three trees. 1 ms when all touched paths exist in `ours`, 20 ms and more on a kernel tree where one does not, 250 ms where a rename may
   * matter and git has to look.
   */
  merge(base: string, ours: string, theirs: string): Promise<MergeResult>;
  /** Blames 1-based inclusive line ranges of a file. 0.1-1 s on a kernel: callers ask for few. `not` bounds the walk. */
  blame(
    commit: string,
    path: string,
    ranges: readonly (readonly [number, number])[],
    not?: readonly string[],
  ): Promise<readonly BlamedLine[]>;
  /** Commits in the history of `tip` that change how often one of these files holds a word, newest first (`git log -S`). 0.6 s and more. */
  commitsChanging(word: string, tip: string, paths: readonly string[]): Promise<readonly string[]>;
  /** Lines of a tree that hold one of the words as a whole word. `git grep`, 0.1 s per folder, 1-2 s for a whole kernel. */
  grepWords(treeish: string, words: readonly string[], paths?: readonly string[]): Promise<{ path: string; line: number; text: string }[]>;
  /** Writes a tree equal to `tree` but for these files (null removes one) into the scratch store. */
  withFiles(tree: string, files: ReadonlyMap<string, { readonly mode: string; readonly bytes: Buffer } | null>): Promise<string>;
  /** Ends the children. */
  close(): Promise<void>;
}
