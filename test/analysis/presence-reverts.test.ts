import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { presenceOf } from "../../src/analysis/presence.ts";
import { presenceWithContent } from "../../src/analysis/presence-checked.ts";
import type { Presence } from "../../src/schema/analysis.ts";
import type { CommitSpec } from "../git/fixture.ts";
import { commitTo, idOf, openTrees, source } from "./trees.ts";

const SUBJECT = "net: take the table lock";
const LOCK = "\tmutex_lock(&dev->table_lock);\n";
const [BASE, FIXED] = [{ "net/a.c": source("arp") }, { "net/a.c": source("arp", { 20: LOCK }) }];
/** What the vendor has beside upstream's files. */
const OWN = { "own/o.c": source("own") };
const [base, fix] = [commitTo("up", "base\n", BASE), commitTo("up", `${SUBJECT}\n`, FIXED)];
const revertOf = (id: string) => `Revert "${SUBJECT}"\n\nThis reverts commit ${id}.\n`;

/** The answer about an upstream commit; all commits have one author and date. */
async function about(t: TestContext, revision: string, commits: readonly CommitSpec[]): Promise<Presence> {
  const { ctx, commit } = await openTrees(t, commits);
  return presenceWithContent(ctx, commit(revision));
}

function fork(): CommitSpec {
  return commitTo("vendor", "fork\n", { ...BASE, ...OWN }, ["refs/heads/up"]);
}

describe("reverts on the side of the target", () => {
  const carrier = (id: string, contents = FIXED) =>
    commitTo("vendor", `${SUBJECT}\n\n(cherry picked from commit ${id})\n`, { ...contents, ...OWN });
  const gone = (message: string) => commitTo("vendor", message, { ...BASE, ...OWN });

  test("chains: the last word counts", async (t) => {
    const id = idOf(t, [base, fix], "up");
    const again = commitTo("vendor", `Revert "Revert "${SUBJECT}""\n`, { ...FIXED, ...OWN });
    const chains: readonly (readonly [state: Presence["state"], chain: readonly CommitSpec[]])[] = [
      ["equivalent", [carrier(id)]],
      ["reverted", [carrier(id), gone(revertOf(id))]],
      ["equivalent", [carrier(id), gone(revertOf(id)), again]],
      ["equivalent", [carrier(id), gone(revertOf(id)), carrier(id)]],
      ["reverted", [carrier(id), gone(revertOf(id)), carrier(id), gone(revertOf(id))]],
    ];
    for (const [state, chain] of chains) {
      const presence = await about(t, "up", [base, fork(), fix, ...chain]);
      assert.equal(presence.state, state, `${chain.length} commits: ${presence.because}`);
    }
  });

  test("a revert names the origin of what it undoes, and upstream tried again under the same subject", async (t) => {
    const first = commitTo("up", `${SUBJECT}\n`, { "net/a.c": source("arp", { 20: "\tspin_lock(&dev->wrong_lock);\n" }) });
    const upstream = [base, fork(), first, commitTo("up", "net: undo\n", BASE), fix];
    const firstId = idOf(t, upstream.slice(0, 3), "up");
    const tried = [...upstream, carrier(firstId, filesOf(first)), gone(revertOf(firstId))];
    const { ctx, commit } = await openTrees(t, tried);
    // By the messages alone: the content would notice it too.
    assert.equal(presenceOf(ctx, commit("up")).state, "reverted");
    const second = carrier(idOf(t, upstream, "up"));
    assert.equal((await about(t, "up", [...tried, second])).state, "equivalent");
  });
});

/** The contents that a commit has, to be given to another one. */
function filesOf(commit: CommitSpec): { "net/a.c": string } {
  return { "net/a.c": commit.files.get("net/a.c")?.bytes.toString("latin1") ?? "" };
}

describe("reverts on the side of upstream", () => {
  test("the target has what upstream took back and took again: the first form is there too", async (t) => {
    const again = commitTo("up", `Reapply "${SUBJECT}"\n`, FIXED);
    const upstream = [base, fork(), fix, commitTo("up", `Revert "${SUBJECT}"\n`, BASE), again];
    const id = idOf(t, upstream, "up");
    const commits = [...upstream, commitTo("vendor", `Reapply "${SUBJECT}"\n\ncommit ${id} upstream.\n`, { ...FIXED, ...OWN })];
    const presence = await about(t, "up~2", commits);
    assert.deepEqual([presence.state, presence.route], ["equivalent", "patch-id"], presence.because);
    assert.equal((await about(t, "up~1", commits)).state, "absent");
  });

  test("the target was forked after the commit and its revert, then after it was taken again", async (t) => {
    const id = idOf(t, [base, fix], "up");
    const undone = [base, fix, commitTo("up", revertOf(id), BASE)];
    const last = commitTo("vendor", "fork\n", { ...BASE, ...OWN }, ["refs/heads/up"]);
    assert.equal((await about(t, "up~1", [...undone, last])).state, "reverted");
    const again = [...undone, commitTo("up", `Reapply "${SUBJECT}"\n`, FIXED)];
    const late = commitTo("vendor", "fork\n", { ...FIXED, ...OWN }, ["refs/heads/up"]);
    const presence = await about(t, "up~2", [...again, late]);
    assert.deepEqual([presence.state, presence.route], ["present", "ancestor"], presence.because);
  });

  test("what upstream took back is not said of a target that kept it", async (t) => {
    const id = idOf(t, [base, fix], "up");
    const kept = commitTo("vendor", `${SUBJECT}\n\ncommit ${id} upstream.\n`, { ...FIXED, ...OWN });
    const presence = await about(t, "up~1", [base, fork(), fix, commitTo("up", revertOf(id), BASE), kept]);
    assert.equal(presence.state, "equivalent", presence.because);
  });
});
