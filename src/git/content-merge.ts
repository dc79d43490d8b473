import { type NumberedLines, numberLines } from "./line-ids.ts";
import { mergeRegions, type Region } from "./merge-regions.ts";

/** Like git, which looks for a NUL in so many bytes. */
const BINARY_PROBE = 8000;
/** Larger files are left to git. */
const MOST_BYTES = 4 << 20;
const LINE_FEED = 10;
const MARKERS = ["<<<<<<< ours\n", "=======\n", ">>>>>>> theirs\n"].map((line) => Buffer.from(line));

export interface MergedContent {
  readonly clean: boolean;
  /** With conflict markers where it is not clean. */
  readonly bytes: Buffer;
}

/**
 * The three-way merge of one file, byte for byte what git leaves but for the names behind the markers.
 * @returns null for binary and very large files, conflicts in files with CRLF, and where the diff is left to git: git must merge them then
 */
export function mergeContent(base: Buffer, ours: Buffer, theirs: Buffer): MergedContent | null {
  if ([base, ours, theirs].some((bytes) => bytes.length > MOST_BYTES || bytes.subarray(0, BINARY_PROBE).includes(0))) return null;
  const { versions, distinct } = numberLines(base, [ours, theirs]);
  const [from, our, their] = versions;
  if (from === undefined || our === undefined || their === undefined) return null;
  const regions = mergeRegions({ base: from.ids, ours: our.ids, theirs: their.ids, distinct });
  if (regions === null) return null;
  const clean = regions.every(({ kind }) => kind !== "conflict");
  if (!clean && [base, ours, theirs].some((bytes) => bytes.includes("\r\n"))) return null;
  return { clean, bytes: compose(our, their, regions) };
}

/** Our text, with their regions in it, and both sides of each conflict between markers. */
function compose(ours: NumberedLines, theirs: NumberedLines, regions: readonly Region[]): Buffer {
  const [begin, middle, end] = MARKERS as [Buffer, Buffer, Buffer];
  const parts: Buffer[] = [];
  let at = 0;
  for (const { kind, ourAt, ourCount, theirAt, theirCount } of regions) {
    if (kind === "ours" || kind === "same") continue;
    parts.push(linesFrom(ours, at, ourAt));
    const their = linesFrom(theirs, theirAt, theirAt + theirCount);
    if (kind === "theirs") parts.push(their);
    else parts.push(begin, ended(linesFrom(ours, ourAt, ourAt + ourCount)), middle, ended(their), end);
    at = ourAt + ourCount;
  }
  parts.push(linesFrom(ours, at, ours.ids.length));
  return Buffer.concat(parts);
}

/** A marker must not stand behind a last line without line feed. */
function ended(lines: Buffer): Buffer {
  return lines.length === 0 || lines[lines.length - 1] === LINE_FEED ? lines : Buffer.concat([lines, Buffer.from([LINE_FEED])]);
}

function linesFrom({ bytes, starts }: NumberedLines, from: number, to: number): Buffer {
  return bytes.subarray(starts[from] as number, starts[to] as number);
}
