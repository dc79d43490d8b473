import { scanIdentifiers } from "./scan.ts";

/**
 * Collects which blobs hold, and which may define, which identifiers, as fast as JavaScript can: everything lies in typed arrays. A kernel
 * head has a million distinct identifiers and 8 million pairs of identifier and blob.
 */
export interface TokenTable {
  /** Adds the identifiers of a blob. Numbers of blobs must come in ascending order. Linear. */
  readonly add: (bytes: Uint8Array, blob: number) => void;
  /** Pairs of identifier and blob collected so far. */
  readonly pairs: () => number;
  /** Every identifier in the order of its bytes, with the blobs that hold it and those that may define it, ascending. */
  readonly postings: () => Generator<Posting>;
}

export interface Posting {
  readonly name: string;
  readonly holders: Int32Array;
  readonly definers: Int32Array;
}

/** The array, or a copy with room for as many numbers as needed. */
function grown(array: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  if (needed <= array.length) return array;
  const larger = new Int32Array(needed * 2);
  larger.set(array);
  return larger;
}

interface BlobLists {
  readonly note: (id: number, blob: number) => void;
  readonly size: () => number;
  /** The blobs of an id, ascending; nothing may be noted after the first call. */
  readonly sort: (ids: number) => (id: number) => Int32Array;
}

/** Blobs by id, collected blob by blob. */
function blobLists(): BlobLists {
  let last = new Int32Array(1 << 16);
  let counts = new Int32Array(1 << 16);
  let ids = new Int32Array(1 << 18);
  let blobs = new Int32Array(1 << 18);
  let size = 0;

  function note(id: number, blob: number): void {
    if (id >= last.length) {
      last = grown(last, id + 1);
      counts = grown(counts, id + 1);
    }
    if (last[id] === blob) return;
    last[id] = blob;
    counts[id] = (counts[id] ?? 0) + 1;
    if (size >= ids.length) {
      ids = grown(ids, size + 1);
      blobs = grown(blobs, size + 1);
    }
    ids[size] = id;
    blobs[size] = blob;
    size += 1;
  }

  function sort(most: number): (id: number) => Int32Array {
    const ends = new Int32Array(most + 1);
    for (let id = 0, sum = 0; id <= most; id++) {
      ends[id] = sum;
      sum += counts[id] ?? 0;
    }
    const sorted = new Int32Array(size);
    for (let at = 0; at < size; at++) {
      const id = ids[at] ?? 0;
      const place = ends[id] ?? 0;
      sorted[place] = blobs[at] ?? 0;
      ends[id] = place + 1;
    }
    return (id) => sorted.subarray((ends[id] ?? 0) - (counts[id] ?? 0), ends[id]);
  }
  return { note, size: () => size, sort };
}

interface Names {
  /** The number of the name that these bytes spell, from 1; a new one for a new name. */
  readonly idOf: (hash: number, bytes: Uint8Array, from: number, to: number) => number;
  readonly count: () => number;
  readonly nameOf: (id: number) => string;
}

/** Numbers names in the order of their first appearance: a hash table with open addressing, at most half full. */
function names(): Names {
  let count = 0;
  let slots = new Int32Array(1 << 18);
  let hashes = new Int32Array(1 << 16);
  /** Names lie behind each other in the pool; the end of one is the start of the next. */
  let starts = new Int32Array(1 << 16);
  let pool = Buffer.alloc(1 << 20);

  function widen(): void {
    slots = new Int32Array(slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 1; id <= count; id++) {
      let slot = (hashes[id] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
  }
  function isSpelled(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    let at = starts[id] ?? 0;
    if ((starts[id + 1] ?? 0) - at !== to - from) return false;
    for (let i = from; i < to; i++, at++) if (bytes[i] !== pool[at]) return false;
    return true;
  }
  function add(hash: number, bytes: Uint8Array, from: number, to: number): number {
    count += 1;
    starts = grown(starts, count + 2);
    hashes = grown(hashes, count + 1);
    const start = starts[count] ?? 0;
    if (start + to - from > pool.length) pool = Buffer.concat([pool], pool.length * 2);
    pool.set(bytes.subarray(from, to), start);
    starts[count + 1] = start + to - from;
    hashes[count] = hash;
    return count;
  }
  function idOf(hash: number, bytes: Uint8Array, from: number, to: number): number {
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let id = slots[slot] ?? 0; id !== 0; id = slots[slot] ?? 0) {
      if (hashes[id] === hash && isSpelled(id, bytes, from, to)) return id;
      slot = (slot + 1) & mask;
    }
    const id = add(hash, bytes, from, to);
    slots[slot] = id;
    if (count * 2 > slots.length) widen();
    return id;
  }
  return { idOf, count: () => count, nameOf: (id) => pool.toString("latin1", starts[id], starts[id + 1]) };
}

export function tokenTable(): TokenTable {
  const known = names();
  const holders = blobLists();
  const definers = blobLists();

  function add(bytes: Uint8Array, blob: number): void {
    scanIdentifiers(bytes, (from, to, hash, mayDefine) => {
      const id = known.idOf(hash, bytes, from, to);
      holders.note(id, blob);
      if (mayDefine) definers.note(id, blob);
    });
  }

  function* postings(): Generator<Posting> {
    const holdersOf = holders.sort(known.count());
    const definersOf = definers.sort(known.count());
    const all = Array.from({ length: known.count() }, (_, at) => ({ name: known.nameOf(at + 1), id: at + 1 }));
    all.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, id } of all) yield { name, holders: holdersOf(id), definers: definersOf(id) };
  }

  return { add, pairs: () => holders.size(), postings };
}
