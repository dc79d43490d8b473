import type { CommitSet } from "./history-index.ts";
import type { IndexDatabase } from "./index-file.ts";

/** The parents of every commit, by num, in two flat arrays: those of `num` stand at starts[num] up to starts[num + 1]. */
export interface CommitGraph {
  /** Largest num. */
  readonly last: number;
  readonly starts: Int32Array;
  readonly parents: Int32Array;
}

/** Reads the graph. 0.1 s for 234,000 commits. */
export function loadGraph(db: IndexDatabase): CommitGraph {
  const last = Number(db.prepare("SELECT ifnull(max(num), 0) FROM commits").pluck().get());
  const edges = Number(db.prepare("SELECT count(*) FROM parents WHERE child <= ?").pluck().get(last));
  const starts = new Int32Array(last + 2);
  const parents = new Int32Array(edges);
  let at = 0;
  let filled = 0;
  const rows = db.prepare("SELECT child, parent FROM parents WHERE child <= ? ORDER BY child, position").raw().iterate(last);
  for (const row of rows as IterableIterator<[number, number]>) {
    while (filled <= row[0]) starts[filled++] = at;
    parents[at++] = row[1];
  }
  while (filled < starts.length) starts[filled++] = at;
  return { last, starts, parents };
}

export interface NumLookup {
  readonly find: (oid: string) => number | undefined;
  /** @throws RangeError when the index has no such commit */
  readonly get: (oid: string) => number;
}

/** Finds the num of a commit. */
export function numLookup(db: IndexDatabase): NumLookup {
  const select = db.prepare("SELECT num FROM commits WHERE oid = ?").pluck();
  const find = (oid: string) => select.get(Buffer.from(oid, "hex")) as number | undefined;
  return {
    find,
    get: (oid) => {
      const num = find(oid);
      if (num === undefined) throw new RangeError(`the index has no commit ${oid}`);
      return num;
    },
  };
}

export function parentsOf(graph: CommitGraph, num: number): Int32Array {
  return graph.parents.subarray(graph.starts[num], graph.starts[num + 1]);
}

/** Is the commit a merge. */
export function isMerge(graph: CommitGraph, num: number): boolean {
  return (graph.starts[num + 1] ?? 0) - (graph.starts[num] ?? 0) > 1;
}

export function hasBit(bits: Uint8Array, num: number): boolean {
  return (((bits[num >> 3] ?? 0) >> (num & 7)) & 1) === 1;
}

function setBit(bits: Uint8Array, num: number): void {
  bits[num >> 3] = (bits[num >> 3] ?? 0) | (1 << (num & 7));
}

/** Bit `num` is set for every commit reachable from `tip`, itself included. Parents have smaller nums, so one pass downwards is enough. */
export function reachableBits(graph: CommitGraph, tip: number): Uint8Array {
  const bits = new Uint8Array((tip >> 3) + 1);
  setBit(bits, tip);
  for (let num = tip; num > 0; num--) {
    if (!hasBit(bits, num)) continue;
    for (const parent of parentsOf(graph, num)) setBit(bits, parent);
  }
  return bits;
}

/** Nums of commits without a child, ascending. */
export function childless(graph: CommitGraph): number[] {
  const hasChild = new Uint8Array((graph.last >> 3) + 1);
  for (const parent of graph.parents) setBit(hasChild, parent);
  const nums: number[] = [];
  for (let num = 1; num <= graph.last; num++) {
    if (!hasBit(hasChild, num)) nums.push(num);
  }
  return nums;
}

/** Nums set in any of `from` and in none of `not`, merges left out, ascending. */
export function difference(graph: CommitGraph, from: readonly Uint8Array[], not: readonly Uint8Array[]): number[] {
  const nums: number[] = [];
  const bytes = Math.max(0, ...from.map((bits) => bits.length));
  for (let at = 0; at < bytes; at++) {
    let byte = 0;
    for (const bits of from) byte |= bits[at] ?? 0;
    for (const bits of not) byte &= ~(bits[at] ?? 0);
    for (let bit = 0; byte >> bit !== 0; bit++) {
      const num = at * 8 + bit;
      if ((byte >> bit) & 1 && !isMerge(graph, num)) nums.push(num);
    }
  }
  return nums;
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** A bitmap as a set. */
export function commitSet(bits: Uint8Array): CommitSet {
  let size = 0;
  for (const byte of bits) size += ONES[byte] ?? 0;
  return { has: (num) => hasBit(bits, num), size };
}
