import assert from "node:assert/strict";
import { test } from "node:test";
import { tryCommit } from "../../src/analysis/try-commit.ts";
import { commitTo, openTrees } from "./trees.ts";

const body = (lines: readonly string[]) => `int go(struct dev *dev)\n{\n${lines.map((line) => `\t${line};\n`).join("")}}\n`;
const LINES = ["alpha(dev)", "bravo(dev)", "charlie(dev)", "delta(dev)", "echo(dev)", "foxtrot(dev)"];
const BASE = body(LINES);

test("a conflict that the target's own commit made names that commit", async (t) => {
  const commits = [
    commitTo("up", "base\n", { "f.c": BASE }),
    commitTo("vendor", "vendor: count charlie\n", { "f.c": body(LINES.with(2, "vendor_count(dev)")) }, ["refs/heads/up"]),
    commitTo("up", "fix: check charlie\n", { "f.c": body(LINES.with(2, "charlie(dev, GOOD)")) }),
  ];
  const { ctx, commit } = await openTrees(t, commits);
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried");
  const [cause] = tried.causes;
  assert.deepEqual(cause?.own, [commit("vendor").oid]);
  assert.match(cause?.text ?? "", /vendor changed the place itself in .*vendor: count charlie/);
  const hunk = tried.applicability.files[0]?.hunks[0];
  assert.ok(hunk?.commits.some((one) => one.oid === commit("vendor").oid));
});

test("a conflict that an upstream commit made does not blame the target", async (t) => {
  const changed = LINES.with(2, "charlie(dev, 1)");
  const commits = [
    commitTo("up", "base\n", { "f.c": BASE }),
    commitTo("vendor", "vendor: another file\n", { "f.c": BASE, "g.c": "int g;\n" }, ["refs/heads/up"]),
    commitTo("up", "new charlie\n", { "f.c": body(changed) }),
    commitTo("up", "fix: check charlie\n", { "f.c": body(changed.with(2, "charlie(dev, GOOD)")) }),
  ];
  const { ctx, commit } = await openTrees(t, commits);
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried");
  assert.deepEqual(tried.causes[0]?.own, []);
  assert.deepEqual(tried.causes[0]?.commits, [commit("up~1").oid]);
});
