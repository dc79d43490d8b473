import type { RawEntry } from "./raw-tree.ts";
import { type Fingerprint, fingerprintOf, similarTo, sizesAllow } from "./similarity.ts";

export interface LostFilesStore {
  /** Files of the second tree at whose paths the first has none. */
  added(from: string, to: string): Promise<readonly RawEntry[]>;
  /** Sizes of blobs, in bytes; null for what is missing or no blob. */
  sizes(oids: readonly string[]): Promise<readonly (number | null)[]>;
  readBlob(oid: string): Promise<Buffer | null>;
}

export interface LostFiles {
  /**
   * True when none of these files of the base can stand in our tree under another name, as git sees it: it looks for them among the files that our
   * tree has and the base has not, by equal content and by similarity (diffcore-rename.c). False when one may, and where it cannot be said.
   */
  areGone(files: readonly RawEntry[], base: string, ours: string): Promise<boolean>;
}

const REGULAR = /^100/;
/** More are left to git. */
const MOST_ADDED = 20_000;
/** Bytes read for one answer; what was read is remembered, so most answers read nothing. */
const MOST_BYTES = 32 << 20;
/** Different pieces of files remembered, about 40 MB, and sizes, about 10 MB. */
const REMEMBERED_PIECES = 5_000_000;
const REMEMBERED_SIZES = 100_000;
/** Blobs asked for at once, so that the reading of them does not hold up the others. */
const AT_ONCE = 32;

export function openLostFiles(store: LostFilesStore): LostFiles {
  const sizes = new Map<string, number | null>();
  const fingerprints = new Map<string, Fingerprint>();
  let pieces = 0;

  async function learnSizes(oids: readonly string[]): Promise<void> {
    const unknown = oids.filter((oid) => !sizes.has(oid));
    if (sizes.size + unknown.length > REMEMBERED_SIZES) sizes.clear();
    const found = await store.sizes(unknown);
    for (const [at, oid] of unknown.entries()) sizes.set(oid, found[at] ?? null);
  }

  async function learnFingerprints(oids: readonly string[]): Promise<void> {
    for (let at = 0; at < oids.length; at += AT_ONCE) {
      const some = oids.slice(at, at + AT_ONCE);
      const contents = await Promise.all(some.map(store.readBlob));
      for (const [place, oid] of some.entries()) {
        const content = contents[place];
        if (content === null || content === undefined) continue;
        const fingerprint = fingerprintOf(content);
        fingerprints.set(oid, fingerprint);
        pieces += fingerprint.pieces.length;
      }
    }
  }

  return {
    areGone: async (files, base, ours) => {
      const added = await store.added(base, ours);
      const names = new Set(added.map(({ oid }) => oid));
      if (names.size > MOST_ADDED || files.some(({ oid }) => names.has(oid))) return false;
      const sources = files.filter(({ mode }) => REGULAR.test(mode)).map(({ oid }) => oid);
      const targets = [...new Set(added.filter(({ mode }) => REGULAR.test(mode)).map(({ oid }) => oid))];
      if (pieces > REMEMBERED_PIECES) {
        fingerprints.clear();
        pieces = 0;
      }
      await learnSizes(sources.length === 0 ? [] : [...sources, ...targets]);
      const compared = sources.map((source) => ({ source, others: targets.filter((target) => mayBeSimilar(source, target)) }));
      const wanted = new Set(compared.flatMap(({ source, others }) => (others.length === 0 ? [] : [source, ...others])));
      const unread = [...wanted].filter((oid) => !fingerprints.has(oid));
      if (unread.reduce((sum, oid) => sum + (sizes.get(oid) ?? 0), 0) > MOST_BYTES) return false;
      await learnFingerprints(unread);
      return compared.every(({ source, others }) => others.length === 0 || isUnlike(source, others));
    },
  };

  function mayBeSimilar(source: string, target: string): boolean {
    const [a, b] = [sizes.get(source), sizes.get(target)];
    return typeof a !== "number" || typeof b !== "number" || sizesAllow(a, b);
  }

  function isUnlike(source: string, others: readonly string[]): boolean {
    const file = fingerprints.get(source);
    if (file === undefined) return false;
    const isSimilar = similarTo(file);
    return others.every((oid) => {
      const other = fingerprints.get(oid);
      return other !== undefined && !isSimilar(other);
    });
  }
}
