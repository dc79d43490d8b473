import type { PostingField } from "../history/history-index.ts";
import type { AnalysisContext } from "./context.ts";

/** Searches in the commits that may be candidates. */
export interface PoolSearch {
  /** Number of commits, for shares of it. */
  readonly size: number;
  /** Commits of the pool that have the term in one of the fields, each once. */
  find(term: string, ...fields: readonly PostingField[]): ReadonlySet<number>;
  /** How much one of `count` hits says: 1 for a single one, 0 for what every commit has (inverse document frequency). */
  rarity(count: number): number;
  /** How much a changed line of this commit says: 1 for a patch of average length, up to 2 for a short one, less for a long one (BM25). */
  brevity(num: number): number;
}

/** The usual constants of BM25. */
const K1 = 1.2;
const B = 0.75;

/** In a smaller pool everything is common, which says nothing about a word. */
const LEAST_SIZE = 5000;

/** Reads the lengths of the pool's patches; 30 ms for 60,000. */
export function openPoolSearch({ index, upstreamOnly, isUpstreamOnly }: AnalysisContext): PoolSearch {
  const range = { low: upstreamOnly[0] ?? 0, high: upstreamOnly.at(-1) ?? 0 };
  const sizes = index.patchSizes(range);
  let total = 0;
  for (const num of upstreamOnly) total += sizes.get(num) ?? 0;
  const average = Math.max(1, total / Math.max(1, sizes.size));
  const size = Math.max(LEAST_SIZE, upstreamOnly.length);
  const most = Math.log(1 + size);
  return {
    size,
    find: (term, ...fields) => {
      const found = new Set<number>();
      for (const field of fields) for (const num of index.postings(field, term, range)) if (isUpstreamOnly.has(num)) found.add(num);
      return found;
    },
    rarity: (count) => (count === 0 ? 0 : Math.log(1 + (size - count + 0.5) / (count + 0.5)) / most),
    brevity: (num) => (K1 + 1) / (1 + K1 * (1 - B + (B * (sizes.get(num) ?? average)) / average)),
  };
}
