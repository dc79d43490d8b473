import { z } from "zod";
import type { SourceDatabase } from "./index-file.ts";
import { unpackAscending } from "./varints.ts";

/** A file of a tree; `blob` is its number in the index, null when the repository lacks it. */
export interface TreeFile {
  readonly path: string;
  readonly blob: number | null;
}

/** Trees kept; an analysis asks for heads, of which each tree of the mirror has one, and for heads of a short while ago. */
const TREES_KEPT = 16;

const StoredFiles = z.object({ paths: z.array(z.string()), blobs: z.array(z.number().nullable()) });

/** Stores the files of a tree, and drops the trees that were asked for longest ago. */
export function saveTree(db: SourceDatabase, tree: string, files: readonly TreeFile[]): void {
  const stored = JSON.stringify({ paths: files.map((file) => file.path), blobs: files.map((file) => file.blob) });
  db.transaction(() => {
    const asked = Number(db.prepare("SELECT ifnull(max(asked), 0) + 1 FROM trees").pluck().get());
    db.prepare("INSERT OR REPLACE INTO trees VALUES (?, ?, ?)").run(Buffer.from(tree, "hex"), asked, stored);
    db.prepare("DELETE FROM trees WHERE asked <= ?").run(asked - TREES_KEPT);
  }).immediate();
}

/** The files of a tree by the numbers of their blobs; several files may have one blob. */
interface TreeMap {
  readonly paths: readonly string[];
  /** Places in `paths`, by blob. */
  readonly places: ReadonlyMap<number, readonly number[]>;
}

export interface IndexedFile {
  readonly path: string;
  readonly blob: number;
}

export interface TreeReads {
  /** Files of the tree that may define the identifier, in the order of the tree; null when the tree is not indexed whole. */
  readonly definers: (tree: string, identifier: string) => IndexedFile[] | null;
  readonly filesWith: (tree: string, identifier: string) => string[] | null;
  readonly has: (tree: string, identifier: string) => boolean | null;
}

export function treeReads(db: SourceDatabase): TreeReads {
  const selectTree = db.prepare("SELECT files FROM trees WHERE oid = ?").pluck();
  const selectHolders = db.prepare("SELECT first, holders FROM postings WHERE name = ? ORDER BY first").raw();
  const selectDefiners = db.prepare("SELECT first, definers FROM postings WHERE name = ? ORDER BY first").raw();
  const read = new Map<string, TreeMap>();

  function mapOf(tree: string): TreeMap | null {
    const known = read.get(tree);
    if (known !== undefined) return known;
    const stored = selectTree.get(Buffer.from(tree, "hex"));
    if (stored === undefined) return null;
    const { paths, blobs } = StoredFiles.parse(JSON.parse(String(stored)));
    const places = new Map<number, number[]>();
    for (const [place, blob] of blobs.entries()) {
      if (blob === null) return null;
      const others = places.get(blob);
      if (others === undefined) places.set(blob, [place]);
      else others.push(place);
    }
    for (const oldest of read.keys()) if (read.size >= 4) read.delete(oldest);
    const map = { paths, places };
    read.set(tree, map);
    return map;
  }

  function* blobsOf(postings: typeof selectHolders, identifier: string): Generator<number> {
    for (const [first, packed] of postings.iterate(identifier) as IterableIterator<[number, Buffer]>) yield* unpackAscending(packed, first);
  }

  function files(postings: typeof selectHolders, tree: string, identifier: string): IndexedFile[] | null {
    const map = mapOf(tree);
    if (map === null) return null;
    const found: { place: number; blob: number }[] = [];
    for (const blob of blobsOf(postings, identifier)) for (const place of map.places.get(blob) ?? []) found.push({ place, blob });
    found.sort((a, b) => a.place - b.place);
    return found.map(({ place, blob }) => ({ path: map.paths[place] ?? "", blob }));
  }

  return {
    definers: (tree, identifier) => files(selectDefiners, tree, identifier),
    filesWith: (tree, identifier) => files(selectHolders, tree, identifier)?.map((file) => file.path) ?? null,
    has: (tree, identifier) => {
      const map = mapOf(tree);
      if (map === null) return null;
      for (const blob of blobsOf(selectHolders, identifier)) if (map.places.has(blob)) return true;
      return false;
    },
  };
}
