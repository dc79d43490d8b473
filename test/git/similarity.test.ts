import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { fingerprintOf, similarTo } from "../../src/git/similarity.ts";
import { buildRepository, file, git, temporaryDirectory } from "./fixture.ts";

const PAIRS = 400;

const word = fc.constantFrom("alpha ", "beta ", "gamma\r\n", "delta\n", "epsilon\n", "x".repeat(70), "\n", "\0", "last");
const content = fc.array(word, { minLength: 1, maxLength: 60 }).map((words) => words.join(""));

/** Pairs around the border of one half: the second keeps a part of the first. */
const pair = fc
  .record({ before: content, share: fc.integer({ min: 40, max: 90 }), other: content })
  .map(
    ({ before, share, other }) =>
      [before, before.slice(0, (before.length * share) / 100) + other.slice(0, (before.length * (100 - share)) / 100)] as const,
  );

test("files that git takes for one renamed file are similar, and few others", (t) => {
  const pairs = fc.sample(pair, { numRuns: PAIRS, seed: 99 }).filter(([before, after]) => before !== after && after !== "");
  const bare = buildRepository(
    join(temporaryDirectory(t), "bare"),
    pairs.flatMap(([before, after], at) => [
      { ref: `refs/heads/p${at}`, parents: [], files: new Map([["old", file(before)]]) },
      { ref: `refs/heads/p${at}`, parents: [], files: new Map([["new", file(after)]]) },
    ]),
  );
  let renamed = 0;
  let wrong = 0;
  for (const [at, [before, after]] of pairs.entries()) {
    const status = git(bare, ["diff-tree", "-r", "-M50%", `p${at}~1`, `p${at}`]);
    const isRename = /\tR?\bold\tnew$| R\d+\told\tnew$/.test(status);
    const isSimilar = similarTo(fingerprintOf(Buffer.from(before, "latin1")))(fingerprintOf(Buffer.from(after, "latin1")));
    if (isRename) {
      renamed++;
      assert.ok(isSimilar, `${JSON.stringify([before, after])}: ${status}`);
    } else if (isSimilar) wrong++;
  }
  assert.ok(renamed > PAIRS / 5 && renamed < (PAIRS * 4) / 5, `${renamed} renames`);
  // Only a last piece without line feed may make the difference.
  assert.ok(wrong < PAIRS / 10, `${wrong} taken for similar that git does not`);
});
