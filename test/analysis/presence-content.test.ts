import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { presenceWithContent } from "../../src/analysis/presence-checked.ts";
import type { Presence } from "../../src/schema/analysis.ts";
import { commitTo, idOf, openTrees, source } from "./trees.ts";

type Contents = Readonly<Record<string, string>>;

const LOCK = "\tmutex_lock(&dev->table_lock);\n";
const CHECK = "\tif (!dev->table_ready) return -EAGAIN;\n";
const BASE: Contents = { "net/a.c": source("arp"), "net/b.c": source("bridge"), "fs/c.c": source("cache") };
/** Four hunks in three files. */
const FIXED: Contents = {
  "net/a.c": source("arp", { 5: LOCK, 40: CHECK }),
  "net/b.c": source("bridge", { 20: CHECK }),
  "fs/c.c": source("cache", { 30: LOCK }),
};
const UPSTREAM = [commitTo("up", "base\n", BASE), commitTo("up", "net: take the table lock\n", FIXED)];
const REFERENCE = (id: string) => `net: take the table lock\n\ncommit ${id} upstream.\n`;

/** The answer about the second upstream commit for a vendor tree that is one commit. */
async function inSquash(t: TestContext, contents: Contents): Promise<Presence> {
  const { ctx, commit } = await openTrees(t, [...UPSTREAM, commitTo("vendor", "our kernel\n", contents)]);
  return presenceWithContent(ctx, commit("up"));
}

function brief({ state, route, hunks }: Presence): unknown[] {
  return [state, route, hunks?.present, hunks?.absent, hunks?.total];
}

describe("a vendor tree that is one commit without history", () => {
  const cases: readonly (readonly [name: string, contents: Contents, expected: unknown[]])[] = [
    ["as the base: absent", BASE, ["absent", null, 0, 4, 4]],
    ["with the fix: equivalent", FIXED, ["equivalent", "content", 4, 0, 4]],
    [
      "among own changes",
      { ...FIXED, "net/a.c": source("arp", { 0: "\town();\n", 5: LOCK, 40: CHECK }) },
      ["equivalent", "content", 4, 0, 4],
    ],
    ["without one file's hunk: partial", { ...FIXED, "fs/c.c": source("cache") }, ["partial", "content", 3, 1, 4]],
    ["without one hunk of a file: partial", { ...FIXED, "net/a.c": source("arp", { 5: LOCK }) }, ["partial", "content", 3, 1, 4]],
    [
      "folders have other names",
      { "drivers/a.c": FIXED["net/a.c"] ?? "", "drivers/b.c": FIXED["net/b.c"] ?? "", "drivers/c.c": FIXED["fs/c.c"] ?? "" },
      ["equivalent", "content", 4, 0, 4],
    ],
    [
      "a file has another name in the same folder",
      { "net/a.c": FIXED["net/a.c"] ?? "", "fs/c.c": FIXED["fs/c.c"] ?? "", "net/old-b.c": FIXED["net/b.c"] ?? "" },
      ["equivalent", "content", 4, 0, 4],
    ],
  ];
  for (const [name, contents, expected] of cases) {
    test(name, async (t) => {
      const presence = await inSquash(t, contents);
      assert.deepEqual(brief(presence), expected, presence.because);
    });
  }

  test("nothing that tells: unknown, not absent", async (t) => {
    const { ctx, commit } = await openTrees(t, [
      commitTo("up", "base\n", { "a.c": "{\n}\n{\n}\n" }),
      commitTo("up", "more braces\n", { "a.c": "{\n}\n{\n{\n}\n}\n" }),
      commitTo("vendor", "our kernel\n", { "a.c": "}\n{\n" }),
    ]);
    assert.equal((await presenceWithContent(ctx, commit("up"))).state, "unknown");
  });

  test("a new file is not found in another one of its name", async (t) => {
    const conf = "router bgp 65001\n neighbor 192.168.1.2 remote-as auto\n neighbor 192.168.1.2 timers 1 3\n";
    const { ctx, commit } = await openTrees(t, [
      commitTo("up", "base\n", { "one/r1/frr.conf": conf }),
      commitTo("up", "tests: a second one\n", { "one/r1/frr.conf": conf, "two/r1/frr.conf": conf }),
      commitTo("vendor", "our kernel\n", { "one/r1/frr.conf": conf }),
    ]);
    assert.equal((await presenceWithContent(ctx, commit("up"))).state, "absent");
  });
});

describe("a commit that claims to carry the fix", () => {
  const [base, fix] = UPSTREAM;
  assert.ok(base && fix);
  const forked = [base, commitTo("vendor", "fork\n", { ...BASE, own: "own\n" }, ["refs/heads/up"]), fix];

  async function inVendor(t: TestContext, contents: Contents, later?: Contents, upstreamLater?: Contents): Promise<Presence> {
    const id = idOf(t, UPSTREAM, "up");
    const commits = [
      ...forked,
      ...(upstreamLater === undefined ? [] : [commitTo("up", "net: rework\n", upstreamLater)]),
      commitTo("vendor", REFERENCE(id), contents),
      ...(later === undefined ? [] : [commitTo("vendor", "vendor: merge\n", later)]),
    ];
    const { ctx, commit } = await openTrees(t, commits);
    return presenceWithContent(ctx, commit(upstreamLater === undefined ? "up" : "up~1"));
  }

  test("brought all of it: equivalent", async (t) => {
    const presence = await inVendor(t, { ...FIXED, own: "own\n", "net/a.c": source("arp", { 6: "\town();\n", 5: LOCK, 40: CHECK }) });
    assert.deepEqual(brief(presence), ["equivalent", "reference", 4, 0, 4], presence.because);
  });

  test("left out a hunk that would still apply: partial", async (t) => {
    const presence = await inVendor(t, { ...FIXED, own: "own\n", "fs/c.c": source("cache") });
    assert.deepEqual(brief(presence), ["partial", "reference", 3, 1, 4], presence.because);
    assert.equal(presence.by?.oid?.length, 40);
  });

  test("brought none of it: absent, and the claim is shown", async (t) => {
    const presence = await inVendor(t, { ...BASE, own: "own 2\n" });
    assert.deepEqual(brief(presence), ["absent", null, 0, 4, 4], presence.because);
    assert.match(presence.conflicts?.join() ?? "", /upstream\."/);
  });

  test("its lines are gone again although upstream has them: reverted, whoever did it", async (t) => {
    const presence = await inVendor(t, { ...FIXED, own: "own\n" }, { ...BASE, own: "own\n" });
    assert.equal(presence.state, "reverted", presence.because);
  });

  test("its lines are gone with the code around them: reverted when upstream has them all, else shown", async (t) => {
    const rewritten = { "net/a.c": source("asn"), "net/b.c": source("bond"), "fs/c.c": source("cramfs"), own: "own\n" };
    const lost = await inVendor(t, { ...FIXED, own: "own\n" }, rewritten);
    assert.deepEqual(brief(lost), ["reverted", "reference", 0, 4, 4], lost.because);
    const { own, ...upstream } = rewritten;
    const replaced = await inVendor(t, { ...FIXED, own }, rewritten, { ...upstream, "fs/c.c": source("coda") });
    assert.equal(replaced.state, "equivalent", replaced.because);
    assert.match(replaced.conflicts?.join() ?? "", /took its place, or undid it/);
  });

  test("it was adapted beyond recognition: that is no revert", async (t) => {
    const adapted = { "net/a.c": source("asn"), "net/b.c": source("bond"), "fs/c.c": source("cramfs"), own: "own\n" };
    const presence = await inVendor(t, adapted);
    assert.deepEqual(brief(presence), ["equivalent", "reference", 0, 4, 4], presence.because);
    assert.equal(presence.conflicts?.length, 1);
  });

  test("its lines are gone as they are upstream: later work took their place", async (t) => {
    const presence = await inVendor(t, { ...FIXED, own: "own\n" }, { ...BASE, own: "own\n" }, BASE);
    assert.equal(presence.state, "equivalent", presence.because);
    assert.equal(presence.conflicts?.length, 1);
  });

  test("it only bears the same subject, and most of its lines are not there: the content decides, and the subject is shown", async (t) => {
    const one = { ...BASE, "net/a.c": source("arp", { 5: LOCK }), own: "own\n" };
    const spec = { ...commitTo("vendor", "net: take the table lock\n", one), author: "O. Ther <other@example.org> 1500000000 +0000" };
    const { ctx, commit } = await openTrees(t, [...forked, spec]);
    const presence = await presenceWithContent(ctx, commit("up"));
    assert.deepEqual(brief(presence), ["partial", "content", 1, 3, 4], presence.because);
    assert.match(presence.conflicts?.join() ?? "", /same subject/);
  });

  test("its subject is another one, but it brought the change: content confirms the claim", async (t) => {
    const id = idOf(t, UPSTREAM, "up");
    const contents = { ...FIXED, own: "two fixes at once\n" };
    const { ctx, commit } = await openTrees(t, [...forked, commitTo("vendor", `several fixes\n\ncommit ${id} upstream.\n`, contents)]);
    const presence = await presenceWithContent(ctx, commit("up"));
    assert.deepEqual(brief(presence), ["equivalent", "reference", 4, 0, 4], presence.because);
    assert.equal(presence.by?.oid, ctx.target.oid);
  });
});
