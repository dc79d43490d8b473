import type { HistoryIndex, PostingField } from "../src/history/history-index.ts";
import type { Signature } from "../src/schema/signature.ts";

const K1 = 1.2;
const B = 0.75;
const LIST = 50;
const FIELDS: readonly PostingField[] = ["subject", "path", "identifier", "function"];
/** The pool of a case: its commits, the range that holds them, and the length of each, in changed lines. */
export interface Pool {
  readonly nums: ReadonlySet<number>;
  readonly low: number;
  readonly high: number;
  readonly sizes: ReadonlyMap<number, number>;
  readonly averageSize: number;
}

/** @param nums ascending, not empty */
export function openPool(index: HistoryIndex, nums: readonly number[]): Pool {
  const range = { low: nums[0] ?? 0, high: nums.at(-1) ?? 0 };
  const sizes = index.patchSizes(range);
  let total = 0;
  for (const num of nums) total += sizes.get(num) ?? 0;
  return { nums: new Set(nums), ...range, sizes, averageSize: total / Math.max(1, nums.length) };
}

/** Names of the functions of the stack, of their modules, and the pieces of both, each once. */
function wordsOf(signature: Signature): Set<string> {
  const words = new Set<string>();
  for (const { symbol, module, generic } of signature.frames) {
    if (generic === "irrelevant") continue;
    for (const name of module === null ? [symbol] : [symbol, module]) {
      words.add(name);
      for (const piece of name.split("_")) if (piece.length > 2) words.add(piece);
    }
  }
  return words;
}

/**
 * Plain BM25 of the names of the stack over subject, paths, identifiers of changed lines and functions of hunks, each word once per field;
 * the length of a commit is that of its patch.
 * @returns nums, best first
 */
export function bm25(index: HistoryIndex, signature: Signature, pool: Pool): number[] {
  const scores = new Map<number, number>();
  for (const word of wordsOf(signature)) {
    const frequencies = new Map<number, number>();
    for (const field of FIELDS) {
      for (const num of index.postings(field, word, pool)) if (pool.nums.has(num)) frequencies.set(num, (frequencies.get(num) ?? 0) + 1);
    }
    const rarity = Math.log(1 + (pool.nums.size - frequencies.size + 0.5) / (frequencies.size + 0.5));
    for (const [num, frequency] of frequencies) {
      const norm = K1 * (1 - B + (B * (pool.sizes.get(num) ?? 0)) / pool.averageSize);
      scores.set(num, (scores.get(num) ?? 0) + (rarity * frequency * (K1 + 1)) / (frequency + norm));
    }
  }
  return [...scores]
    .sort(([a, left], [b, right]) => right - left || b - a)
    .slice(0, LIST)
    .map(([num]) => num);
}

/**
 * The expert's way: `git log --grep` of each function of the stack that is not generic, in the order of the stack, the newest commit first.
 * Names are found as whole words of the messages that the index holds.
 * @returns nums
 */
export function grep(index: HistoryIndex, signature: Signature, pool: Pool): number[] {
  const found = new Set<number>();
  for (const { symbol, generic } of signature.frames) {
    if (generic !== "no") continue;
    const nums = new Set([...index.postings("subject", symbol, pool), ...index.postings("body", symbol, pool)]);
    const dated = [...nums].filter((num) => pool.nums.has(num)).map((num) => [num, index.commitByNum(num).committerDate] as const);
    for (const [num] of dated.sort(([a, left], [b, right]) => right - left || b - a)) found.add(num);
  }
  return [...found].slice(0, LIST);
}
