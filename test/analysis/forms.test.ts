import assert from "node:assert/strict";
import { test } from "node:test";
import { tryCommit } from "../../src/analysis/try-commit.ts";
import { commitTo, idOf, openTrees, source } from "./trees.ts";

const OLD = source("nfs", { 18: "\told_style(dev);\n", 21: "\told_end(dev);\n" });
const NEW = source("nfs", { 18: "\tnew_style(dev, 1, 2);\n", 21: "\tnew_end(dev);\n" });
const SUBJECT = "nfs: check the device\n";

function fixed(text: string): string {
  return text.replace("\tnfs_golf(dev, nfs_table[20]);\n", "").replace(/\t(?:old|new)_end\(dev\);\n/, "\tnfs_checked(dev);\n");
}

test("the form of another tree that fits is taken, and the answer says which", async (t) => {
  const mainline = [
    commitTo("up", "old\n", { "f.c": OLD }),
    commitTo("up", "new\n", { "f.c": NEW }),
    commitTo("up", SUBJECT, { "f.c": fixed(NEW) }),
  ];
  const fix = idOf(t, mainline, "up");
  const stable = commitTo("up", `${SUBJECT}\n(cherry picked from commit ${fix})\n`, { "f.c": fixed(OLD) });
  const commits = [...mainline, commitTo("up", "back to old\n", { "f.c": OLD }), stable, commitTo("vendor", "vendor\n", { "f.c": OLD })];
  const { ctx, commit } = await openTrees(t, commits);
  const tried = await tryCommit(ctx, fix);
  assert.ok(tried.kind === "tried");
  assert.equal(tried.trial.merge.clean, false, "the commit itself conflicts");
  assert.equal(tried.applicability.state, "clean");
  assert.deepEqual(tried.applicability.form, { tree: "up", oid: commit("up").oid });
  assert.match(tried.applicability.reason ?? "", /the commit itself conflicts; this is its form/);
  assert.equal(tried.form?.change.oid, commit("up").oid);
});

test("a commit that fits as it is has no form", async (t) => {
  const commits = [
    commitTo("up", "old\n", { "f.c": OLD }),
    commitTo("up", SUBJECT, { "f.c": fixed(OLD) }),
    commitTo("vendor", "vendor\n", { "f.c": OLD }),
  ];
  const { ctx, commit } = await openTrees(t, commits);
  const tried = await tryCommit(ctx, commit("up").oid);
  assert.ok(tried.kind === "tried");
  assert.equal(tried.form, null);
  assert.equal(tried.applicability.form, undefined);
});
