/** A text as numbers: equal lines, line feed included, have equal numbers in all texts of one table. */
export interface NumberedLines {
  readonly bytes: Buffer;
  readonly ids: Int32Array;
  /** Where each line begins, and at last the length of the text. */
  readonly starts: Int32Array;
}

interface BaseLines extends NumberedLines {
  /** By number: the line that stands once in the text, or a negative number. */
  readonly places: Int32Array;
}

const LINE_FEED = 10;
const NONE = -1;
/** Bytes compared one by one before blocks of bytes are. */
const FIRST_BYTES = 32;
const FIRST_BLOCK = 256;
const LARGEST_BLOCK = 65_536;

interface LineTable {
  numberOf(bytes: Buffer, from: number, to: number, hash: number): number;
  size(): number;
}

/** Numbers from 0 on in the order of first appearance. Open addressing, at most half full. */
function lineTable(): LineTable {
  let slots = new Int32Array(4096).fill(NONE);
  let hashes = new Int32Array(slots.length / 2);
  let places = new Int32Array(slots.length / 2);
  let lengths = new Int32Array(slots.length / 2);
  const owners: Buffer[] = [];

  function grow(): void {
    slots = new Int32Array(slots.length * 4).fill(NONE);
    hashes = copyOf(hashes, slots.length / 2);
    places = copyOf(places, slots.length / 2);
    lengths = copyOf(lengths, slots.length / 2);
    for (let id = 0; id < owners.length; id++) {
      let slot = (hashes[id] as number) & (slots.length - 1);
      while (slots[slot] !== NONE) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = id;
    }
  }

  function numberOf(bytes: Buffer, from: number, to: number, hash: number): number {
    for (let slot = hash & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
      const id = slots[slot] as number;
      if (id === NONE) {
        slots[slot] = owners.length;
        hashes[owners.length] = hash;
        places[owners.length] = from;
        lengths[owners.length] = to - from;
        if (owners.push(bytes) * 2 >= slots.length) grow();
        return owners.length - 1;
      }
      if (hashes[id] !== hash || lengths[id] !== to - from) continue;
      if (isEqual(owners[id] as Buffer, places[id] as number, bytes, from, to - from)) return id;
    }
  }

  return { numberOf, size: () => owners.length };
}

function copyOf(old: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(old);
  return larger;
}

function isEqual(a: Buffer, aFrom: number, b: Buffer, bFrom: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (a[aFrom + at] !== b[bFrom + at]) return false;
  return true;
}

/** A list of 32-bit numbers that grows. */
function numberList(expected: number) {
  let items = new Int32Array(expected);
  let count = 0;
  return {
    add: (value: number) => {
      if (count === items.length) items = copyOf(items, count * 2);
      items[count++] = value;
    },
    all: () => items.subarray(0, count),
  };
}

/**
 * Numbers the lines of a text. Where it goes on as the base does, the numbers are taken from there without looking at the lines: versions of one
 * file are mostly equal, and comparing blocks of bytes is much faster than lines.
 */
function numberText(table: LineTable, bytes: Buffer, base: BaseLines | null): NumberedLines {
  const expected = 64 + (base === null ? bytes.length >> 5 : base.ids.length);
  const ids = numberList(expected);
  const starts = numberList(expected + 1);
  let at = 0;
  let baseLine = 0;
  while (at < bytes.length) {
    if (base !== null) {
      const end = endOfCommonLines(base, baseLine, bytes, at);
      const shift = at - (base.starts[baseLine] ?? 0);
      for (; baseLine < end; baseLine++) {
        ids.add(base.ids[baseLine] as number);
        starts.add((base.starts[baseLine] as number) + shift);
        at = (base.starts[baseLine + 1] as number) + shift;
      }
      if (at === bytes.length) break;
    }
    const from = at;
    let hash = 0;
    while (at < bytes.length) {
      const byte = bytes[at++] as number;
      hash = (Math.imul(hash, 31) + byte) | 0;
      if (byte === LINE_FEED) break;
    }
    const id = table.numberOf(bytes, from, at, hash ^ (hash >>> 15));
    ids.add(id);
    starts.add(from);
    const place = base?.places[id] ?? NONE;
    baseLine = place < 0 ? baseLine + 1 : place + 1;
  }
  starts.add(bytes.length);
  return { bytes, ids: ids.all(), starts: starts.all() };
}

/** Behind the last of the lines of the base, from one on, that stand at a place of the text too. */
function endOfCommonLines(base: BaseLines, line: number, bytes: Buffer, at: number): number {
  if (line >= base.ids.length) return line;
  const from = base.starts[line] as number;
  const length = commonLength(base.bytes, from, bytes, at);
  let end = line;
  while (end < base.ids.length && (base.starts[end + 1] as number) <= from + length) end++;
  // A last line without line feed is equal to the beginning of longer ones.
  const isCut = end === base.ids.length && base.bytes[base.bytes.length - 1] !== LINE_FEED && at + length !== bytes.length;
  return isCut ? end - 1 : end;
}

/** How many bytes are equal from two places on. */
function commonLength(a: Buffer, aFrom: number, b: Buffer, bFrom: number): number {
  const most = Math.min(a.length - aFrom, b.length - bFrom);
  let length = 0;
  while (length < most && length < FIRST_BYTES && a[aFrom + length] === b[bFrom + length]) length++;
  if (length < FIRST_BYTES) return length;
  const isBlockEqual = (size: number) => a.compare(b, bFrom + length, bFrom + length + size, aFrom + length, aFrom + length + size) === 0;
  let block = FIRST_BLOCK;
  for (; length + block <= most && isBlockEqual(block); block = Math.min(block * 2, LARGEST_BLOCK)) length += block;
  for (; block >= FIRST_BYTES; block >>= 1) if (length + block <= most && isBlockEqual(block)) length += block;
  while (length < most && a[aFrom + length] === b[bFrom + length]) length++;
  return length;
}

function placesIn(ids: Int32Array, distinct: number): Int32Array {
  const places = new Int32Array(distinct).fill(NONE);
  for (const [line, id] of ids.entries()) places[id] = places[id] === NONE ? line : NONE - 1;
  return places;
}

/**
 * Numbers the lines of a text and of other versions of it.
 * @returns the versions, the base first, and how many different lines they have
 */
export function numberLines(base: Buffer, others: readonly Buffer[]): { readonly versions: NumberedLines[]; readonly distinct: number } {
  const table = lineTable();
  const first = numberText(table, base, null);
  const places = placesIn(first.ids, table.size());
  const versions = [first, ...others.map((bytes) => numberText(table, bytes, { ...first, places }))];
  return { versions, distinct: table.size() };
}
