import type { MergeResult } from "../git/repository.ts";
import { PREREQUISITE_LIMITS } from "../rules/prerequisite-limits.ts";
import type { Prerequisite } from "../schema/analysis.ts";
import type { Adaptation } from "./adaptation.ts";
import { tryChange } from "./applicability.ts";
import { type Change, changeOf, isChange } from "./change.ts";
import { explainConflicts } from "./conflict-causes.ts";
import { type AnalysisContext, isBulk } from "./context.ts";
import { nearestForms } from "./forms.ts";
import { unlessMissing } from "./missing.ts";
import { isInTarget, presenceOf } from "./presence.ts";
import { remember } from "./remember.ts";
import { tryCommit } from "./try-commit.ts";

export type TrialRecord = Prerequisite["proof"]["trials"][number];

/** A tree that changes are tried on: the target's, or that with commits of a plan applied. */
export interface Base {
  readonly tree: string;
  /** The commits applied. */
  readonly taken: ReadonlySet<string>;
}

/** How a commit came onto a tree: as it is, in the form that another tree has of it, or made to fit. */
export interface Taken {
  readonly tree: string;
  readonly by: "merge" | "form" | "adapted";
  /** The commit whose change was merged; another one than asked for only by form. */
  readonly oid: string;
  readonly adaptation: Adaptation | null;
}

/** A commit applied to a tree together with everything it needs there, each of them applying in turn. */
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
  readonly base: Base;
  readonly #ctx: AnalysisContext;
  readonly #merges: Map<string, Promise<MergeResult | null>>;
  readonly #taken = new Map<string, Promise<Taken | null>>();
  readonly #ladders = new Map<string, Promise<Ladder | null>>();
  #left: number = PREREQUISITE_LIMITS.trials;
  /** Prerequisites that may still be made to fit. Without, one comes as upstream wrote it, or as another tree has it. */
  #adaptations: number;
  readonly #anyConfidence: boolean;

  constructor(ctx: AnalysisContext, base: Base, before?: Trials, anyConfidence = false) {
    this.#ctx = ctx;
    this.base = base;
    this.#adaptations = before === undefined ? 0 : PREREQUISITE_LIMITS.adaptations;
    this.#anyConfidence = anyConfidence;
    this.#merges = before === undefined ? new Map() : before.#merges;
  }

  /** The same with fresh bounds, in which a few prerequisites may be made to fit. */
  adapting(anyConfidence = false): Trials {
    return new Trials(this.#ctx, this.base, this, anyConfidence);
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

  /** Brings a commit onto a tree by the first way that works; null when none does. */
  take(oid: string, tree: string): Promise<Taken | null> {
    return remember(this.#taken, `${oid} ${tree}`, async () => {
      const own = await this.pick(oid, tree);
      if (own === null) return null;
      if (own.clean) return { tree: own.tree, by: "merge", oid, adaptation: null };
      const onto = { ...this.#ctx, targetTree: tree };
      for (const form of await nearestForms(onto, oid)) {
        const merge = await this.pick(form.oid, tree);
        if (merge?.clean === true) return { tree: merge.tree, by: "form", oid: form.oid, adaptation: null };
      }
      const tried = this.#adaptations-- > 0 ? await tryCommit(onto, oid) : null;
      const adaptation = tried?.kind === "tried" ? tried.adaptation : null;
      if (adaptation === null || (adaptation.confidence !== "high" && !this.#anyConfidence)) return null;
      return { tree: adaptation.tree, by: "adapted", oid, adaptation };
    });
  }

  /** Brings commits onto a tree one after the other; null when one of them does not apply. */
  async takeAll(oids: readonly string[], tree: string = this.base.tree): Promise<string | null> {
    let current = tree;
    for (const oid of oids) {
      const taken = await this.take(oid, current);
      if (taken === null) return null;
      current = taken.tree;
    }
    return current;
  }

  /** The smallest found set of commits with which the commit applies to the base, itself included; null when none was found. */
  ladder(oid: string, depth: number = PREREQUISITE_LIMITS.depth): Promise<Ladder | null> {
    return remember(this.#ladders, `${oid} ${depth}`, async () => {
      const alone = await this.take(oid, this.base.tree);
      if (alone !== null) return { applied: [oid], tree: alone.tree };
      if (depth <= 0) return null;
      const works = async (onto: string) => (await this.take(oid, onto)) !== null;
      const needs = await this.smallestSet(await this.#suspects(oid), depth - 1, works);
      if (needs === null) return null;
      const base = await this.takeAll(needs);
      const taken = base === null ? null : await this.take(oid, base);
      return taken === null ? null : { applied: [...needs, oid], tree: taken.tree };
    });
  }

  /**
   * The smallest found set of suspects, own needs included and in upstream order, that makes `works` true of the tree they leave.
   * One suspect alone is tried first, then all that apply, from which each is taken away again when nothing is lost (one-minimal).
   */
  async smallestSet(suspects: readonly string[], depth: number, works: (tree: string) => Promise<boolean>): Promise<string[] | null> {
    const applicable: Ladder[] = [];
    for (const suspect of suspects) {
      const ladder = await this.ladder(suspect, depth);
      if (ladder !== null) applicable.push(ladder);
    }
    applicable.sort((a, b) => a.applied.length - b.applied.length);
    const everything = this.inOrder(new Set(applicable.flatMap((ladder) => ladder.applied)));
    for (const oids of [...applicable.map((ladder) => ladder.applied), everything]) {
      if (await this.#stillWorks(oids, works)) return this.oneMinimal(oids, works);
    }
    return null;
  }

  /** Takes commits away, last first, as long as the others still apply and `works` stays true of the tree they leave. */
  async oneMinimal(oids: readonly string[], works: (tree: string) => Promise<boolean>): Promise<string[]> {
    let kept = [...oids];
    for (const oid of [...oids].reverse()) {
      const without = kept.filter((other) => other !== oid);
      if (await this.#stillWorks(without, works)) kept = without;
    }
    return kept;
  }

  async #stillWorks(oids: readonly string[], works: (tree: string) => Promise<boolean>): Promise<boolean> {
    const onto = await this.takeAll(oids);
    return onto !== null && (await works(onto));
  }

  /** Commits that changed what the conflicting hunks expect and that the target lacks; bulk imports left out, nearest to the commit first. */
  async #suspects(oid: string): Promise<string[]> {
    const change = await this.change(oid);
    if (change === null) return [];
    const { failures } = await tryChange(this.#ctx.repo, change, this.base.tree);
    const causes = await explainConflicts(this.#ctx, change, failures);
    return this.worthTrying(causes.flatMap((cause) => cause.commits));
  }

  /** Distinct, not in the base by any route, not bulk; bounded, newest kept. */
  worthTrying(oids: Iterable<string>): string[] {
    const kept: string[] = [];
    for (const oid of this.inOrder(new Set(oids)).reverse()) {
      const commit = this.#ctx.index.commit(oid);
      if (commit === null || isBulk(commit) || !this.isMissing(oid)) continue;
      kept.push(oid);
      if (kept.length >= PREREQUISITE_LIMITS.suspects) break;
    }
    return kept;
  }

  /** Neither in the target nor applied already. */
  isMissing(oid: string): boolean {
    const commit = this.#ctx.index.commit(oid);
    return commit !== null && !this.base.taken.has(oid) && !isInTarget(presenceOf(this.#ctx, commit));
  }

  /** In upstream order: a parent before its child. */
  inOrder(oids: Iterable<string>): string[] {
    const num = (oid: string): number => this.#ctx.index.commit(oid)?.num ?? -1;
    return [...oids].sort((a, b) => num(a) - num(b));
  }
}
