import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readPairs } from "../../eval/pairs.ts";
import { joinRepositories } from "../../eval/repos.ts";
import { quantile, sample } from "../../eval/sample.ts";
import { oneOf, readOptions, UsageError, wholeNumber } from "../../eval/usage.ts";
import { fixture, textFile } from "./fixture.ts";

const [A, B, C] = ["a", "b", "c"].map((digit) => digit.repeat(40));

test("pairs: columns by name, unusable rows skipped", (t) => {
  const rows = [
    "parent\tbackport\tupstream\tmerge",
    `${C}\t${A}\t${B}\t3way-clean`,
    `${C}\t${A}\t${B}\t-`,
    `${C}\t${A}\t${B}\treference-dangling`,
  ];
  assert.deepEqual(readPairs(textFile(t, "pairs.tsv", `${rows.join("\n")}\n`)), [{ backport: A, origin: B, parent: C }]);
});

test("pairs: a missing column and a broken id are told with their place", (t) => {
  assert.throws(() => readPairs(textFile(t, "pairs.tsv", `backport\tparent\n${A}\t${B}\n`)), /has no column origin/);
  assert.throws(
    () => readPairs(textFile(t, "pairs.tsv", `backport\torigin\tparent\n${A}\t123\t${B}\n`)),
    /line 2: 123 is no full commit id/,
  );
});

test("options: unknown names, wrong words and wrong numbers are usage errors", () => {
  assert.deepEqual({ ...readOptions(["--repo", "x", "--repo", "y"], { repo: { type: "string", multiple: true } }) }, { repo: ["x", "y"] });
  assert.throws(() => readOptions(["--nonsense"], {}), UsageError);
  assert.throws(() => readOptions(["stray"], {}), UsageError);
  assert.throws(() => oneOf("pool", "half", ["capped", "full"]), /--pool must be capped, full, not half/);
  assert.throws(() => wholeNumber("limit", "-1", 0), UsageError);
  assert.equal(wholeNumber("limit", undefined, 7), 7);
});

test("samples are the same for the same seed, keep the order and draw nothing twice", () => {
  const items = Array.from({ length: 100 }, (_, at) => at);
  const drawn = sample(items, 20, 1);
  assert.equal(new Set(drawn).size, 20);
  assert.deepEqual(
    drawn,
    [...drawn].sort((a, b) => a - b),
  );
  assert.deepEqual(drawn, sample(items, 20, 1));
  assert.notDeepEqual(drawn, sample(items, 20, 2));
  assert.deepEqual(sample(items, 200, 1), items);
  assert.equal(quantile([5, 1, 3], 0.5), 3);
  assert.equal(quantile([], 0.5), 0);
});

test("joined repositories share objects and refs, and take nothing and leave nothing", async (t) => {
  const [one, other] = [fixture(t), fixture(t)];
  const first = one.commit("one", { a: "1\n" });
  const second = other.commit("two", { b: "2\n" });
  other.git("tag", "--annotate", "--message", "release", "v1.0");
  const refsBefore = one.git("for-each-ref");
  const joined = await joinRepositories([`${one.dir}/.git`, `${other.dir}/.git`]);
  const asked = one.git("--git-dir", joined.gitDir, "for-each-ref", "--format=%(refname)").split("\n");
  assert.deepEqual(asked, ["refs/joined/0/heads/main", "refs/joined/1/heads/main", "refs/joined/1/tags/v1.0"]);
  for (const oid of [first, second]) assert.equal(one.git("--git-dir", joined.gitDir, "cat-file", "-t", oid), "commit");
  assert.equal(one.git("for-each-ref"), refsBefore);
  joined.remove();
  assert.ok(!existsSync(joined.gitDir));
  await assert.rejects(joinRepositories([textFile(t, "not-a-repository", "")]), /is not a git repository/);
});

test("an unknown task and a bad option are one line and exit code 2", () => {
  const main = fileURLToPath(new URL("../../eval/main.ts", import.meta.url));
  for (const [args, message] of [
    [["nonsense"], /^eval: the tasks are .*; not nonsense\n$/],
    [["apply", "--nonsense"], /^eval: [^\n]*--nonsense[^\n]*\n$/],
    [["apply", "--repo", "."], /^eval: --pairs is needed\n$/],
    [["apply", "--repo", ".", "--pairs", "no-such-file"], /^eval: [^\n]*no-such-file[^\n]*\n$/],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", main, ...args], { encoding: "utf8" });
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  }
});
