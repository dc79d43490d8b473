import { GitError } from "../git/process.ts";
import type { Repository } from "../git/repository.ts";
import type { SourceIndex } from "../source/source-index.ts";
import type { HistoryIndex } from "./history-index.ts";

/** The first commit that brought a name, and who said so; or why nobody can tell. */
export type Introducer =
  | { readonly kind: "found"; readonly oid: string; readonly by: "index" | "git" }
  | { readonly kind: "unknown"; readonly because: string };

/** A head whose sources are indexed: its commit and the tree of that commit. */
export interface IndexedHead {
  readonly oid: string;
  readonly tree: string;
}

export interface IntroducerInput {
  readonly index: HistoryIndex;
  readonly sources: SourceIndex;
  readonly repo: Pick<Repository, "commitsChanging">;
  /** In whose history the introducer is looked for. */
  readonly head: IndexedHead;
  /** A head that shares history with it: the patches of the commits that only one of them has are indexed. */
  readonly other: IndexedHead;
  /** For how many names git is asked; not limited when left out. */
  readonly mostByGit?: number;
}

/** A name with more hits than this has no one introducer that would say anything. */
const HITS = 2000;
/** Files whose history git is asked for; a name that more of them hold is a common word. */
const MOST_FILES = 24;

/**
 * Which commit of the history of `head` introduced an identifier. The index answers, in well under a millisecond, for names that `other` does
 * not hold: their introducer is among the commits whose patches it has. For all others git searches the history of the files that hold the name
 * now, under their former names too: 0.6 s, seconds on a busy machine. A name that left and came back counts from its return where the index answers.
 */
export function introducers(input: IntroducerInput): (identifier: string) => Promise<Introducer> {
  const { index, sources, repo, head, other, mostByGit = Number.POSITIVE_INFINITY } = input;
  const own = index.range([head.oid], [other.oid]);
  const isOwn = new Set(own);
  const complete = index.withPatch(own) === own.length;
  let askedOfGit = 0;

  async function byGit(identifier: string): Promise<Introducer> {
    const files = sources.filesWith(head.tree, identifier);
    if (files === null) return unknown(`the sources of ${head.oid} are not indexed`);
    if (files.length === 0) return unknown("no source file of the head holds it");
    if (files.length > MOST_FILES) return unknown(`${files.length} files hold it; the history of at most ${MOST_FILES} is searched`);
    if (askedOfGit >= mostByGit) return unknown(`git was asked for ${mostByGit} other names, which is the limit`);
    askedOfGit += 1;
    const paths = new Set(files.flatMap((path) => [path, ...index.formerNames(path)]));
    try {
      const first = (await repo.commitsChanging(identifier, head.oid, [...paths])).at(-1);
      return first === undefined ? unknown("no commit without two parents brought it") : { kind: "found", oid: first, by: "git" };
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      return unknown(`git could not tell: ${error.message}`);
    }
  }

  return async (identifier) => {
    if (!complete || sources.has(other.tree, identifier) !== false) return byGit(identifier);
    const first = index.commitsAdding(identifier, HITS).find((num) => isOwn.has(num));
    return first === undefined ? byGit(identifier) : { kind: "found", oid: index.commitByNum(first).oid, by: "index" };
  };
}

function unknown(because: string): Introducer {
  return { kind: "unknown", because };
}
