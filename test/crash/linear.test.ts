import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMON_FRAGMENTS, readingExpressions, wordsOf } from "../../eval/crash-expressions.ts";

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

test("no regular expression takes more than linear time", () => {
  const all = readingExpressions();
  assert.ok(all.length > 200, `only ${all.length} found`);
  const slow: string[] = [];
  for (const { file, expression } of all) {
    const own = wordsOf(expression);
    for (const fragment of [...COMMON_FRAGMENTS, ...own, ...own.map((word) => `${word} `), ...own.map((word) => `${word}a`)]) {
      for (const prefix of ["", ...own.slice(0, 1)]) {
        const short = search(expression, prefix, fragment, 8_000);
        // A quadratic search of four times the text takes sixteen times as long.
        if (short > 3 && search(expression, prefix, fragment, 32_000) > short * 10)
          slow.push(`${file}: ${expression} on ${JSON.stringify(prefix + fragment)}`);
      }
    }
  }
  assert.deepEqual(slow, []);
});
