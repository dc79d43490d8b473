import type { IndexedCommit } from "../history/history-index.ts";
import { type Introducer, introducers } from "../history/introducer.ts";
import { PREREQUISITE_LIMITS } from "../rules/prerequisite-limits.ts";
import type { AnalysisContext } from "./context.ts";
import { remember } from "./remember.ts";

/** Who introduced names of upstream's history, so far as one analysis asked. */
export interface NameIntroducers {
  /** By upstream head. */
  readonly asked: Map<string, Promise<(name: string) => Promise<Introducer>>>;
  /** By upstream head and name. */
  readonly answers: Map<string, Promise<Introducer>>;
}

/**
 * Which commit before the fix introduced a name, for what the commits of the index do not tell: they are those between vendor and upstream
 * trees, and git is asked about others, for a bounded number of names of one analysis. Null without indexed sources.
 */
export async function introducerOf(ctx: AnalysisContext, fix: IndexedCommit, name: string): Promise<Introducer | null> {
  const { sources, names } = ctx;
  const upstream = ctx.upstreams.find((tree) => ctx.index.contains(tree.oid, fix.oid));
  if (sources === null || upstream === undefined) return null;
  const ask = await remember(names.asked, upstream.oid, async () => {
    const head = await ctx.repo.commit(upstream.oid);
    if (head === null) return async () => ({ kind: "unknown", because: `${upstream.oid} cannot be read` }) as const;
    return introducers({
      index: ctx.index,
      sources,
      repo: ctx.repo,
      head: { oid: upstream.oid, tree: head.tree },
      other: { oid: ctx.target.oid, tree: ctx.targetTree },
      mostByGit: PREREQUISITE_LIMITS.introducerSearches,
    });
  });
  const found = await remember(names.answers, `${upstream.oid} ${name}`, () => ask(name));
  if (found.kind === "unknown") return found;
  const before = found.oid !== fix.oid && ctx.index.contains(fix.oid, found.oid);
  return before ? found : { kind: "unknown", because: `${found.oid}, which brought it, is not in the history of the fix` };
}
