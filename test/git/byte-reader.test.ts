import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { byteReader, EndOfStream } from "../../src/git/byte-reader.ts";

/** A stream that gives these bytes in pieces of these lengths, over and over. */
function inPieces(bytes: Buffer, lengths: readonly number[]): PassThrough {
  const stream = new PassThrough();
  let at = 0;
  for (let piece = 0; at < bytes.length; piece += 1) {
    const end = at + (lengths[piece % lengths.length] ?? 1);
    stream.write(bytes.subarray(at, end));
    at = end;
  }
  stream.end();
  return stream;
}

const DELIMITER = "\nSYNC\n";

test("however the bytes arrive, the same records are read", async () => {
  const record = fc.array(fc.constantFrom("\n", "S", "SYNC", "\nSYN", "x", "\xff"), { maxLength: 8 }).map((parts) => parts.join(""));
  const records = fc.array(record, { minLength: 1, maxLength: 5 });
  const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
  const property = fc.asyncProperty(records, lengths, async (texts, pieces) => {
    const whole = texts.map((text) => `${text}${DELIMITER}`).join("");
    const expected = `${whole}12345`.split(DELIMITER);
    const rest = expected.pop() ?? "";
    const input = byteReader(inPieces(Buffer.from(`${whole}12345`, "latin1"), pieces));
    for (const text of expected) assert.equal((await input.until(DELIMITER))?.toString("latin1"), text);
    await input.skip(rest.length - 4);
    assert.equal(String(await input.exactly(2)), "23");
    await assert.rejects(input.exactly(3), EndOfStream);
  });
  await fc.assert(property, { numRuns: 200, seed: 3 });
});

test("a record over the limit is null and the next one is read", async () => {
  const input = byteReader(inPieces(Buffer.from("0123456789\nabc\nrest"), [4]));
  assert.equal(await input.until("\n", 9), null);
  assert.equal(String(await input.until("\n", 3)), "abc");
  await assert.rejects(input.until("\n"), EndOfStream);
});
