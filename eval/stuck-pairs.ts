import type { AnalysisContext } from "../src/analysis/context.ts";
import { prerequisitesOf } from "../src/analysis/prerequisites.ts";
import { tryCommit } from "../src/analysis/try-commit.ts";
import type { HistoryIndex } from "../src/history/history-index.ts";
import type { Pair } from "./pairs.ts";

/** A backport right above another one, and the tree below both. */
export interface AdjacentPair {
  readonly fixOrigin: string;
  readonly target: string;
  readonly withOther: string;
}

/** Pairs whose parent is itself a recorded backport. */
export function adjacentPairs(index: HistoryIndex, pairs: readonly Pair[]): AdjacentPair[] {
  return pairs.flatMap(({ origin, parent }) => {
    const isBackport = index.linksFrom(parent).some((link) => link.kind === "backport_of" && link.to !== null);
    const [target] = index.commit(parent)?.parents ?? [];
    return isBackport && target !== undefined ? [{ fixOrigin: origin, target, withOther: parent }] : [];
  });
}

/**
 * What an answer lacks about a fix that conflicts on the target, and on the target with the backport before it: a cause for every failing hunk, or
 * the name of a commit; null when it does not conflict both times.
 */
export async function explainStuck(
  pair: AdjacentPair,
  contextOf: (target: string) => Promise<AnalysisContext>,
): Promise<{ readonly missing: string | null } | null> {
  const ctx = await contextOf(pair.target);
  const tried = await tryCommit(ctx, pair.fixOrigin);
  if (tried.kind === "untried" || tried.trial.merge.clean) return null;
  const other = await tryCommit(await contextOf(pair.withOther), pair.fixOrigin);
  if (other.kind === "untried" || other.trial.merge.clean) return null;
  const failing = tried.trial.failures.flatMap((failure) => failure.hunks);
  const explained = failing.length > 0 && tried.causes.length >= failing.length && tried.causes.every((cause) => cause.text !== "");
  if (!explained) return { missing: "a hunk has no cause" };
  const named = tried.causes.some((cause) => cause.commits.length > 0) || (await prerequisitesOf(ctx, tried)).length > 0;
  return { missing: named ? null : "no commit is named" };
}
