import { type ChangeGroup, changeGroups } from "./change-groups.ts";

/** A region of our text and the region of theirs that stands at its place. */
export interface Region {
  /** Whose text stands there in the merged file. Where both changed it differently that is a conflict; `same`: both changed it alike. */
  readonly kind: "ours" | "theirs" | "same" | "conflict";
  readonly ourAt: number;
  readonly ourCount: number;
  readonly theirAt: number;
  readonly theirCount: number;
}

/** Lines of the three versions as numbers below `distinct`. */
export interface Versions {
  readonly base: Int32Array;
  readonly ours: Int32Array;
  readonly theirs: Int32Array;
  readonly distinct: number;
}

/** Conflicts with at most so many lines between them are one. */
const LINES_BETWEEN = 3;

/**
 * What a three-way merge does where the versions differ, in order, as git does it (xdiff's merge at the level `zealous`): changes of the sides that
 * neither overlap nor touch in the base are taken. Overlapping ones are compared with each other, and conflict where they differ.
 * @returns null where the diff is left to git
 */
export function mergeRegions(versions: Versions): Region[] | null {
  const { base, ours, theirs, distinct } = versions;
  const theirGroups = changeGroups(base, theirs, distinct);
  const ourGroups = theirGroups === null ? null : changeGroups(base, ours, distinct);
  if (theirGroups === null || ourGroups === null) return null;
  const refined: Region[] = [];
  for (const region of joined(versions, ourGroups, theirGroups)) {
    const parts = region.kind === "conflict" ? refine(versions, region) : [region];
    if (parts === null) return null;
    refined.push(...parts);
  }
  return withoutShortGaps(refined);
}

function joined({ base, ours, theirs }: Versions, mine: readonly ChangeGroup[], yours: readonly ChangeGroup[]): Region[] {
  const regions: Region[] = [];
  let [m, y] = [0, 0];
  for (;;) {
    const [a, b] = [mine[m], yours[y]];
    if (a !== undefined && (b === undefined || a.oldAt + a.oldCount < b.oldAt)) {
      const theirAt = a.oldAt + (b === undefined ? theirs.length - base.length : b.freshAt - b.oldAt);
      append(regions, { kind: "ours", ourAt: a.freshAt, ourCount: a.freshCount, theirAt, theirCount: a.oldCount });
      m++;
    } else if (b !== undefined && (a === undefined || b.oldAt + b.oldCount < a.oldAt)) {
      const ourAt = b.oldAt + (a === undefined ? ours.length - base.length : a.freshAt - a.oldAt);
      append(regions, { kind: "theirs", ourAt, ourCount: b.oldCount, theirAt: b.freshAt, theirCount: b.freshCount });
      y++;
    } else if (a !== undefined && b !== undefined) {
      const alike = a.oldAt === b.oldAt && a.oldCount === b.oldCount && a.freshCount === b.freshCount;
      if (!alike || !isEqualRun(ours, a.freshAt, theirs, b.freshAt, a.freshCount)) append(regions, overlap(a, b));
      const [aEnd, bEnd] = [a.oldAt + a.oldCount, b.oldAt + b.oldCount];
      if (aEnd >= bEnd) y++;
      if (bEnd >= aEnd) m++;
    } else return regions;
  }
}

/** Both groups, each widened by what only the other one covers of the base. */
function overlap(a: ChangeGroup, b: ChangeGroup): Region {
  const before = a.oldAt - b.oldAt;
  const behind = b.oldAt + b.oldCount - (a.oldAt + a.oldCount);
  const ourAt = a.freshAt - Math.max(before, 0);
  const theirAt = b.freshAt + Math.min(before, 0);
  const ourEnd = a.freshAt + a.freshCount + Math.max(behind, 0);
  const theirEnd = b.freshAt + b.freshCount - Math.min(behind, 0);
  return { kind: "conflict", ourAt, ourCount: ourEnd - ourAt, theirAt, theirCount: theirEnd - theirAt };
}

/** Regions that touch become one, which is a conflict unless they are of the same side. */
function append(regions: Region[], next: Region): void {
  const last = regions.at(-1);
  if (last === undefined || (next.ourAt > last.ourAt + last.ourCount && next.theirAt > last.theirAt + last.theirCount)) regions.push(next);
  else regions[regions.length - 1] = spanning(last, next, last.kind === next.kind ? last.kind : "conflict");
}

function spanning(first: Region, last: Region, kind: Region["kind"]): Region {
  const { ourAt, theirAt } = first;
  return { kind, ourAt, ourCount: last.ourAt + last.ourCount - ourAt, theirAt, theirCount: last.theirAt + last.theirCount - theirAt };
}

/** Only where the sides differ they conflict. Where one of them is empty git does not look closer. */
function refine({ ours, theirs, distinct }: Versions, region: Region): Region[] | null {
  const { ourAt, ourCount, theirAt, theirCount } = region;
  if (ourCount === 0 || theirCount === 0) return [region];
  const groups = changeGroups(ours.subarray(ourAt, ourAt + ourCount), theirs.subarray(theirAt, theirAt + theirCount), distinct);
  if (groups === null) return null;
  if (groups.length === 0) return [{ ...region, kind: "same" }];
  return groups.map(({ oldAt, oldCount, freshAt, freshCount }) => ({
    kind: "conflict",
    ourAt: ourAt + oldAt,
    ourCount: oldCount,
    theirAt: theirAt + freshAt,
    theirCount: freshCount,
  }));
}

function withoutShortGaps(regions: readonly Region[]): Region[] {
  const kept: Region[] = [];
  for (const region of regions) {
    const last = kept.at(-1);
    const isNear = last?.kind === "conflict" && region.kind === "conflict" && region.ourAt - last.ourAt - last.ourCount <= LINES_BETWEEN;
    if (last !== undefined && isNear) kept[kept.length - 1] = spanning(last, region, "conflict");
    else kept.push(region);
  }
  return kept;
}

function isEqualRun(a: Int32Array, aAt: number, b: Int32Array, bAt: number, count: number): boolean {
  for (let at = 0; at < count; at++) if (a[aAt + at] !== b[bAt + at]) return false;
  return true;
}
