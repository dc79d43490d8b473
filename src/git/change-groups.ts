import { type ChangedLines, changedLines } from "./histogram-diff.ts";

/** A group of changed lines: `oldCount` lines from `oldAt` on gave way to `freshCount` lines from `freshAt` on. */
export interface ChangeGroup {
  readonly oldAt: number;
  readonly oldCount: number;
  readonly freshAt: number;
  readonly freshCount: number;
}

/** A run of changed lines between two unchanged ones; empty where two unchanged lines meet. */
interface Run {
  from: number;
  to: number;
}

/**
 * Where a run may stand higher or lower without changing what the diff says, git moves it: as far up as it goes, then as far down, joining the
 * runs that it meets; and back up to the lowest place where a run of the other text stands beside it, if there is one. (The documentation of
 * `--indent-heuristic` tells the rest, which merges do not use.)
 */
function settle(lines: Int32Array, changed: Uint8Array, other: Uint8Array): void {
  const run = firstRun(changed);
  const beside = firstRun(other);
  const moveUp = () => {
    if (run.from === 0 || lines[run.from - 1] !== lines[run.to - 1]) return false;
    changed[--run.from] = 1;
    changed[--run.to] = 0;
    while (run.from > 0 && changed[run.from - 1] === 1) run.from--;
    previousRun(other, beside);
    return true;
  };
  const moveDown = () => {
    if (run.to === lines.length || lines[run.from] !== lines[run.to]) return false;
    changed[run.from++] = 0;
    changed[run.to++] = 1;
    while (changed[run.to] === 1) run.to++;
    nextRun(other, beside);
    return true;
  };
  do {
    if (run.from === run.to) continue;
    let size: number;
    let highest: number;
    let aligned: boolean;
    do {
      size = run.to - run.from;
      while (moveUp());
      highest = run.to;
      aligned = beside.to > beside.from;
      while (moveDown()) aligned ||= beside.to > beside.from;
    } while (size !== run.to - run.from);
    if (run.to !== highest && aligned) while (beside.to === beside.from && moveUp());
  } while (nextRun(changed, run) && nextRun(other, beside));
}

function firstRun(changed: Uint8Array): Run {
  const run = { from: 0, to: 0 };
  while (changed[run.to] === 1) run.to++;
  return run;
}

function nextRun(changed: Uint8Array, run: Run): boolean {
  if (run.to === changed.length - 1) return false;
  run.from = run.to + 1;
  run.to = run.from;
  while (changed[run.to] === 1) run.to++;
  return true;
}

function previousRun(changed: Uint8Array, run: Run): void {
  if (run.from === 0) return;
  run.to = run.from - 1;
  run.from = run.to;
  while (run.from > 0 && changed[run.from - 1] === 1) run.from--;
}

function groupsOf({ old, fresh }: ChangedLines): ChangeGroup[] {
  const groups: ChangeGroup[] = [];
  let [oldAt, freshAt] = [0, 0];
  while (oldAt < old.length || freshAt < fresh.length) {
    const [oldFrom, freshFrom] = [oldAt, freshAt];
    while (old[oldAt] === 1) oldAt++;
    while (fresh[freshAt] === 1) freshAt++;
    if (oldAt > oldFrom || freshAt > freshFrom) {
      groups.push({ oldAt: oldFrom, oldCount: oldAt - oldFrom, freshAt: freshFrom, freshCount: freshAt - freshFrom });
    }
    oldAt++;
    freshAt++;
  }
  return groups;
}

/**
 * The changes between two versions of a text, as git's merge sees them, in order.
 * @param distinct all numbers of lines are below this one
 * @returns null where git must be asked
 */
export function changeGroups(old: Int32Array, fresh: Int32Array, distinct: number): ChangeGroup[] | null {
  const changed = changedLines(old, fresh, distinct);
  if (changed === null) return null;
  settle(old, changed.old, changed.fresh);
  settle(fresh, changed.fresh, changed.old);
  return groupsOf(changed);
}
