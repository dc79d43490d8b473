/** Places of the fixes in the lists of one method, one per case. */
export interface Ranks {
  readonly name: string;
  /** 1 is the first; null when the fix is not in the list. */
  readonly ranks: readonly (number | null)[];
}

/** Share of the cases whose fix is among the first n. */
export function recallAt({ ranks }: Ranks, n: number): number {
  if (ranks.length === 0) return 0;
  return ranks.filter((rank) => rank !== null && rank <= n).length / ranks.length;
}

/** Mean of 1/rank over all cases; a fix that is not in the list counts 0. */
export function meanReciprocalRank({ ranks }: Ranks): number {
  let sum = 0;
  for (const rank of ranks) sum += rank === null ? 0 : 1 / rank;
  return ranks.length === 0 ? 0 : sum / ranks.length;
}

/** Where the first of the commits stands that is the fix, from 1. */
export function rankOf<T>(list: readonly T[], isFix: (one: T) => boolean): number | null {
  const at = list.findIndex(isFix);
  return at === -1 ? null : at + 1;
}

/** The figures of one method; names begin with `prefix` where it is not empty. */
export function rankFigures(ranks: Ranks, prefix: string): Record<string, number> {
  const named = (name: string) => (prefix === "" ? name : prefix + name.charAt(0).toUpperCase() + name.slice(1));
  return {
    [named("recall1")]: recallAt(ranks, 1),
    [named("recall10")]: recallAt(ranks, 10),
    [named("recall50")]: recallAt(ranks, 50),
    [named("mrr")]: meanReciprocalRank(ranks),
  };
}

/**
 * Two-sided sign test over the cases that one method has among the first ten and the other has not.
 * @returns the probability of a difference this large by chance; exact (binomial)
 */
export function pairedChance(a: Ranks, b: Ranks): number {
  const inFirstTen = (rank: number | null | undefined) => rank !== null && rank !== undefined && rank <= 10;
  let wins = 0;
  let losses = 0;
  for (const [at, rank] of a.ranks.entries()) {
    const other = inFirstTen(b.ranks[at]);
    if (inFirstTen(rank) === other) continue;
    if (other) losses += 1;
    else wins += 1;
  }
  const trials = wins + losses;
  let term = 0.5 ** trials;
  let tail = 0;
  for (let k = 0; k <= Math.min(wins, losses); k++) {
    tail += term;
    term *= (trials - k) / (k + 1);
  }
  return Math.min(1, 2 * tail);
}
