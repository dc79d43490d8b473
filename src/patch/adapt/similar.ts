import { align } from "./sequence.ts";

/** Lines with a smaller share of common words are no forms of one line. */
const LEAST_SIMILAR = 0.5;
/** Longer gaps are not searched: nothing in them is near to anything. */
const LONGEST_GAP = 200;

/** How the lines of two texts correspond. */
export interface Correspondence {
  /** For each line of the base the same line of the target (white space is no difference), or -1. */
  readonly same: Int32Array;
  /** The same, and in the gaps between such lines the most similar ones, in order. */
  readonly alike: Int32Array;
}

export function keyOfLine(line: string): string {
  return line.replace(/\s+/g, "");
}

/** Pairs the lines of a file, or of a function, before the change with those of the target. */
export function correspond(base: readonly string[], target: readonly string[]): Correspondence {
  const same = align(base.map(keyOfLine), target.map(keyOfLine));
  const alike = same.slice();
  let start = 0;
  let targetStart = 0;
  for (let i = 0; i <= base.length; i++) {
    const j = i === base.length ? target.length : (same[i] ?? -1);
    if (j < 0) continue;
    pairSimilar(alike, base, start, i, target, targetStart, j);
    start = i + 1;
    targetStart = j + 1;
  }
  return { same, alike };
}

/** The pairing, in order, with the largest sum of similarities. */
function pairSimilar(
  alike: Int32Array,
  base: readonly string[],
  start: number,
  end: number,
  target: readonly string[],
  targetStart: number,
  targetEnd: number,
): void {
  const rows = end - start;
  const columns = targetEnd - targetStart;
  if (rows === 0 || columns === 0 || rows > LONGEST_GAP || columns > LONGEST_GAP) return;
  const ours = target.slice(targetStart, targetEnd).map(wordsOf);
  const score = Array.from({ length: rows }, (_, r) => {
    const words = wordsOf(base[start + r] ?? "");
    return ours.map((other) => similarityOf(words, other));
  });
  const best = Array.from({ length: rows + 1 }, () => new Float64Array(columns + 1));
  for (let r = rows - 1; r >= 0; r--) {
    for (let c = columns - 1; c >= 0; c--) {
      const pair = score[r]?.[c] ?? 0;
      const paired = pair < LEAST_SIMILAR ? 0 : pair + (best[r + 1]?.[c + 1] ?? 0);
      const row = best[r];
      if (row !== undefined) row[c] = Math.max(paired, best[r + 1]?.[c] ?? 0, row[c + 1] ?? 0);
    }
  }
  for (let r = 0, c = 0; r < rows && c < columns; ) {
    const here = best[r]?.[c] ?? 0;
    if (here === (best[r + 1]?.[c] ?? 0)) r++;
    else if (here === (best[r]?.[c + 1] ?? 0)) c++;
    else alike[start + r++] = targetStart + c++;
  }
}

/** Lines that say nearly the same, for one that is looked for in a whole file. */
const NEAR = 0.75;

export function areForms(a: string, b: string): boolean {
  return similarityOf(wordsOf(a), wordsOf(b)) >= NEAR;
}

function wordsOf(line: string): Map<string, number> {
  const words = new Map<string, number>();
  for (const [word] of line.matchAll(/\w+|[^\s\w]/g)) words.set(word, (words.get(word) ?? 0) + 1);
  return words;
}

/** Twice the common words by all words; names weigh as much as they are long, up to eight, signs one half. */
function similarityOf(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const weight = (word: string) => (/\w/.test(word) ? Math.min(word.length, 8) : 0.5);
  let common = 0;
  let all = 0;
  for (const [word, count] of a) {
    all += count * weight(word);
    common += Math.min(count, b.get(word) ?? 0) * weight(word);
  }
  for (const [word, count] of b) all += count * weight(word);
  return all === 0 ? 0 : (2 * common) / all;
}
