/** Ascending numbers as their differences, seven bits a byte, the last byte of each below 128. The first is counted from `base`. */
export function packAscending(numbers: Int32Array, base: number): Buffer {
  const bytes: number[] = [];
  let before = base;
  for (const number of numbers) {
    let gap = number - before;
    for (; gap > 127; gap >>>= 7) bytes.push((gap & 127) | 128);
    bytes.push(gap);
    before = number;
  }
  return Buffer.from(bytes);
}

export function unpackAscending(bytes: Uint8Array, base: number): number[] {
  const numbers: number[] = [];
  let value = base;
  let gap = 0;
  let shift = 0;
  for (const byte of bytes) {
    gap |= (byte & 127) << shift;
    shift += 7;
    if (byte > 127) continue;
    value += gap;
    numbers.push(value);
    gap = 0;
    shift = 0;
  }
  return numbers;
}
