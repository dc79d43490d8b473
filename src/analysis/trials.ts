import type { MergeResult } from "../git/repository.ts";
import { PREREQUISITE_LIMITS } from "../rules/prerequisite-limits.ts";
import type { Prerequisite } from "../schema/analysis.ts";
import { tryChange } from "./applicability.ts";
import { type Change, changeOf, isChange } from "./change.ts";
import { explainConflicts } from "./conflict-causes.ts";
import { type AnalysisContext, isBulk } from "./context.ts";
import { unlessMissing } from "./missing.ts";
import { isInTarget, presenceOf } from "./presence.ts";
import { remember } from "./remember.ts";

export type TrialRecord = Prerequisite["proof"]["trials"][number];

/** A commit applied to a tree together with everything it needs there, each of them applying cleanly in turn. */
export interface Ladder {
  /** In upstream order; the commit itself is the last. */
  readonly applied: readonly string[];
  readonly tree: string;
}

/**
 * Trial merges in memory, for one candidate. Results are kept, so that asking the same thing twice costs nothing; the number of merges is
 * bounded, and a search that ran out of them says so through `exhausted`.
 */
export class Trials {
  readonly #ctx: AnalysisContext;
  readonly #merges = new Map<string, Promise<MergeResult | null>>();
  readonly #ladders = new Map<string, Promise<Ladder | null>>();
  #left: number = PREREQUISITE_LIMITS.trials;

  constructor(ctx: AnalysisContext) {
    this.#ctx = ctx;
  }

  get exhausted(): boolean {
    return this.#left <= 0;
  }

  /** null when the commit cannot be tried (merge, missing objects). */
  async change(oid: string): Promise<Change | null> {
    const change = await changeOf(this.#ctx, oid);
    return isChange(change) ? change : null;
  }

  /** The three-way merge of a commit onto a tree; null when it cannot be tried. */
  pick(oid: string, tree: string): Promise<MergeResult | null> {
    return remember(this.#merges, `${oid} ${tree}`, async () => {
      const change = await this.change(oid);
      if (change === null || this.exhausted) return null;
      this.#left--;
      return unlessMissing(
        () => this.#ctx.repo.merge(change.baseTree, tree, change.fixTree),
        () => null,
      );
    });
  }

  /** Applies commits one after the other; null when one of them conflicts. */
  async pickAll(oids: readonly string[], tree: string): Promise<string | null> {
    let current = tree;
    for (const oid of oids) {
      const merge = await this.pick(oid, current);
      if (merge === null || !merge.clean) return null;
      current = merge.tree;
    }
    return current;
  }

  /** The smallest found set of commits with which the commit applies cleanly to the tree, itself included; null when none was found. */
  ladder(oid: string, tree: string, depth: number = PREREQUISITE_LIMITS.depth): Promise<Ladder | null> {
    return remember(this.#ladders, `${oid} ${tree} ${depth}`, async () => {
      const alone = await this.pick(oid, tree);
      if (alone === null) return null;
      if (alone.clean) return { applied: [oid], tree: alone.tree };
      if (depth <= 0) return null;
      const needs = await this.smallestSet(
        await this.suspects(oid, tree),
        tree,
        depth - 1,
        async (onto) => (await this.pick(oid, onto))?.clean === true,
      );
      if (needs === null) return null;
      const base = await this.pickAll(needs, tree);
      const merge = base === null ? null : await this.pick(oid, base);
      return merge?.clean === true ? { applied: [...needs, oid], tree: merge.tree } : null;
    });
  }

  /**
   * The smallest found set of suspects, own needs included and in upstream order, that makes `works` true of the tree they leave.
   * One suspect alone is tried first, then all that apply, from which each is taken away again when nothing is lost (one-minimal).
   */
  async smallestSet(
    suspects: readonly string[],
    tree: string,
    depth: number,
    works: (tree: string) => Promise<boolean>,
  ): Promise<string[] | null> {
    const applicable: Ladder[] = [];
    for (const suspect of suspects) {
      const ladder = await this.ladder(suspect, tree, depth);
      if (ladder === null) continue;
      applicable.push(ladder);
    }
    applicable.sort((a, b) => a.applied.length - b.applied.length);
    const everything = this.#inOrder(new Set(applicable.flatMap((ladder) => ladder.applied)));
    for (const oids of [...applicable.map((ladder) => ladder.applied), everything]) {
      if (await this.#stillWorks(oids, tree, works)) return this.#oneMinimal(oids, tree, works);
    }
    return null;
  }

  /** Takes commits away, last first, as long as nothing is lost. */
  async #oneMinimal(oids: readonly string[], tree: string, works: (tree: string) => Promise<boolean>): Promise<string[]> {
    let kept = [...oids];
    for (const oid of [...oids].reverse()) {
      const without = kept.filter((other) => other !== oid);
      if (await this.#stillWorks(without, tree, works)) kept = without;
    }
    return kept;
  }

  async #stillWorks(oids: readonly string[], tree: string, works: (tree: string) => Promise<boolean>): Promise<boolean> {
    const onto = await this.pickAll(oids, tree);
    return onto !== null && (await works(onto));
  }

  /** Commits that changed what the conflicting hunks expect and that the target lacks; bulk imports left out, nearest to the commit first. */
  async suspects(oid: string, tree: string): Promise<string[]> {
    const change = await this.change(oid);
    if (change === null) return [];
    const { failures } = await tryChange(this.#ctx.repo, change, tree);
    const causes = await explainConflicts(this.#ctx, change, failures);
    return this.worthTrying(causes.flatMap((cause) => cause.commits));
  }

  /** Distinct, not in the target by any route, not bulk; bounded, newest kept. */
  worthTrying(oids: Iterable<string>): string[] {
    const kept: string[] = [];
    for (const oid of this.#inOrder(new Set(oids)).reverse()) {
      const commit = this.#ctx.index.commit(oid);
      if (commit === null || isBulk(commit) || isInTarget(presenceOf(this.#ctx, commit))) continue;
      kept.push(oid);
      if (kept.length >= PREREQUISITE_LIMITS.suspects) break;
    }
    return kept;
  }

  #inOrder(oids: ReadonlySet<string>): string[] {
    const num = (oid: string): number => this.#ctx.index.commit(oid)?.num ?? -1;
    return [...oids].sort((a, b) => num(a) - num(b));
  }
}
