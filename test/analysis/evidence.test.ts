import assert from "node:assert/strict";
import { test } from "node:test";
import { rankCandidates } from "../../src/analysis/candidates.ts";
import { readCrash } from "../../src/crash/read-crash.ts";
import { EVIDENCE, type EvidenceId } from "../../src/rules/evidence.ts";
import { AGAINST } from "../../src/rules/evidence-sets.ts";
import { commitTo, openTrees, source } from "./trees.ts";

const CRASH = `BUG: unable to handle kernel NULL pointer dereference at 0000000000000018
IP: [<ffffffffa0001010>] ring_close+0x1a/0x40 [ring]
Oops: 0000 [#1] SMP
Pid: 4711, comm: ringd Not tainted 2.6.30 #1
RIP: 0010:[<ffffffffa0001010>]  [<ffffffffa0001010>] ring_close+0x1a/0x40 [ring]
Call Trace:
 [<ffffffffa0001110>] ring_release+0x10/0x80 [ring]
 [<ffffffff802a1b2c>] __fput+0xcc/0x1a0
 [<ffffffff8029e2f0>] filp_close+0x60/0x90
`;

const ring = (close: string, release = "") => `int ring_close(struct ring *ring)
{
	ring_stop(ring->doorbell_page);
${close}	return ring_tell(ring);
}

int ring_release(struct inode *inode)
{
${release}	return ring_close(inode->ring);
}
`;
const BASE = {
  "drivers/net/ring/ring.c": ring(""),
  "drivers/net/bus/bus.c": source("bus"),
  "sound/pcm.c": source("pcm"),
  "Documentation/ring.txt": "ring\n",
};
const NOISE = Array.from({ length: 60 }, (_, at) => `word${at} is no help`).join("\n");

/** The evidence of each commit, told alone on a tree that lacks it, by rule. */
async function evidenceOf(
  t: Parameters<typeof openTrees>[0],
  message: string,
  change: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, number>> {
  const vendor = commitTo("vendor", "base\n", BASE);
  // Words are rare only where there are commits without them.
  const filler = Array.from({ length: 20 }, (_, at) => commitTo("up", `filler ${at}\n`, { ...BASE, filler: `${at}\n` }));
  const { ctx } = await openTrees(t, [...filler, commitTo("up", message, { ...BASE, ...change }), vendor], "vendor");
  const { candidates } = await rankCandidates(ctx, readCrash(CRASH), { maxCandidates: 10, includePresent: 0 });
  const found = candidates.find(({ commit }) => commit.subject === message.split("\n")[0]);
  return new Map(found?.evidence.map(({ rule, weight }) => [rule, weight]));
}

const CLOSE = { "drivers/net/ring/ring.c": ring("\tring_count(ring);\n") };

test("what a commit changes of the stack is told by name, with how much else it changes", async (t) => {
  const one = await evidenceOf(t, "net: ring: fix ring_close\n", CLOSE);
  assert.ok((one.get("functions-focused") ?? 0) > 0);
  const both = await evidenceOf(t, "net: ring: fix ring_close\n", {
    "drivers/net/bus/bus.c": "int bus_open(void)\n{\n\treturn 1;\n}\n",
    ...CLOSE,
  });
  assert.ok((both.get("functions-focused") ?? 0) < (one.get("functions-focused") ?? 0));
});

test("a short message about the crash says more than a long one with the same words", async (t) => {
  const short = await evidenceOf(t, "ring: fix an oops\n\nring_close() met a null pointer, a crash.\n", CLOSE);
  const long = await evidenceOf(t, `ring: fix an oops\n\nring_close() met a null pointer, a crash.\n${NOISE}\n`, CLOSE);
  for (const rule of ["message-matches", "failure-matches"]) {
    assert.ok((long.get(rule) ?? 0) > 0, rule);
    assert.ok((short.get(rule) ?? 0) > (long.get(rule) ?? 0), rule);
  }
  assert.equal((await evidenceOf(t, "ring: fix the count\n", CLOSE)).has("failure-matches"), false);
});

test("what message and place both say is counted once", async (t) => {
  const here = await evidenceOf(t, "ring: fix ring_close\n", CLOSE);
  assert.ok((here.get("message-overlap") ?? 0) < 0);
  assert.ok((here.get("words-overlap") ?? 0) < 0);
  const elsewhere = await evidenceOf(t, "ring: fix ring_close\n", { "sound/pcm.c": source("pcm", { 3: "\tring_close(dev);\n" }) });
  assert.ok(elsewhere.has("message-matches"));
  assert.equal(elsewhere.has("message-overlap") || elsewhere.has("words-overlap"), false);
});

test("a subject that begins with another place speaks against a commit, one without a place does not", async (t) => {
  assert.ok(((await evidenceOf(t, "sound: pcm: fix ring_close\n", CLOSE)).get("other-place") ?? 0) < 0);
  assert.equal((await evidenceOf(t, "net: fix ring_close\n", CLOSE)).has("other-place"), false);
  assert.equal((await evidenceOf(t, "fix ring_close\n", CLOSE)).has("other-place"), false);
});

test("a commit without code is no fix of a crash", async (t) => {
  const text = { "Documentation/ring.txt": "ring_close\n" };
  assert.ok(((await evidenceOf(t, "ring: explain ring_close\n", text)).get("no-code") ?? 0) < 0);
  assert.equal((await evidenceOf(t, "ring: explain ring_close\n", { ...text, ...CLOSE })).has("no-code"), false);
});

test("a commit near the folder of the stack is told, one elsewhere is not", async (t) => {
  const near = await evidenceOf(t, "ring_close callers\n", { "drivers/net/bus/bus.c": source("bus", { 3: "\tbus_x(dev);\n" }) });
  assert.ok((near.get("outer-folder") ?? 0) > 0);
  const far = await evidenceOf(t, "ring_close callers\n", { "sound/pcm.c": source("pcm", { 3: "\tpcm_x(dev);\n" }) });
  assert.equal(far.has("outer-folder"), false);
});

test("a rare name that the crashing function uses is told", async (t) => {
  const rare = await evidenceOf(t, "ring_close callers\n", { "sound/pcm.c": source("pcm", { 3: "\tuse(doorbell_page);\n" }) });
  assert.ok((rare.get("rare-names") ?? 0) > 0);
  const other = await evidenceOf(t, "ring_close callers\n", { "sound/pcm.c": source("pcm", { 3: "\tuse(other_page);\n" }) });
  assert.equal(other.has("rare-names"), false);
});

test("no weight stands on the side where its rule makes no sense", () => {
  for (const rule of Object.keys(EVIDENCE) as EvidenceId[]) assert.ok(EVIDENCE[rule].weight < 0 === AGAINST.has(rule), rule);
});
