import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { affectedBy } from "../../src/analysis/affected.ts";
import type { Affected } from "../../src/schema/analysis.ts";
import { commitTo, idOf, openTrees, source } from "./trees.ts";

type Contents = Readonly<Record<string, string>>;

const BUG = "\tmemcpy(dev->table, user_table, user_length);\n";
const FIX = "\tif (copy_table(dev, user_table, user_length)) return -EFAULT;\n";
const BASE: Contents = { "net/a.c": source("arp"), "net/b.c": source("bridge") };
const BROKEN: Contents = { ...BASE, "net/a.c": source("arp", { 12: BUG }) };
const FIXED: Contents = { ...BASE, "net/a.c": source("arp", { 12: FIX }) };
const UPSTREAM = [commitTo("up", "base\n", BASE), commitTo("up", "net: faster tables\n", BROKEN)];

/** The answer about an upstream fix of the second commit, for a vendor tree that is one commit. */
async function inSquash(t: TestContext, message: (introducer: string) => string, contents: Contents): Promise<Affected> {
  const introducer = idOf(t, UPSTREAM, "up");
  const commits = [...UPSTREAM, commitTo("up", message(introducer), FIXED), commitTo("vendor", "our kernel\n", contents)];
  const { ctx, commit } = await openTrees(t, commits);
  return affectedBy(ctx, commit("up"));
}

const tagged = (id: string) => `net: check tables\n\nFixes: ${id.slice(0, 12)} ("net: faster tables")\n`;
const untagged = () => "net: check tables\n";

test("before the introduction: not affected, with the proof that neither the commit nor its lines are there", async (t) => {
  const { state, because } = await inSquash(t, tagged, BASE);
  assert.equal(state, "not_affected", because);
  assert.match(because, /not in vendor by identity or content/);
});

test("vulnerable: the introducing commit is found by its content, although the tree has no history", async (t) => {
  const { state, because } = await inSquash(t, tagged, BROKEN);
  assert.equal(state, "affected", because);
  assert.match(because, /faster tables/);
});

test("a missing tag proves nothing, but lines that the fix removes do", async (t) => {
  assert.equal((await inSquash(t, untagged, BASE)).state, "unknown");
  const { state, because } = await inSquash(t, untagged, BROKEN);
  assert.equal(state, "affected", because);
  assert.match(because, /net\/a\.c/);
});

test("without a tag it is never not affected, whatever the tree has", async (t) => {
  for (const contents of [BASE, FIXED, { "net/b.c": source("bridge") }, { other: "other\n" }]) {
    const { state, because } = await inSquash(t, untagged, contents);
    assert.equal(state, "unknown", because);
  }
});

test("a tag that names an unknown commit: unknown, also where the lines are not there", async (t) => {
  const gone = () => 'net: check tables\n\nFixes: 0123456789ab ("net: gone")\n';
  assert.equal((await inSquash(t, gone, BASE)).state, "unknown");
});

test("the tree lacks the file: not affected", async (t) => {
  assert.equal((await inSquash(t, tagged, { "net/b.c": source("bridge") })).state, "not_affected");
});

test("the introducing commit came by a reference to an id that no tree has", async (t) => {
  const gone = "0123456789abcdef0123456789abcdef01234567";
  const fixes = `net: check tables\n\nFixes: ${gone.slice(0, 12)} ("net: rewritten tables")\n`;
  const carrier = (subject: string) => commitTo("vendor", `${subject}\n\n[ Upstream commit ${gone} ]\n`, { ...BASE, own: "own\n" });
  for (const [subject, state] of [
    ["net: rewritten tables", "affected"],
    ["mm: something else", "unknown"],
  ] as const) {
    const commits = [...UPSTREAM, commitTo("up", fixes, FIXED), commitTo("vendor", "our kernel\n", BASE), carrier(subject)];
    const { ctx, commit } = await openTrees(t, commits);
    assert.equal((await affectedBy(ctx, commit("up"))).state, state);
  }
});

test("a revert fixes what it reverts", async (t) => {
  const revert = (id: string) => `Revert "net: faster tables"\n\nThis reverts commit ${id}.\n`;
  const { state, because } = await inSquash(t, revert, BROKEN);
  assert.equal(state, "affected", because);
  assert.match(because, /it reverts/);
});
