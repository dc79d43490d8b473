import assert from "node:assert/strict";
import { test } from "node:test";
import { planCommits } from "../../src/analysis/plan.ts";
import { prerequisitesOf } from "../../src/analysis/prerequisites.ts";
import { tryCommit } from "../../src/analysis/try-commit.ts";
import { SERIES_CONVENTIONS, seriesPlace } from "../../src/rules/series-ids.ts";
import { PlanOptions } from "../../src/schema/plan.ts";
import { commitTo, idOf, openTrees, source } from "../analysis/trees.ts";

const link = (part: number) => `Link: https://lore.example.org/r/20240910143144.1123511-${part}-author@example.org`;

test("each convention of series ids reads its own sample", () => {
  for (const { id, sample, word } of SERIES_CONVENTIONS) {
    const place = seriesPlace(`subject\n\n${sample}\n`);
    assert.ok(place !== null && place.position > 0, id);
    assert.equal(place.word, word(place.shared));
    assert.ok(sample.includes(place.word), id);
  }
  assert.equal(seriesPlace("subject\n\nLink: https://bugs.example.org/20240910143144\n"), null);
  assert.equal(seriesPlace("subject\n\nas in 20240910143144.1123511-5-a@b\n"), null);
});

test("what a message declares, and earlier parts of its series, are named; without a proof they are not required", async (t) => {
  const base = { "a.c": source("a"), "b.c": source("b"), "c.c": source("c"), "d.c": source("d") };
  const first = { ...base, "b.c": source("b", { 5: "\tfirst();\n" }) };
  const second = { ...first, "c.c": source("c", { 5: "\tsecond();\n" }) };
  const commits = [
    commitTo("up", "base\n", base),
    commitTo("vendor", "vendor\n", { ...base, "d.c": source("d", { 9: "\tvendor();\n" }) }, ["refs/heads/up"]),
    commitTo("up", "b: declared first\n", first),
    commitTo("up", `c: an earlier part\n\n${link(3)}\n`, second),
    commitTo("up", `x: a later part\n\n${link(9)}\n`, { ...second, "d.c": source("d", { 40: "\tlater();\n" }) }),
  ];
  const declared = idOf(t, commits.slice(0, 3), "up");
  const fix = `a: the fix\n\nCc: <stable@vger.kernel.org> # 4.19: ${declared.slice(0, 12)}: b: declared first\n${link(5)}\n`;
  const all = [
    ...commits,
    commitTo("up", fix, { ...second, "a.c": source("a", { 5: "\tfixed();\n" }), "d.c": source("d", { 40: "\tlater();\n" }) }),
  ];
  const { ctx, commit } = await openTrees(t, all);
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried" && tried.trial.merge.clean);
  const named = (await prerequisitesOf(ctx, tried)).map(({ subject, kind, need }) => [subject, kind, need]);
  assert.deepEqual(named, [
    ["b: declared first", "declared", "unknown"],
    ["c: an earlier part", "series", "unknown"],
  ]);
  const plan = await planCommits(ctx, [commit("up").oid], PlanOptions.parse({}));
  assert.deepEqual(
    plan.steps.map(({ subject }) => subject),
    ["a: the fix"],
  );
});

test("a declared commit that the text needs is required by its declaration, and proven by trial", async (t) => {
  const commits = [
    commitTo("up", "base\n", { "a.c": source("a") }),
    commitTo("vendor", "vendor\n", { "a.c": source("a"), "v.c": source("v") }, ["refs/heads/up"]),
    commitTo("up", "a: first\n", { "a.c": source("a", { 5: "\tfirst();\n" }) }),
  ];
  const need = idOf(t, commits, "up");
  const { ctx, commit } = await openTrees(t, [
    ...commits,
    commitTo("up", `a: second\n\nDepends-on: ${need}\n`, { "a.c": source("a", { 5: "\tfirst(second);\n" }) }),
  ]);
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried");
  const [found, ...others] = await prerequisitesOf(ctx, tried);
  assert.deepEqual([found?.oid, found?.kind, found?.need, others], [need, "declared", "required", []]);
  assert.deepEqual(
    found?.proof.trials.map((trial) => [trial.applied.length, trial.conflictingFiles]),
    [
      [0, ["a.c"]],
      [1, []],
    ],
  );
});
