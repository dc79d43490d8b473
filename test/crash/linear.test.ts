import assert from "node:assert/strict";
import { test } from "node:test";
import { type Expression, fragmentsFor, prefixesFor, readingExpressions } from "../../eval/crash-expressions.ts";

/** Milliseconds of the faster of two searches. */
function search(expression: RegExp, prefix: string, fragment: string, length: number): number {
  const text = `${prefix}${fragment.repeat(Math.ceil(length / fragment.length))}\u0001`;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2; round++) {
    const start = performance.now();
    expression.exec(text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** No search of so short a text takes so long, on however busy a machine, unless its time explodes: it is not tried with more. */
const EXPLODES_MS = 500;
const SHORT_LENGTHS: readonly number[] = [16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 80, 96, 128, 192, 256, 512, 1024, 2048];

function isSlow(expression: RegExp, prefix: string, fragment: string): boolean {
  if (SHORT_LENGTHS.some((length) => search(expression, prefix, fragment, length) > EXPLODES_MS)) return true;
  const short = search(expression, prefix, fragment, 8_000);
  // A quadratic search of four times the text takes sixteen times as long.
  return short > 3 && search(expression, prefix, fragment, 32_000) > short * 10;
}

function slowTexts({ file, expression }: Expression): string[] {
  const texts = prefixesFor(expression).flatMap((prefix) => fragmentsFor(expression).map((fragment) => ({ prefix, fragment })));
  const slow = texts.filter(({ prefix, fragment }) => isSlow(expression, prefix, fragment));
  return slow.map(({ prefix, fragment }) => `${file}: ${expression} on ${JSON.stringify(prefix)} and ${JSON.stringify(fragment)}`);
}

test("no regular expression takes more than linear time", () => {
  const all = readingExpressions();
  assert.ok(all.length > 200, `only ${all.length} found`);
  assert.deepEqual(all.flatMap(slowTexts), []);
});

test("a text that such an expression reads in many ways is found", () => {
  // The expression of the Code: line as it once was: a run of digits could be cut anywhere.
  const old = /^\s{0,16}Code: {1,4}((?:[<(]?[0-9a-f]{2,8}[>)]? {0,4}){1,200})$/;
  assert.ok(prefixesFor(old).includes("Code: ") && fragmentsFor(old).includes("0"));
  assert.ok(isSlow(old, "Code: ", "0"));
});
