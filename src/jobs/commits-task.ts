import { commitPresence } from "../analysis/analyze.ts";
import type { AnalysisContext } from "../analysis/context.ts";
import { resolveCommit } from "../analysis/resolve-commit.ts";
import type { IndexedCommit } from "../history/history-index.ts";
import type { CommitsResult } from "./task-types.ts";

/** So many commits are looked at together: git reads for one while another is compared. */
const AT_ONCE = 16;

type Unusable = { readonly notFound: true } | { readonly ambiguous: readonly string[] };
type Answer = CommitsResult[number];

/**
 * Are these commits in the target, and are the bugs that they fix; in the order of the ids. Commits that change the same files are looked at
 * one after the other, so that each file of the target is read and prepared once.
 */
export async function readCommits(ctx: AnalysisContext, ids: readonly string[]): Promise<CommitsResult> {
  const answers = new Map<string, Answer>();
  const commits = new Map<string, IndexedCommit>();
  for (const id of ids) {
    const found = indexedCommit(ctx, id);
    if ("num" in found) commits.set(id, found);
    else answers.set(id, { id, ...found });
  }
  const inOrder = byPath(ctx, commits);
  for (let at = 0; at < inOrder.length; at += AT_ONCE) {
    ctx.signal?.throwIfAborted();
    ctx.report({ stage: "commits", done: answers.size, total: ids.length });
    const read = async ([id, commit]: readonly [string, IndexedCommit]): Promise<Answer> => ({
      id,
      ...(await commitPresence(ctx, commit)),
    });
    for (const answer of await Promise.all(inOrder.slice(at, at + AT_ONCE).map(read))) answers.set(answer.id, answer);
  }
  return ids.flatMap((id) => answers.get(id) ?? []);
}

function byPath(ctx: AnalysisContext, commits: ReadonlyMap<string, IndexedCommit>): (readonly [string, IndexedCommit])[] {
  const keyed = [...commits].map(([id, commit]) => ({ entry: [id, commit] as const, path: ctx.index.paths(commit.oid)[0] ?? "" }));
  return keyed.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)).map(({ entry }) => entry);
}

/** The commit that an id from outside names. */
export function indexedCommit(ctx: AnalysisContext, id: string): IndexedCommit | Unusable {
  const found = resolveCommit(ctx.index, id);
  if (found.kind === "ambiguous") return { ambiguous: found.oids };
  return (found.kind === "found" ? ctx.index.commit(found.oid) : null) ?? { notFound: true };
}
