import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type AnalysisContext, openContext } from "../../src/analysis/context.ts";
import { followUpsOf } from "../../src/analysis/follow-ups.ts";
import { presenceOf } from "../../src/analysis/presence.ts";
import { resolveCommit } from "../../src/analysis/resolve-commit.ts";
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { openIndex } from "../../src/history/open-index.ts";
import type { Presence } from "../../src/schema/analysis.ts";
import { buildRepository, type CommitSpec, file, git, open, temporaryDirectory } from "../git/fixture.ts";
import { openTrees } from "./trees.ts";

const BASE = Array.from({ length: 30 }, (_, i) => `line ${i}\n`);
const content = (change: Record<number, string>) => new Map([["f.c", file(BASE.map((line, i) => change[i] ?? line).join(""))]]);

/** A mainline of base and fix, and a vendor tree of base and what the story adds; the story may name the fix's id. */
async function vendorStory(
  t: TestContext,
  story: (fix: string) => CommitSpec[],
  more: CommitSpec[] = [],
): Promise<{ ctx: AnalysisContext; fix: string; presence: Presence }> {
  const directory = temporaryDirectory(t);
  const upstream: CommitSpec[] = [
    { ref: "refs/heads/up", parents: [], files: content({}), message: "base\n" },
    { ref: "refs/heads/fork", parents: ["refs/heads/up"], files: content({ 1: "vendor\n" }), message: "fork\n" },
    { ref: "refs/heads/up", parents: [], files: content({ 10: "fixed\n" }), message: "net: fix it\n" },
  ];
  const first = buildRepository(join(directory, "first"), upstream);
  const fix = git(first, ["rev-parse", "up"]);
  const own = story(fix);
  const bare = buildRepository(join(directory, "bare"), [
    ...upstream,
    ...more,
    { ref: "refs/heads/vendor", parents: ["refs/heads/fork"], files: content({ 1: "vendor\n", 2: "own\n" }), message: "own\n" },
    ...own,
  ]);
  assert.equal(git(bare, ["rev-parse", more.length === 0 ? "up" : "up~1"]), fix, "ids do not depend on the story");
  const trees = [
    { id: "up", role: "mainline" as const, headOid: git(bare, ["rev-parse", "up"]) },
    { id: "vendor", role: "vendor" as const, headOid: git(bare, ["rev-parse", own.at(-1)?.ref ?? "vendor"]) },
  ];
  const indexPath = join(directory, "index.sqlite");
  const options = { gitDir: bare, indexPath, trees, report: () => {} };
  await ingestHistory(options);
  await ingestPatches(options);
  const index = openIndex(indexPath);
  t.after(() => index.close());
  const pin = (id: "up" | "vendor") => ({ tree: id, ref: id, oid: trees.find((tree) => tree.id === id)?.headOid ?? "" });
  const ctx = await openContext({ repo: open(t, bare), index, target: pin("vendor"), upstreams: [pin("up")] });
  const commit = index.commit(fix);
  assert.ok(commit);
  return { ctx, fix, presence: presenceOf(ctx, commit) };
}

/** A commit on the vendor branch; another context, so that only what the test means can identify it. */
function vendorCommit(message: string, change: Record<number, string>): CommitSpec {
  return { ref: "refs/heads/vendor", parents: [], files: content({ 1: "vendor\n", 2: "own\n", ...change }), message };
}

test("before the fix: absent", async (t) => {
  const { presence } = await vendorStory(t, () => []);
  assert.equal(presence.state, "absent");
  assert.equal(presence.route, null);
});

test("merged: present as an ancestor", async (t) => {
  const { presence } = await vendorStory(t, () => [
    {
      ref: "refs/heads/merged",
      parents: ["refs/heads/vendor", "refs/heads/up"],
      files: content({ 1: "vendor\n", 10: "fixed\n" }),
      message: "merge\n",
    },
  ]);
  assert.deepEqual([presence.state, presence.route], ["present", "ancestor"]);
});

test("a reference that agrees in subject makes it equivalent, whatever the content", async (t) => {
  const { presence } = await vendorStory(t, (fix) => [
    vendorCommit(`net: fix it\n\ncommit ${fix} upstream.\n`, { 10: "fixed differently\n" }),
  ]);
  assert.deepEqual([presence.state, presence.route], ["equivalent", "reference"]);
});

test("a reference whose commit agrees in nothing does not count", async (t) => {
  const { presence } = await vendorStory(t, (fix) => [vendorCommit(`mm: something else\n\ncommit ${fix} upstream.\n`, { 20: "x\n" })]);
  assert.equal(presence.state, "absent");
});

test("a Fixes line or a mention is no presence", async (t) => {
  const { presence } = await vendorStory(t, (fix) => [
    vendorCommit(`net: fix it\n\nFixes: ${fix.slice(0, 12)} ("net: fix it")\n`, { 20: "x\n" }),
  ]);
  // The fixture gives all commits one author and date, so the subject decides the route here.
  assert.notEqual(presence.route, "reference");
});

test("the same patch under another subject is equivalent by patch-id", async (t) => {
  const { presence } = await vendorStory(t, () => [vendorCommit("taken from upstream\n", { 10: "fixed\n" })]);
  assert.deepEqual([presence.state, presence.route], ["equivalent", "patch-id"]);
});

test("reverted in the target: reverted, by the route that found it", async (t) => {
  const reverted = await vendorStory(t, (fix) => [
    vendorCommit(`net: fix it\n\ncommit ${fix} upstream.\n`, { 10: "fixed\n" }),
    vendorCommit(`Revert "net: fix it"\n\nThis reverts commit ${fix}.\n`, {}),
  ]);
  assert.deepEqual([reverted.presence.state, reverted.presence.route], ["reverted", "reference"]);
});

test("a later upstream revert is a follow-up", async (t) => {
  const build = buildRepository(join(temporaryDirectory(t), "id"), [
    { ref: "refs/heads/up", parents: [], files: content({}), message: "base\n" },
    { ref: "refs/heads/up", parents: [], files: content({ 10: "fixed\n" }), message: "net: fix it\n" },
  ]);
  const id = git(build, ["rev-parse", "up"]);
  const { ctx, fix } = await vendorStory(t, () => [], [
    {
      ref: "refs/heads/up",
      parents: [],
      files: content({}),
      message: `Revert "net: fix it"\n\nThis reverts commit ${id}.\n`,
    },
  ]);
  const commit = ctx.index.commit(fix);
  assert.ok(commit);
  assert.deepEqual(
    followUpsOf(ctx, commit).map((one) => [one.relation, one.of, one.presence.state]),
    [["reverts", fix, "absent"]],
  );
});

test("ids resolve when full, abbreviated, or known only from a reference", async (t) => {
  const gone = "0123456789abcdef0123456789abcdef01234567";
  const { ctx, fix } = await vendorStory(t, () => [vendorCommit(`mm: other\n\n[ Upstream commit ${gone} ]\n`, { 20: "x\n" })]);
  assert.deepEqual(resolveCommit(ctx.index, fix), { kind: "found", oid: fix });
  assert.deepEqual(resolveCommit(ctx.index, fix.slice(0, 10)), { kind: "found", oid: fix });
  assert.deepEqual(resolveCommit(ctx.index, gone.slice(0, 12)), { kind: "found", oid: ctx.target.oid });
  assert.deepEqual(resolveCommit(ctx.index, "fedcba9876543210"), { kind: "not_found" });
});

const REVERT = 'Revert "net: fix it"\n';

test("chains of reverts: the last word counts, by id, by subject, or by taking it again", async (t) => {
  const backport = (fix: string) => vendorCommit(`net: fix it\n\ncommit ${fix} upstream.\n`, { 10: "fixed\n" });
  const stories: readonly (readonly [state: Presence["state"], story: (fix: string) => CommitSpec[]])[] = [
    ["reverted", (fix) => [backport(fix), vendorCommit(REVERT, {})]],
    ["equivalent", (fix) => [backport(fix), vendorCommit(REVERT, {}), vendorCommit(`Revert "Revert "net: fix it""\n`, { 10: "fixed\n" })]],
    ["equivalent", (fix) => [backport(fix), vendorCommit(REVERT, {}), vendorCommit('Reapply "net: fix it"\n', { 10: "fixed\n" })]],
    ["equivalent", (fix) => [backport(fix), vendorCommit(`${REVERT}\nThis reverts commit ${fix}.\n`, {}), backport(fix)]],
    ["equivalent", (fix) => [backport(fix), vendorCommit('Revert "net: another one"\n', { 10: "fixed\n" })]],
  ];
  for (const [state, story] of stories) {
    const { presence } = await vendorStory(t, story);
    assert.equal(presence.state, state, presence.because);
  }
});

test("through a common upstream that no tree has", async (t) => {
  const gone = "0123456789abcdef0123456789abcdef01234567";
  const commits: CommitSpec[] = [
    { ref: "refs/heads/up", parents: [], files: content({}), message: "base\n" },
    { ref: "refs/heads/vendor", parents: ["refs/heads/up"], files: content({ 1: "vendor\n" }), message: "fork\n" },
    { ref: "refs/heads/up", parents: [], files: content({ 10: "fixed\n" }), message: `net: fix it\n\ncommit ${gone} upstream.\n` },
    {
      ref: "refs/heads/vendor",
      parents: [],
      files: content({ 10: "other\n" }),
      message: `net: fix it\n\n[ Upstream commit ${gone.slice(0, 12)} ]\n`,
    },
  ];
  const { ctx, commit } = await openTrees(t, commits);
  const presence = presenceOf(ctx, commit("up"));
  assert.deepEqual([presence.state, presence.route, presence.by?.oid], ["equivalent", "reference", ctx.target.oid], presence.because);
});

test("a claim that nothing confirms is shown", async (t) => {
  const { presence } = await vendorStory(t, (fix) => [vendorCommit(`mm: something else\n\ncommit ${fix} upstream.\n`, { 20: "x\n" })]);
  assert.match(presence.conflicts?.join() ?? "", /the claim does not count/);
});

test("two commits that match equally well by author and date: the ambiguity is told", async (t) => {
  const one = (more: string) => vendorCommit("net: fix it\n", { 10: `fixed ${more}\n` });
  const alone = await vendorStory(t, () => [one("a")]);
  assert.deepEqual([alone.presence.route, alone.presence.conflicts], ["author-date", undefined]);
  const { presence, ctx } = await vendorStory(t, () => [one("a"), one("b")]);
  assert.deepEqual([presence.state, presence.route], ["equivalent", "author-date"]);
  assert.match(presence.conflicts?.join() ?? "", new RegExp(`${ctx.target.oid.slice(0, 12)} of vendor match as well`));
});
