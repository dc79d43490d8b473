import { createHash } from "node:crypto";

const NUL = 0x00;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** Sizes of a hunk as `@@ -a,b +c,d @@` names them. */
const HUNK_SIZES = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))?/;
const INDEX_IDS = /^index ([0-9a-f]+)\.\.([0-9a-f]+)/;
/** Lines shorter than this that start with a backslash are not git's "No newline at end of file". */
const SHORTEST_MARKER = 13;

/** Adds a hash to a sum of 160 bits, least significant byte first, as git's flush_one_hunk does. */
function addHash(sum: Uint8Array, hash: Uint8Array): void {
  let carry = 0;
  for (const [at, byte] of hash.entries()) {
    carry += (sum[at] ?? 0) + byte;
    sum[at] = carry & 0xff;
    carry >>= 8;
  }
}

/**
 * The id that `git patch-id --stable` (git 2.39 and later) gives to a diff: the sum over its files of the SHA-1 of their lines without
 * white space and line numbers. Follows get_one_patchid of git's builtin/patch-id.c, with its quirks: the `diff` line after a binary
 * file does not count, a file without hunks is hashed together with the next, and a line counts up to its first NUL.
 *
 * @param diff the unified diff of one commit, bytes as latin1 characters, made with `--full-index`
 * @returns 40 hexadecimal digits, or null when nothing was changed
 */
export function patchId(diff: string): string | null {
  const bytes = Buffer.from(diff, "latin1");
  const hashed = Buffer.allocUnsafe(bytes.length + 1);
  const sum = new Uint8Array(20);
  let used = 0;
  let total = 0;
  // Lines left of the hunk, or -1 while the header of a file is read.
  let before = -1;
  let after = -1;
  let binary = false;
  let ids = "";

  function flush(): void {
    addHash(sum, createHash("sha1").update(hashed.subarray(0, used)).digest());
    used = 0;
  }

  let start = 0;
  const starts = (text: string) => bytes.toString("latin1", start, start + text.length) === text;
  for (let next = 0; start < bytes.length; start = next) {
    const newline = bytes.indexOf(LF, start);
    next = newline === -1 ? bytes.length : newline + 1;
    const first = bytes[start] ?? 0;

    if (first === 0x5c && next - start >= SHORTEST_MARKER && bytes[start + 1] === SPACE) continue;
    if (total === 0 && !starts("diff ")) continue;
    if (before === -1) {
      if (starts("GIT binary patch") || starts("Binary files")) {
        binary = true;
        before = 0;
        used += hashed.write(ids, used, "latin1");
        flush();
        continue;
      }
      if (starts("index ")) {
        const [, from = "", to = ""] = INDEX_IDS.exec(bytes.toString("latin1", start, next)) ?? [];
        ids = from + to;
        continue;
      }
      if (starts("--- ")) {
        before = 1;
        after = 1;
      } else if (!/[A-Za-z]/.test(String.fromCharCode(first))) break;
    }
    if (binary) {
      if (starts("diff ")) {
        binary = false;
        before = -1;
      }
      continue;
    }
    if (before === 0 && after === 0) {
      if (starts("@@ -")) {
        const [, old = "1", now = "1"] = HUNK_SIZES.exec(bytes.toString("latin1", start, next)) ?? [];
        before = Number(old);
        after = Number(now);
        continue;
      }
      if (!starts("diff ")) break;
      flush();
      before = -1;
      after = -1;
    }
    if (first === MINUS || first === SPACE) before -= 1;
    if (first === PLUS || first === SPACE) after -= 1;
    const usedBefore = used;
    for (let at = start; at < next; at++) {
      const byte = bytes[at] ?? NUL;
      if (byte === NUL) break;
      if (byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR) hashed[used++] = byte;
    }
    total += used - usedBefore;
  }
  if (total === 0) return null;
  flush();
  return Buffer.from(sum).toString("hex");
}
