import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { groupShares, standingsOf, type Weighed } from "../../src/analysis/confidence.ts";
import { analysisVerdict } from "../../src/analysis/verdict.ts";
import type { Candidate, PresentCandidate } from "../../src/schema/analysis.ts";

const one = (score: number, group: number, more: Partial<Weighed> = {}): Weighed => ({
  score,
  group,
  isDirect: true,
  ...more,
});
const confidences = (fixes: readonly Weighed[], clear = true) => standingsOf(fixes, clear).map(({ confidence }) => confidence);

test("two right fixes of one group do not halve each other, and both are said", () => {
  const apart = standingsOf([one(12, 1), one(12, 2), one(2, 3)], true);
  assert.deepEqual(
    apart.map(({ confidence }) => confidence !== "high"),
    [true, true, true],
  );
  assert.deepEqual(confidences([one(12, 1), one(12, 1), one(2, 2)]), ["high", "high", "low"]);
});

test("of a sure group only those near its best are said with high confidence", () => {
  const [best, near, far] = confidences([one(12, 1), one(11.5, 1), one(6, 1), one(1, 2)]);
  assert.deepEqual([best, near], ["high", "high"]);
  assert.notEqual(far, "high");
});

test("high confidence asks for a large share and for a lead before the best of every other group", () => {
  assert.deepEqual(confidences([one(12, 1), one(9, 2), one(3, 3)])[0], "medium");
  assert.deepEqual(confidences([one(12, 1), one(8.5, 2), one(3, 3)])[0], "high");
  const neighbours = Array.from({ length: 12 }, (_, at) => one(8.5, at + 2));
  assert.deepEqual(confidences([one(12, 1), ...neighbours])[0], "medium");
});

test("alike words alone, or a text that could hardly be read, are not enough for high confidence", () => {
  assert.deepEqual(confidences([one(20, 1, { isDirect: false }), one(1, 2)])[0], "medium");
  assert.deepEqual(confidences([one(20, 1), one(1, 2)], false)[0], "medium");
});

test("shares of groups and of what is not there add up to one, and a better score never means a smaller probability", () => {
  const fixes = fc.array(fc.record({ score: fc.double({ min: -5, max: 40, noNaN: true }), group: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(fixes, (some) => {
      const sum = [...groupShares(some).values()].reduce((a, b) => a + b, 0);
      assert.ok(sum > 0 && sum <= 1 + 1e-9);
    }),
    { seed: 8 },
  );
  const probability = (score: number) => standingsOf([one(score, 1), one(5, 2)], true)[0]?.probability ?? 0;
  for (let score = 5; score < 15; score++) assert.ok(probability(score + 1) >= probability(score), String(score));
});

test("an analysis without a candidate worth looking at says so", () => {
  const candidate = (confidence: Candidate["confidence"]) => ({ confidence, verdict: "ready" }) as Candidate;
  const coverage = { commits: 1, commitsWithPatch: 1, complete: true, notes: [] };
  const verdict = (...all: Candidate["confidence"][]) => analysisVerdict({ candidates: all.map(candidate), coverage });
  assert.equal(verdict(), "no_candidate");
  assert.equal(verdict("low", "low"), "no_candidate");
  assert.equal(verdict("low", "medium"), "inconclusive");
  assert.equal(verdict("low", "high"), "ready");
  assert.equal(analysisVerdict({ candidates: [candidate("low")], coverage: { ...coverage, complete: false } }), "inconclusive");
});

test("a fix that the target has outdoes the candidates only with high confidence, and only if it is still there", () => {
  const coverage = { commits: 1, commitsWithPatch: 1, complete: true, notes: [] };
  const candidates = [{ confidence: "high", verdict: "ready" } as Candidate];
  const verdict = (confidence: Candidate["confidence"], state: "present" | "reverted") => {
    const presence = { state, route: "ancestor", by: null, because: "" } as const;
    return analysisVerdict({ candidates, alreadyPresent: [{ confidence, presence } as PresentCandidate], coverage });
  };
  assert.equal(verdict("high", "present"), "already_fixed");
  assert.equal(verdict("medium", "present"), "ready");
  assert.equal(verdict("high", "reverted"), "ready");
});
