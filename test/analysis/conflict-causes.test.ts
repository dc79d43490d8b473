import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOf, isChange } from "../../src/analysis/change.ts";
import { introducerOf } from "../../src/analysis/name-introducers.ts";
import { symbolNeeds } from "../../src/analysis/symbol-needs.ts";
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

const GONE = "int gone(struct dev *dev)\n{\n\treturn alpha(dev);\n}\n";

test("a function that the target took out: who introduced it is asked of git, and is no commit to bring", async (t) => {
  const commits = [
    commitTo("up", "base\n", { "f.c": BASE }),
    commitTo("up", "add gone\n", { "f.c": BASE + GONE }),
    commitTo("vendor", "vendor: without gone\n", { "f.c": BASE }, ["refs/heads/up"]),
    commitTo("up", "fix: check gone\n", { "f.c": BASE + GONE.replace("alpha(dev)", "alpha(dev) ?: -1") }),
  ];
  const { ctx, commit } = await openTrees(t, commits, "vendor");
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried");
  const [cause] = tried.causes;
  assert.match(cause?.text ?? "", /gone\(\) does not exist in f\.c of vendor: introduced by [0-9a-f]+ \("add gone"\), which vendor has/);
  assert.equal(cause?.introducer, null);
});

test("who only changed a function that the target took out did not introduce it", async (t) => {
  const changed = GONE.replace("alpha(dev)", "alpha(dev, DEEP)");
  const commits = [
    commitTo("up", "base\n", { "f.c": BASE }),
    commitTo("up", "add gone\n", { "f.c": BASE + GONE }),
    commitTo("vendor", "vendor: without gone\n", { "f.c": BASE }, ["refs/heads/up"]),
    commitTo("up", "go deep\n", { "f.c": BASE + changed }),
    commitTo("up", "fix: check gone\n", { "f.c": BASE + changed.replace("DEEP)", "DEEP) ?: -1") }),
  ];
  const { ctx, commit } = await openTrees(t, commits, "vendor");
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried");
  const [cause] = tried.causes;
  assert.equal(cause?.introducer, null);
  assert.match(
    cause?.text ?? "",
    /gone\(\) does not exist in f\.c of vendor: introduced by [0-9a-f]+ \("add gone"\), which vendor has; upstream changed them in [0-9a-f]+ \("go deep"\)/,
  );
  assert.deepEqual(cause?.commits, [commit("up~1").oid]);
});

test("who only changed a file that the target took out did not introduce it", async (t) => {
  const commits = [
    commitTo("up", "base\n", { "f.c": BASE, "g.c": "int g;\n" }),
    commitTo("vendor", "vendor: without f\n", { "g.c": "int g;\n" }, ["refs/heads/up"]),
    commitTo("up", "new charlie\n", { "f.c": body(LINES.with(2, "charlie(dev, 1)")), "g.c": "int g;\n" }),
    commitTo("up", "fix: check charlie\n", { "f.c": body(LINES.with(2, "charlie(dev, GOOD)")), "g.c": "int g;\n" }),
  ];
  const { ctx, commit } = await openTrees(t, commits, "vendor");
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried");
  assert.equal(tried.causes[0]?.introducer, null);
  assert.equal(tried.causes[0]?.text, "f.c does not exist in vendor");
  assert.deepEqual(tried.causes[0]?.commits, [commit("up~1").oid]);
});

test("a function that the index knows no commit of, because no patch between two upstream trees is indexed", async (t) => {
  const commits = [
    commitTo("up", "base\n", { "f.c": BASE }),
    commitTo("vendor", "stable: another file\n", { "f.c": BASE, "h.c": "int h;\n" }, ["refs/heads/up"]),
    commitTo("up", "add gone\n", { "f.c": BASE + GONE }),
    commitTo("up", "fix: check gone\n", { "f.c": BASE + GONE.replace("{\n", "{\n\tif (!dev)\n\t\treturn 0;\n") }),
  ];
  const { ctx, commit } = await openTrees(t, commits, "stable");
  const introducer = commit("up~1").oid;
  assert.deepEqual(ctx.index.commitsAdding("gone", 10), [], "outside of the patches of the index");
  const fix = ctx.index.commit(commit("up").oid);
  assert.ok(fix);
  assert.deepEqual(await introducerOf(ctx, fix, "gone"), { kind: "found", oid: introducer, by: "git" });
  const tried = await tryCommit(ctx, fix.oid);
  assert.ok(tried.kind === "tried");
  assert.equal(tried.causes[0]?.introducer, introducer);
});

test("a function that upstream made of lines that the target has too", async (t) => {
  const lines = [...LINES, "golf(dev)", "hotel(dev)", "india(dev)", "juliet(dev)", "kilo(dev)", "lima(dev)"];
  const split = (all: readonly string[]) => `${body(all.slice(0, 5))}\n${body(all.slice(5)).replace("go(", "gone(")}`;
  const commits = [
    commitTo("up", "base\n", { "f.c": body(lines) }),
    commitTo("vendor", "stable: count juliet\n", { "f.c": body(lines.with(9, "count(dev)")) }, ["refs/heads/up"]),
    commitTo("up", "split go\n", { "f.c": split(lines) }),
    commitTo("up", "fix: check juliet\n", { "f.c": split(lines.with(9, "juliet(dev, GOOD)")) }),
  ];
  const { ctx, commit } = await openTrees(t, commits, "stable");
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried");
  const [cause] = tried.causes;
  assert.equal(cause?.introducer, commit("up~1").oid);
  assert.match(cause?.text ?? "", /gone\(\) does not exist in f\.c of vendor: introduced by [0-9a-f]+ \("split go"\)/);
  assert.equal(cause?.commits[0], commit("up~1").oid);
});

test("a symbol need whose introducer is outside of the patches of the index", async (t) => {
  const use = body(LINES.with(2, "charlie(dev, brave_new())"));
  const commits = [
    commitTo("up", "base\n", { "f.c": BASE, "g.h": "int g(void);\n" }),
    commitTo("vendor", "stable: another file\n", { "f.c": BASE, "g.h": "int g(void);\n", "h.c": "int h;\n" }, ["refs/heads/up"]),
    commitTo("up", "add brave_new\n", { "f.c": BASE, "g.h": "int g(void);\nint brave_new(void);\n" }),
    commitTo("up", "fix: use brave_new\n", { "f.c": use, "g.h": "int g(void);\nint brave_new(void);\n" }),
  ];
  const { ctx, commit } = await openTrees(t, commits, "stable");
  const change = await changeOf(ctx, commit("up").oid);
  assert.ok(isChange(change));
  assert.deepEqual(
    (await symbolNeeds(ctx, change)).map(({ symbol, introducer }) => ({ symbol, introducer })),
    [{ symbol: "brave_new", introducer: commit("up~1").oid }],
  );
});
