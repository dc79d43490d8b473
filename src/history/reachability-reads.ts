import { type CommitGraph, commitSet, difference, hasBit, loadGraph, numLookup, reachableBits } from "./commit-graph.ts";
import type { HistoryIndex } from "./history-index.ts";
import type { IndexDatabase } from "./index-file.ts";

/** Walks remembered beside the stored bitmaps of heads; each is one bit per commit. */
const MOST_REMEMBERED = 32;

type ReachabilityReads = Pick<HistoryIndex, "reachable" | "contains" | "range" | "withPatch">;

export function reachabilityReads(db: IndexDatabase): ReachabilityReads {
  const nums = numLookup(db);
  const selectHead = db.prepare("SELECT reachable FROM heads WHERE oid = ?").pluck();
  const selectPatches = db.prepare("SELECT num FROM patches ORDER BY num").pluck();
  const remembered = new Map<string, Uint8Array>();
  let graph: CommitGraph | null = null;

  /** The graph, read again when the index has grown beyond it. */
  function graphWith(num: number): CommitGraph {
    if (graph === null || graph.last < num) graph = loadGraph(db);
    return graph;
  }

  function bitsOf(oid: string): Uint8Array {
    const known = remembered.get(oid);
    if (known !== undefined) return known;
    const num = nums.get(oid);
    const bits = (selectHead.get(Buffer.from(oid, "hex")) as Buffer | undefined) ?? reachableBits(graphWith(num), num);
    for (const oldest of remembered.keys()) {
      if (remembered.size < MOST_REMEMBERED) break;
      remembered.delete(oldest);
    }
    remembered.set(oid, bits);
    return bits;
  }

  return {
    reachable: (oid) => commitSet(bitsOf(oid)),
    contains: (oid, ancestor) => {
      const num = nums.find(ancestor);
      return num !== undefined && hasBit(bitsOf(oid), num);
    },
    range: (from, not) => {
      const bits = from.map(bitsOf);
      const last = Math.max(0, ...bits.map((each) => each.length * 8 - 8));
      return difference(graphWith(last), bits, not.map(bitsOf));
    },
    withPatch: (nums) => {
      const wanted = new Set(nums);
      let count = 0;
      for (const num of selectPatches.iterate() as IterableIterator<number>) {
        if (wanted.has(num)) count += 1;
      }
      return count;
    },
  };
}
