import assert from "node:assert/strict";
import { test } from "node:test";
import { analyze } from "../../src/analysis/analyze.ts";
import { analyzeUploadedPatch } from "../../src/analysis/uploaded-patch.ts";
import { commitTo, openTrees, source } from "./trees.ts";

const FIRST = source("nfs", { 20: "\tnfs_checked(dev);\n" });
const SECOND = source("nfs", { 20: "\tnfs_checked(dev);\n", 22: "\tnfs_counted(dev);\n" });
const BASE = { "fs/nfs.c": source("nfs"), "fs/other.c": source("other") };
/** The vendor changed a line two below the first change, so that `git apply` refuses it and a three-way merge does not. */
const VENDOR = { ...BASE, "fs/nfs.c": source("nfs", { 18: "\tvendor(dev);\n" }) };

async function setUp(t: Parameters<typeof openTrees>[0], vendor = VENDOR) {
  const commits = [
    commitTo("up", "base\n", BASE),
    commitTo("up", "first\n", { ...BASE, "fs/nfs.c": FIRST }),
    commitTo("up", "second\n", { ...BASE, "fs/nfs.c": SECOND }),
    commitTo("vendor", "vendor\n", vendor, []),
  ];
  const { ctx, commit } = await openTrees(t, commits);
  const mail = async (revision: string, part: string, trailer = "") => {
    const { oid } = commit(revision);
    const diff = await ctx.repo.patch(oid);
    return `From ${oid} Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: [PATCH ${part}] nfs: change\n\nText.\n---\n${diff}-- \n2.39.5\n${trailer}\n`;
  };
  return { ctx, commit, mail };
}

test("a series with a base commit is tried in order with the three-way merge", async (t) => {
  const { ctx, commit, mail } = await setUp(t);
  const base = `\nbase-commit: ${commit("up~2").oid}\n`;
  const text = (await mail("up", "2/2")) + (await mail("up~1", "1/2", base));
  const [first, second, ...more] = await analyzeUploadedPatch(ctx, text);
  assert.equal(more.length, 0);
  assert.deepEqual([first?.rank, second?.rank], [1, 2]);
  assert.equal(first?.applicability.state, "merge", "git apply refuses it, the merge does not");
  assert.ok(["clean", "merge"].includes(second?.applicability.state ?? ""), "the second stands on the first");
});

test("a patch whose index lines name blobs of an upstream head or the target needs no base commit", async (t) => {
  const { ctx, mail } = await setUp(t, { ...VENDOR, "fs/nfs.c": FIRST.replace("nfs_delta(dev, nfs_table[17]);", "vendor(dev);") });
  const [only] = await analyzeUploadedPatch(ctx, await mail("up", "1/1"));
  assert.notEqual(only?.applicability.reason, "its base is not known, so no three-way merge was tried");
});

test("a patch whose base is nowhere is applied strictly, and adapted where that fails", async (t) => {
  const { ctx, mail } = await setUp(t);
  const nowhere = (await mail("up~1", "1/1")).replace(/^index .*$/m, "index 1111111..2222222 100644");
  const [only] = await analyzeUploadedPatch(ctx, nowhere);
  assert.equal(only?.applicability.state, "adapted");
  assert.match(only?.applicability.reason ?? "", /its base is not known/);
});

test("a series is as good as its worst patch, and says which one it was tried without", async (t) => {
  const { ctx, commit, mail } = await setUp(t, { ...VENDOR, "fs/nfs.c": "int all_else;\n" });
  const base = `\nbase-commit: ${commit("up~2").oid}\n`;
  const text = (await mail("up~1", "1/2", base)) + (await mail("up", "2/2"));
  const result = await analyze(ctx, { kind: "patch", text }, { maxCandidates: 10, includePresent: 0 });
  assert.equal(result.verdict, "conflicts");
  assert.match(result.candidates[1]?.applicability.warnings.join() ?? "", /tried without patch 1 of the series/);
});

test("a base commit that the mirror lacks is told", async (t) => {
  const { ctx, mail } = await setUp(t);
  const [only] = await analyzeUploadedPatch(ctx, await mail("up~1", "1/1", `\nbase-commit: ${"9".repeat(40)}\n`));
  assert.match(only?.applicability.warnings.join() ?? "", /base commit 9+ is not in the mirror/);
});
