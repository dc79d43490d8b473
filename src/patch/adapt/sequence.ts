/** A table of a longest common subsequence with more cells than this is not computed: what it would pair says nothing any more. */
const MOST_CELLS = 4_000_000;

/** Elements of fewer characters are no anchors where longer ones are: `if (ret)` stands once by accident. */
const LONG = 12;

/**
 * Pairs equal elements of two sequences, ascending on both sides: elements that stand once in both first (they are the least likely to be
 * paired by accident), a longest common subsequence between them. Deterministic.
 * @returns for each element of `a` the index of its partner in `b`, or -1
 */
export function align(a: readonly string[], b: readonly string[]): Int32Array {
  const partner = new Int32Array(a.length).fill(-1);
  const todo: [aStart: number, aEnd: number, bStart: number, bEnd: number][] = [[0, a.length, 0, b.length]];
  for (let range = todo.pop(); range !== undefined; range = todo.pop()) {
    let [aStart, aEnd, bStart, bEnd] = range;
    while (aStart < aEnd && bStart < bEnd && a[aStart] === b[bStart]) partner[aStart++] = bStart++;
    while (aStart < aEnd && bStart < bEnd && a[aEnd - 1] === b[bEnd - 1]) partner[--aEnd] = --bEnd;
    if (aStart === aEnd || bStart === bEnd) continue;
    const long = uniquePairs(a, aStart, aEnd, b, bStart, bEnd, LONG);
    const anchors = long.length > 0 ? long : uniquePairs(a, aStart, aEnd, b, bStart, bEnd, 1);
    if (anchors.length === 0) {
      pairCommon(partner, a, aStart, aEnd, b, bStart, bEnd);
      continue;
    }
    for (const [i, j] of [...anchors, [aEnd, bEnd] as const]) {
      if (i < aEnd) partner[i] = j;
      todo.push([aStart, i, bStart, j]);
      aStart = i + 1;
      bStart = j + 1;
    }
  }
  return partner;
}

/** The longest ascending run of elements that stand once on either side. */
function uniquePairs(
  a: readonly string[],
  aStart: number,
  aEnd: number,
  b: readonly string[],
  bStart: number,
  bEnd: number,
  least: number,
) {
  const inA = onceIn(a, aStart, aEnd, least);
  const inB = onceIn(b, bStart, bEnd, least);
  const pairs: (readonly [number, number])[] = [];
  for (const [element, i] of inA) {
    const j = inB.get(element);
    if (i !== null && j !== undefined && j !== null) pairs.push([i, j]);
  }
  return longestAscending(pairs);
}

/** Where each element that holds a word stands; null when more than once. */
function onceIn(of: readonly string[], start: number, end: number, least: number): Map<string, number | null> {
  const places = new Map<string, number | null>();
  for (let i = start; i < end; i++) {
    const element = of[i] ?? "";
    // A brace or a blank line that stands once is paired by its neighbours.
    if (element.length >= least && /\w/.test(element)) places.set(element, places.has(element) ? null : i);
  }
  return places;
}

/** Patience sorting: the longest subsequence whose second members ascend; first members ascend as given. */
function longestAscending(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const piles: number[] = [];
  const before: number[] = [];
  for (const [at, [, j]] of pairs.entries()) {
    let low = 0;
    let high = piles.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[piles[middle] ?? 0]?.[1] ?? 0) < j) low = middle + 1;
      else high = middle;
    }
    before[at] = piles[low - 1] ?? -1;
    piles[low] = at;
  }
  const found: (readonly [number, number])[] = [];
  for (let at = piles.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) {
    const pair = pairs[at];
    if (pair !== undefined) found.push(pair);
  }
  return found.reverse();
}

function pairCommon(
  partner: Int32Array,
  a: readonly string[],
  aStart: number,
  aEnd: number,
  b: readonly string[],
  bStart: number,
  bEnd: number,
): void {
  const width = bEnd - bStart + 1;
  if ((aEnd - aStart + 1) * width > MOST_CELLS) return;
  const longest = new Uint16Array((aEnd - aStart + 1) * width);
  for (let i = aEnd - 1; i >= aStart; i--) {
    const row = (i - aStart) * width;
    for (let j = bEnd - 1; j >= bStart; j--) {
      const at = row + j - bStart;
      longest[at] = a[i] === b[j] ? (longest[at + width + 1] ?? 0) + 1 : Math.max(longest[at + width] ?? 0, longest[at + 1] ?? 0);
    }
  }
  let i = aStart;
  let j = bStart;
  while (i < aEnd && j < bEnd) {
    const at = (i - aStart) * width + j - bStart;
    if (a[i] === b[j]) partner[i++] = j++;
    else if ((longest[at + width] ?? 0) >= (longest[at + 1] ?? 0)) i++;
    else j++;
  }
}
