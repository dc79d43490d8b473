/**
 * git's measure of how much of a file is in another one (rename detection): both are cut into lines, or pieces of 64 bytes of longer ones, each
 * piece is reduced to one of 107,927 numbers, and the bytes of the pieces that both have are counted. Two files are one renamed file when these are
 * at least half of the larger one.
 */
export interface Fingerprint {
  readonly size: number;
  /** The numbers of its pieces, and the bytes of the pieces with each. */
  readonly pieces: Int32Array;
  readonly bytes: Int32Array;
}

const LONGEST_PIECE = 64;
const NUMBERS = 107_927;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Like git, which takes a file for binary that has a NUL in so many bytes. */
const BINARY_PROBE = 8000;

/** Files of such sizes may be similar at all; others are not compared. */
export function sizesAllow(a: number, b: number): boolean {
  return 2 * Math.min(a, b) >= Math.max(a, b);
}

export function fingerprintOf(content: Buffer): Fingerprint {
  const isText = !content.subarray(0, BINARY_PROBE).includes(0);
  const found = new Map<number, number>();
  let low = 0;
  let high = 0;
  let length = 0;
  const finish = () => {
    const piece = ((low + Math.imul(high, 0x61)) >>> 0) % NUMBERS;
    found.set(piece, (found.get(piece) ?? 0) + length);
    low = 0;
    high = 0;
    length = 0;
  };
  for (const [at, byte] of content.entries()) {
    if (isText && byte === CARRIAGE_RETURN && content[at + 1] === LINE_FEED) continue;
    const before = low;
    low = (((low << 7) ^ (high >>> 25)) + byte) | 0;
    high = (high << 7) ^ (before >>> 25);
    length++;
    if (length === LONGEST_PIECE || byte === LINE_FEED) finish();
  }
  // git before 2.44 leaves a last piece without line feed out. With it the answer errs to the side of similar.
  if (length > 0) finish();
  return { size: content.length, pieces: Int32Array.from(found.keys()), bytes: Int32Array.from(found.values()) };
}

/** Answers for one file which others may be the same, renamed; true a little too often rather than too rarely. */
export function similarTo(file: Fingerprint): (other: Fingerprint) => boolean {
  const have = new Int32Array(NUMBERS);
  for (const [at, piece] of file.pieces.entries()) have[piece] = file.bytes[at] as number;
  return ({ size, pieces, bytes }) => {
    if (!sizesAllow(file.size, size)) return false;
    let common = 0;
    for (let at = 0; at < pieces.length; at++) common += Math.min(have[pieces[at] as number] as number, bytes[at] as number);
    return 2 * common >= Math.max(file.size, size);
  };
}
