const BYTES = 4;

/** Numbers below 2^32 as four bytes each, least significant first. */
export function pack(numbers: Iterable<number>): Buffer {
  const list = [...numbers];
  const bytes = Buffer.allocUnsafe(list.length * BYTES);
  for (const [at, number] of list.entries()) bytes.writeUInt32LE(number, at * BYTES);
  return bytes;
}

export function unpack(bytes: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at += BYTES) numbers.push(bytes.readUInt32LE(at));
  return numbers;
}
