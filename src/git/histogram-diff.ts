/**
 * Which lines of two texts differ, as git's histogram diff sees it: it is what `git merge` compares versions with (merge-ort). Both texts are
 * split at the run of equal lines that holds the rarest line of the old text, the longest such run first, and so on with what lies before and
 * behind it. Nothing is trimmed beforehand, and the order of the search decides between runs, so both are git's.
 */
export interface ChangedLines {
  /** 1 for a line that is gone; one more element, 0, stands behind the last line. */
  readonly old: Uint8Array;
  /** 1 for a line that is new; the same. */
  readonly fresh: Uint8Array;
}

/** A line that stands more often than this in the old text anchors nothing. */
const MOST_OCCURRENCES = 64;
/** Lines compared before git is asked instead: a hostile text must not hold up the thread. About 50 ms. */
const MOST_STEPS = 10_000_000;

interface Range {
  readonly oldFrom: number;
  readonly oldTo: number;
  readonly freshFrom: number;
  readonly freshTo: number;
}

/**
 * @param old numbers of the old lines
 * @param fresh numbers of the new lines
 * @param distinct all numbers are below this one
 * @returns null where git falls back to another method (all lines in common are too frequent), or the work is too much
 */
export function changedLines(old: Int32Array, fresh: Int32Array, distinct: number): ChangedLines | null {
  const changed = { old: new Uint8Array(old.length + 1), fresh: new Uint8Array(fresh.length + 1) };
  const search = anchorSearch(old, fresh, distinct);
  const todo: Range[] = [{ oldFrom: 0, oldTo: old.length, freshFrom: 0, freshTo: fresh.length }];
  for (let range = todo.pop(); range !== undefined; range = todo.pop()) {
    const { oldFrom, oldTo, freshFrom, freshTo } = range;
    const anchor = oldFrom === oldTo || freshFrom === freshTo ? "nothing in common" : search(range);
    if (anchor === "too hard") return null;
    if (anchor === "nothing in common") {
      changed.old.fill(1, oldFrom, oldTo);
      changed.fresh.fill(1, freshFrom, freshTo);
      continue;
    }
    todo.push({ oldFrom, oldTo: anchor.oldFrom, freshFrom, freshTo: anchor.freshFrom });
    todo.push({ oldFrom: anchor.oldTo, oldTo, freshFrom: anchor.freshTo, freshTo });
  }
  return changed;
}

type Anchor = Range | "nothing in common" | "too hard";

function anchorSearch(old: Int32Array, fresh: Int32Array, distinct: number): (range: Range) => Anchor {
  /** How often a line stands in the old range, its first place there plus one, and for each place the next one plus one; 0 for none. */
  const counts = new Int32Array(distinct);
  const firsts = new Int32Array(distinct);
  const nexts = new Int32Array(old.length);
  let steps = 0;

  return (range) => {
    const { oldFrom, oldTo, freshFrom, freshTo } = range;
    steps += oldTo - oldFrom + freshTo - freshFrom;
    for (let at = oldTo - 1; at >= oldFrom; at--) {
      const id = old[at] as number;
      nexts[at] = firsts[id] as number;
      firsts[id] = at + 1;
      counts[id] = (counts[id] as number) + 1;
    }
    let best: Range | null = null;
    let bestLength = 1;
    let rarity = MOST_OCCURRENCES + 1;
    let inCommon = false;
    for (let at = freshFrom; at < freshTo; ) {
      const id = fresh[at] as number;
      const count = counts[id] as number;
      let next = at + 1;
      inCommon ||= count > 0;
      for (let place = count > rarity ? 0 : (firsts[id] as number); place !== 0; ) {
        const run = longestRun(place - 1, at, range);
        const length = run.oldTo - run.oldFrom;
        next = Math.max(next, run.freshTo);
        if (length > bestLength || run.rarity < rarity) {
          best = run;
          bestLength = length;
          rarity = run.rarity;
        }
        // Occurrences within this run would only lead to it again.
        do place = nexts[place - 1] as number;
        while (place !== 0 && place <= run.oldTo);
      }
      at = next;
      if (steps > MOST_STEPS) return "too hard";
    }
    for (let at = oldFrom; at < oldTo; at++) {
      counts[old[at] as number] = 0;
      firsts[old[at] as number] = 0;
    }
    if (inCommon && rarity > MOST_OCCURRENCES) return "too hard";
    return best ?? "nothing in common";
  };

  /** The run of equal lines around a place, and how often the rarest of them stands in the old range. */
  function longestRun(oldAt: number, freshAt: number, range: Range): Range & { readonly rarity: number } {
    let [oldFrom, freshFrom, oldTo, freshTo] = [oldAt, freshAt, oldAt + 1, freshAt + 1];
    let rarity = counts[old[oldAt] as number] as number;
    while (oldFrom > range.oldFrom && freshFrom > range.freshFrom && old[oldFrom - 1] === fresh[freshFrom - 1]) {
      oldFrom--;
      freshFrom--;
      rarity = Math.min(rarity, counts[old[oldFrom] as number] as number);
    }
    while (oldTo < range.oldTo && freshTo < range.freshTo && old[oldTo] === fresh[freshTo]) {
      rarity = Math.min(rarity, counts[old[oldTo] as number] as number);
      oldTo++;
      freshTo++;
    }
    steps += oldTo - oldFrom;
    return { oldFrom, oldTo, freshFrom, freshTo, rarity };
  }
}
