import { DIRECTORY_MODE, type RawEntry, type RawTree } from "./raw-tree.ts";

/** A file that two trees have differently; null on the side that lacks it. */
export interface TreeChange {
  readonly path: string;
  readonly from: RawEntry | null;
  readonly to: RawEntry | null;
}

const NOTHING: RawTree = new Map();

/** Files below two trees that differ; equal directories are not read. Null when there are more than `most`. */
export async function changesBetween(
  read: (tree: string) => Promise<RawTree>,
  from: string,
  to: string,
  most: number,
): Promise<TreeChange[] | null> {
  const found: TreeChange[] = [];
  const todo: { readonly prefix: string; readonly from: string | null; readonly to: string | null }[] = [{ prefix: "", from, to }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [old, fresh] = await Promise.all([next.from, next.to].map((tree) => (tree === null ? NOTHING : read(tree))));
    for (const name of new Set([...(old ?? NOTHING).keys(), ...(fresh ?? NOTHING).keys()])) {
      const [a, b] = [old?.get(name) ?? null, fresh?.get(name) ?? null];
      if (a?.oid === b?.oid && a?.mode === b?.mode) continue;
      const path = next.prefix + name;
      const [aDirectory, bDirectory] = [a?.mode === DIRECTORY_MODE, b?.mode === DIRECTORY_MODE];
      if (aDirectory || bDirectory) {
        todo.push({ prefix: `${path}/`, from: aDirectory ? (a?.oid ?? null) : null, to: bDirectory ? (b?.oid ?? null) : null });
      }
      const [oldFile, freshFile] = [aDirectory ? null : a, bDirectory ? null : b];
      if (oldFile !== null || freshFile !== null) found.push({ path, from: oldFile, to: freshFile });
      if (found.length > most) return null;
    }
  }
  return found;
}
