import { dirname, join } from "node:path";
import type { Repository } from "../git/repository.ts";
import type { ReportProgress } from "../schema/common.ts";
import { addTree } from "./add-tree.ts";
import type { CSymbol, SymbolKind } from "./c-symbols.ts";
import { identityOf, isDamage, openFile, removeFile } from "./index-file.ts";
import { symbolReads } from "./symbol-reads.ts";
import { treeReads } from "./tree-reads.ts";

export interface Definition extends CSymbol {
  readonly path: string;
}

/**
 * What the C sources of a tree hold: every file `.c`, `.h` and `.S`, each blob read once ever. A derived SQLite file beside the history index.
 *
 * Trees are named by full tree id. An answer of `null` means that the index cannot tell, because the tree was not added, the repository
 * lacks some of its blobs, or the file was lost or damaged since (it is then begun anew); ask git instead.
 */
export interface SourceIndex {
  /**
   * Adds a tree: reads the blobs that no earlier tree had. An interrupted run is completed by the next one; one process may add at a time.
   * @throws GitError when the tree cannot be listed
   */
  ensureHead(tree: string, options?: EnsureOptions): Promise<void>;
  /** Files that hold the identifier as a whole word, comments and strings included, in the order of the tree: `git grep -lw`. 0.1-10 ms. */
  filesWith(tree: string, identifier: string): string[] | null;
  has(tree: string, identifier: string): boolean | null;
  /**
   * Where the tree defines the name, in the order of the tree. Blobs that may define it are parsed on first need, about 10 ms for each: a
   * name that is a member of hundreds of structures (`name`) takes seconds the first time, unless only functions are asked for.
   */
  definitions(tree: string, name: string, kinds?: readonly SymbolKind[]): Promise<Definition[] | null>;
  close(): void;
}

export interface EnsureOptions {
  readonly report?: ReportProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the index reads the sources through. */
export type SourceRepository = Pick<Repository, "list" | "blob">;

/** Where the source index of a mirror lies. */
export function sourceIndexPath(historyIndexPath: string): string {
  return join(dirname(historyIndexPath), "source.sqlite");
}

interface OpenFile {
  readonly identity: string | null;
  readonly trees: ReturnType<typeof treeReads>;
  readonly symbols: ReturnType<typeof symbolReads>;
  readonly add: (tree: string, options: EnsureOptions) => Promise<void>;
  readonly close: () => void;
}

/** Opens the source index for reading and adding; creates it when there is none, and begins it anew when it is damaged. */
export function openSourceIndex(path: string, repo: SourceRepository): SourceIndex {
  let file = open();

  function open(): OpenFile {
    const db = openFile(path);
    const trees = treeReads(db);
    return {
      identity: identityOf(path),
      trees,
      symbols: symbolReads(db, repo, trees),
      add: (tree, options) => addTree(db, repo, tree, options),
      close: () => {
        db.close();
      },
    };
  }

  /** The file; another thread may have begun it anew since. The former one is left to readers that are not done with it. */
  function current(): OpenFile {
    if (identityOf(path) !== file.identity) file = open();
    return file;
  }

  function beginAnew(): void {
    if (identityOf(path) === file.identity) removeFile(path);
    file = open();
  }

  function guarded<T>(read: (file: OpenFile) => T): T | null {
    try {
      return read(current());
    } catch (error) {
      if (!isDamage(error)) throw error;
      beginAnew();
      return null;
    }
  }

  async function guardedAsync<T>(read: (file: OpenFile) => Promise<T>): Promise<T | null> {
    try {
      return await read(current());
    } catch (error) {
      if (!isDamage(error)) throw error;
      beginAnew();
      return null;
    }
  }

  return {
    ensureHead: async (tree, options = {}) => {
      const add = async ({ add }: OpenFile) => {
        await add(tree, options);
        return true;
      };
      if ((await guardedAsync(add)) === null) await file.add(tree, options);
    },
    filesWith: (tree, identifier) => guarded(({ trees }) => trees.filesWith(tree, identifier)),
    has: (tree, identifier) => guarded(({ trees }) => trees.has(tree, identifier)),
    definitions: (tree, name, kinds) => guardedAsync(({ symbols }) => symbols.definitions(tree, name, kinds)),
    close: () => file.close(),
  };
}
