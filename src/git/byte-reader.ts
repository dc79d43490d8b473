import type { Readable } from "node:stream";

/** Reads a child's output piece by piece, so that a protocol is written as the straight line that it is. */
export interface ByteReader {
  /** Bytes up to the delimiter, which is consumed and left out; null when there are more than `limit` (they are consumed too). */
  until(delimiter: string, limit?: number): Promise<Buffer | null>;
  exactly(length: number): Promise<Buffer>;
  skip(length: number): Promise<void>;
}

/** The stream ended where a protocol expected more. */
export class EndOfStream extends Error {
  override readonly name = "EndOfStream";
}

type Waiter = { readonly resolve: (chunk: Buffer) => void; readonly reject: (error: Error) => void };

/** The chunks of a stream, one promise each. All methods of a ByteReader reject with EndOfStream once they are used up. */
function pull(stream: Readable): () => Promise<Buffer> {
  const chunks: Buffer[] = [];
  let ended = false;
  let waiter: Waiter | null = null;
  const end = () => {
    ended = true;
    waiter?.reject(new EndOfStream());
    waiter = null;
  };
  stream.on("data", (chunk: Buffer) => {
    if (waiter === null) chunks.push(chunk);
    else waiter.resolve(chunk);
    waiter = null;
  });
  stream.once("end", end);
  stream.once("close", end);
  stream.once("error", end);
  return () =>
    new Promise((resolve, reject) => {
      const chunk = chunks.shift();
      if (chunk !== undefined) resolve(chunk);
      else if (ended) reject(new EndOfStream());
      else waiter = { resolve, reject };
    });
}

export function byteReader(stream: Readable): ByteReader {
  const next = pull(stream);
  let unread: Buffer = Buffer.alloc(0);

  async function until(delimiter: string, limit = Number.POSITIVE_INFINITY): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    let size = 0;
    for (;;) {
      const at = unread.indexOf(delimiter, 0, "latin1");
      // What may be the first half of a delimiter stays for the next round.
      const taken = at >= 0 ? at : Math.max(0, unread.length - delimiter.length + 1);
      size += taken;
      if (size <= limit) parts.push(unread.subarray(0, taken));
      else parts.length = 0;
      if (at >= 0) {
        unread = unread.subarray(at + delimiter.length);
        return size <= limit ? Buffer.concat(parts) : null;
      }
      unread = Buffer.concat([unread.subarray(taken), await next()]);
    }
  }

  async function exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > unread.length) {
      parts.push(unread);
      missing -= unread.length;
      unread = await next();
    }
    parts.push(unread.subarray(0, missing));
    unread = unread.subarray(missing);
    // A copy even of one part: a small blob that is kept must not keep the whole chunk of the pipe alive.
    return Buffer.concat(parts, length);
  }

  async function skip(length: number): Promise<void> {
    let missing = length;
    while (missing > unread.length) {
      missing -= unread.length;
      unread = await next();
    }
    unread = unread.subarray(missing);
  }

  return { until, exactly, skip };
}
