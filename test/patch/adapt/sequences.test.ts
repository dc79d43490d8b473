import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { align } from "../../../src/patch/adapt/sequence.ts";
import { mergeByWords, mergeWords, transferWords } from "../../../src/patch/adapt/word-merge.ts";

const word = fc.constantFrom("a", "b", "{", "}", "long_name_one", "long_name_two", "x = 1;");
const words = fc.array(word, { maxLength: 25 });

test("an alignment pairs equal elements, ascending, each once", () => {
  fc.assert(
    fc.property(words, words, (a, b) => {
      let last = -1;
      for (const [i, j] of align(a, b).entries()) {
        if (j === -1) continue;
        assert.ok(j > last);
        assert.equal(a[i], b[j]);
        last = j;
      }
    }),
    { seed: 7, numRuns: 500 },
  );
});

test("a sequence is aligned with itself in full", () => {
  fc.assert(
    fc.property(words, (a) => {
      assert.deepEqual(
        [...align(a, a)],
        a.map((_, i) => i),
      );
    }),
    { seed: 7 },
  );
});

const text = fc
  .array(fc.constantFrom("f(a);", "g(b, c);", "", "\th(d);", "if (x)", "}"), { maxLength: 12 })
  .map((lines) => lines.map((line) => `${line}\n`).join(""));

test("what only one side changed is taken, what neither changed is kept", () => {
  fc.assert(
    fc.property(text, text, (base, changed) => {
      assert.equal(mergeByWords(base, base, changed), changed);
      assert.equal(mergeByWords(base, changed, base)?.replace(/\s+/g, ""), changed.replace(/\s+/g, ""));
      assert.equal(transferWords(base, base, changed)?.replace(/\s+/g, ""), changed.replace(/\s+/g, ""));
    }),
    { seed: 11, numRuns: 300 },
  );
});

test("words: changes side by side are merged, changes of one word are not", () => {
  assert.equal(mergeWords("f(a, b);", "f(a, c);", "g(a, b);"), "g(a, c);");
  assert.equal(mergeWords("f(a);", "f(b);", "f(c);"), null);
  assert.equal(transferWords("f(a, b);", "f(a, x);", "f(a, c);"), null, "the word to replace is not there");
});
