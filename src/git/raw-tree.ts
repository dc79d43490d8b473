/**
 * Tree objects as bytes (git's documentation, "tree object": mode, space, name, NUL, 20 bytes of id). Names are kept as latin1
 * strings, one character per byte, so that a name that is not UTF-8 survives a rewrite and strings compare as git compares bytes.
 */
export interface RawEntry {
  /** Octal mode as stored, without leading zero: 40000 for a directory. */
  readonly mode: string;
  readonly oid: string;
}

export type RawTree = ReadonlyMap<string, RawEntry>;

export const DIRECTORY_MODE = "40000";

export function parseTree(bytes: Buffer): RawTree {
  const entries = new Map<string, RawEntry>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const nul = bytes.indexOf(0, space);
    if (space < 0 || nul < 0) break;
    const name = bytes.toString("latin1", space + 1, nul);
    entries.set(name, { mode: bytes.toString("latin1", at, space), oid: bytes.toString("hex", nul + 1, nul + 21) });
    at = nul + 21;
  }
  return entries;
}

/** git sorts a directory as if its name ended with a slash. */
function sortKey(name: string, entry: RawEntry): string {
  return entry.mode === DIRECTORY_MODE ? `${name}/` : name;
}

export function encodeTree(entries: RawTree): Buffer {
  const keyed = [...entries].map(([name, entry]) => ({ name, entry, key: sortKey(name, entry) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const parts: Buffer[] = [];
  for (const { name, entry } of keyed) parts.push(Buffer.from(`${entry.mode} ${name}\0`, "latin1"), Buffer.from(entry.oid, "hex"));
  return Buffer.concat(parts);
}
