import { splitLines } from "../image.ts";
import { align } from "./sequence.ts";
import { keyOfLine } from "./similar.ts";

/**
 * Merges three texts by lines, and by words where the lines conflict; white space is no difference. Null when both sides changed the same
 * words, or inserted at one place.
 * @param lenient where the words conflict too, make theirs in ours as far as ours has their place (transferWords)
 */
export function mergeByWords(base: string, ours: string, theirs: string, lenient = false): string | null {
  const [b, o, t] = [splitLines(base), splitLines(ours), splitLines(theirs)];
  const merged: string[] = [];
  for (const chunk of chunksOf(b.map(keyOfLine), o.map(keyOfLine), t.map(keyOfLine))) {
    const [inBase, inOurs, inTheirs] = [
      b.slice(...chunk.base).join(""),
      o.slice(...chunk.ours).join(""),
      t.slice(...chunk.theirs).join(""),
    ];
    const strict = oneSided(inBase, inOurs, inTheirs) ?? mergeWords(inBase, inOurs, inTheirs);
    const one = strict ?? (lenient ? transferWords(inBase, inOurs, inTheirs) : null);
    if (one === null) return null;
    merged.push(one);
  }
  return merged.join("");
}

function oneSided(base: string, ours: string, theirs: string): string | null {
  if (ours === base || ours === theirs) return theirs;
  return theirs === base ? ours : null;
}

/** Merges three pieces of text by words: the same rule as for lines. */
export function mergeWords(base: string, ours: string, theirs: string): string | null {
  const [b, o, t] = [wordsOf(base), wordsOf(ours), wordsOf(theirs)];
  const merged: string[] = [];
  for (const chunk of chunksOf(b.map(keyOfWord), o.map(keyOfWord), t.map(keyOfWord))) {
    const [inBase, inOurs, inTheirs] = [b.slice(...chunk.base), o.slice(...chunk.ours), t.slice(...chunk.theirs)];
    const [keyBase, keyOurs, keyTheirs] = [inBase, inOurs, inTheirs].map((words) => words.map(keyOfWord).join(" "));
    if (keyOurs === keyBase && keyTheirs !== keyBase) merged.push(...inTheirs.map(spelled));
    else if (keyTheirs === keyBase || keyOurs === keyTheirs) merged.push(...spacedLike(inBase, inOurs, inTheirs));
    else return null;
  }
  return merged.join("");
}

/**
 * Makes in `ours` the edits that lead from `base` to `theirs`, word by word: removed words must stand together, added ones go beside the word
 * that is left of their two neighbours. Weaker than a merge: it does not mind what else was changed beside them.
 */
export function transferWords(base: string, ours: string, theirs: string): string | null {
  const [b, o, t] = [wordsOf(base), wordsOf(ours), wordsOf(theirs)];
  const toOurs = align(b.map(keyOfWord), o.map(keyOfWord));
  const toTheirs = align(b.map(keyOfWord), t.map(keyOfWord));
  const result: string[] = [];
  let done = 0;
  let inTheirs = 0;
  for (let i = 0; i <= b.length; i++) {
    const start = i;
    while (i < b.length && (toTheirs[i] ?? -1) < 0) i++;
    const next = i === b.length ? t.length : (toTheirs[i] ?? 0);
    if (i > start || next > inTheirs) {
      const place = placeOfWords(toOurs, start, i, o.length);
      if (place === null || place[0] < done) return null;
      result.push(...o.slice(done, place[0]).map(spelled), ...t.slice(inTheirs, next).map(spelled));
      done = place[1];
    }
    inTheirs = next + 1;
  }
  return [...result, ...o.slice(done).map(spelled)].join("");
}

/** Where the words from `start` to `end` of the base stand in ours, or between which of ours an insertion belongs. */
function placeOfWords(toOurs: Int32Array, start: number, end: number, length: number): readonly [number, number] | null {
  const first = toOurs[start] ?? -1;
  if (end > start) {
    for (let i = start; i < end; i++) if (first < 0 || toOurs[i] !== first + i - start) return null;
    return [first, first + end - start];
  }
  const before = start === 0 ? -1 : (toOurs[start - 1] ?? -1);
  const after = start === toOurs.length ? length : first;
  if (start > 0 && before < 0) return after < 0 ? null : [after, after];
  if (after >= 0 && after !== before + 1) return null;
  return [before + 1, before + 1];
}

/** Words that stand here and there: with our white space, unless only they changed it. */
function spacedLike(base: readonly Word[], ours: readonly Word[], theirs: readonly Word[]): string[] {
  const same = base.length === ours.length && theirs.length === ours.length;
  return ours.map((word, i) => (same && word.space === base[i]?.space ? (theirs[i]?.space ?? word.space) : word.space) + word.text);
}

/** A part of a three-way merge: what the base, ours and theirs have between two places where all three agree. */
interface Chunk {
  readonly base: readonly [start: number, end: number];
  readonly ours: readonly [start: number, end: number];
  readonly theirs: readonly [start: number, end: number];
}

/** Cuts three sequences where an element of the base stands in both others: chunks that agree and chunks that differ. */
function chunksOf(base: readonly string[], ours: readonly string[], theirs: readonly string[]): Chunk[] {
  const toOurs = align(base, ours);
  const toTheirs = align(base, theirs);
  const chunks: Chunk[] = [];
  let [b, o, t] = [0, 0, 0];
  while (b < base.length || o < ours.length || t < theirs.length) {
    let stable = 0;
    while (b + stable < base.length && toOurs[b + stable] === o + stable && toTheirs[b + stable] === t + stable) stable++;
    let next: [number, number, number] = [b + stable, o + stable, t + stable];
    if (stable === 0) {
      let i = b;
      while (i < base.length && ((toOurs[i] ?? -1) < 0 || (toTheirs[i] ?? -1) < 0)) i++;
      next = i < base.length ? [i, toOurs[i] ?? 0, toTheirs[i] ?? 0] : [base.length, ours.length, theirs.length];
    }
    chunks.push({ base: [b, next[0]], ours: [o, next[1]], theirs: [t, next[2]] });
    [b, o, t] = next;
  }
  return chunks;
}

/** A word, a sign or a line feed, with the blanks before it. */
interface Word {
  readonly space: string;
  readonly text: string;
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(/([^\S\n]*)(\w+|\n|[^\s\w]|$)/g)].flatMap(([, space = "", word = ""]) =>
    space === "" && word === "" ? [] : [{ space, text: word }],
  );
}

function keyOfWord(word: Word): string {
  return word.text;
}

function spelled(word: Word): string {
  return word.space + word.text;
}
