/** The example trees keep what expected.ts promises of them; git is the judge. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { buildExampleTrees, type ExampleTrees } from "../../examples/build-trees.ts";
import { expectedCrash, expectedFixes, expectedHeads } from "../../examples/expected.ts";
import { cloneVendor, type ScratchClone } from "./scratch-clone.ts";

let directory: string;
let trees: ExampleTrees;
let clone: ScratchClone;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "backportd-examples-"));
  trees = await buildExampleTrees(join(directory, "trees"));
  clone = await cloneVendor(trees, directory);
});
after(() => rm(directory, { recursive: true, force: true }));

function oid(name: string): string {
  const found = trees.commits[name];
  assert.ok(found, `no commit ${name}`);
  return found;
}

describe("building", () => {
  it("gives the same ids on every machine", () => {
    assert.equal(oid("v1.3"), expectedHeads.mainline);
    assert.equal(oid("release-7"), expectedHeads.vendor);
  });

  it("does not read the user's git configuration or identity", async () => {
    const home = await mkdtemp(join(directory, "home-"));
    await writeFile(
      join(home, ".gitconfig"),
      "[user]\nname = Someone\nemail = some@one\n[commit]\ngpgSign = true\n[core]\nautocrlf = true\n",
    );
    const saved = { ...process.env };
    Object.assign(process.env, {
      HOME: home,
      XDG_CONFIG_HOME: home,
      GIT_AUTHOR_NAME: "Someone",
      GIT_DIR: join(home, "nowhere"),
      TZ: "Asia/Tokyo",
    });
    try {
      const again = await buildExampleTrees(join(directory, "again"));
      assert.deepEqual(again.commits, trees.commits);
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in saved)) delete process.env[name];
      Object.assign(process.env, saved);
    }
  });

  it("tags the releases and leaves sound repositories", async () => {
    assert.equal((await clone.git(["ls-remote", "--tags", trees.mainline])).match(/refs\/tags\/v1\.[0-3]\n/g)?.length, 4);
    assert.ok(await clone.succeeds(["fsck", "--strict", "--no-dangling"]));
  });

  it("starts both trees from one commit", async () => {
    assert.equal((await clone.git(["merge-base", "mainline", "origin/vendor-1.0"])).trim(), oid("v1.0"));
  });
});

describe("git on the vendor tree", () => {
  for (const fix of expectedFixes) {
    it(`${fix.commit}: ${fix.applicability}`, async () => {
      const outcome = await clone.pick([oid(fix.commit)]);
      assert.equal(outcome.state, fix.applicability);
      assert.deepEqual(outcome.conflictingFiles, fix.conflictingFiles);
    });
  }

  it("no-concurrent-cb: inflight makes the conflicting file clean, needs slot-helpers itself, and nothing less does", async () => {
    const [fix, inflight, slot] = [oid("no-concurrent-cb"), oid("inflight"), oid("slot-helpers")];
    assert.equal((await clone.pick([slot])).state, "clean");
    assert.equal((await clone.pick([inflight])).state, "conflict");
    assert.equal((await clone.pick([slot, inflight])).state, "clean");
    assert.equal((await clone.pick([slot, fix])).state, "conflict");
    assert.equal((await clone.pick([slot, inflight, fix])).state, "clean");
  });

  it("no-concurrent-cb: uses what exportd_run_cb() returns, which run-cb-bool alone brings", async () => {
    const declaration = "exportd_run_cb(struct exportd_callback";
    const before = await clone.git(["grep", "-hF", declaration, "origin/vendor-1.0", "--", "*.h"]);
    assert.match(before, /^extern void /);
    assert.match(
      await clone.git(["show", "--format=", oid("run-cb-bool")]),
      /^-extern void exportd_run_cb\(.*\n\+extern bool exportd_run_cb\(/m,
    );
    assert.match(await clone.git(["show", "--format=", oid("no-concurrent-cb")]), /^\+.*!exportd_run_cb\(/m);
    assert.equal((await clone.pick([oid("slot-helpers"), oid("inflight"), oid("run-cb-bool"), oid("no-concurrent-cb")])).state, "clean");
  });

  it("wq-per-client: client-refcount does not apply itself, and its only conflict is the function that client-refcount made", async () => {
    assert.equal((await clone.pick([oid("client-refcount")])).state, "conflict");
    await clone.pick([oid("wq-per-client")]);
    const conflicts = (await clone.git(["diff"])).match(/^\+\+<<<<<<< [\s\S]*?^\+\+>>>>>>> /gm) ?? [];
    assert.equal(conflicts.length, 1);
    assert.match(conflicts[0] ?? "", /__free_client\(struct kref \*k\)[\s\S]*destroy_workqueue\(clp->cl_callback_wq\)/);
    assert.doesNotMatch(await clone.git(["show", "origin/vendor-1.0:fs/exportd/client.c"]), /__free_client/);
  });

  it("dead-client: the conflict is in a function that only copy-offload has, and copy-offload does not apply itself", async () => {
    assert.equal((await clone.pick([oid("copy-offload")])).state, "conflict");
    assert.equal(await clone.succeeds(["grep", "-q", "exportd_send_offload", "origin/vendor-1.0"]), false);
    assert.equal((await clone.git(["log", "--format=%H", "-S", "exportd_send_offload(struct", "mainline"])).trim(), oid("copy-offload"));
    assert.match(await clone.git(["show", "--format=", oid("dead-client")]), /^@@.*exportd_send_offload/m);
  });

  it("procfile-leak: the vendor's own commit is another patch with a reference to it", async () => {
    const cherry = await clone.git(["cherry", "origin/vendor-1.0", oid("procfile-leak"), `${oid("procfile-leak")}~1`]);
    assert.equal(cherry.trim(), `+ ${oid("procfile-leak")}`);
    const message = await clone.git(["log", "-1", "--format=%B", oid("procfile-leak-backport")]);
    assert.ok(message.includes(`\ncommit ${oid("procfile-leak")} upstream.\n`));
  });
});

describe("references in messages", () => {
  it("the follow-up and the revert name their commits", async () => {
    const body = (name: string) => clone.git(["log", "-1", "--format=%B", oid(name)]);
    const subject = (await clone.git(["log", "-1", "--format=%s", oid("no-concurrent-cb")])).trim();
    assert.ok((await body("clear-running")).includes(`\nFixes: ${oid("no-concurrent-cb").slice(0, 12)} ("${subject}")\n`));
    assert.ok((await body("parallel-queue-revert")).includes(`\nThis reverts commit ${oid("parallel-queue")}.\n`));
  });

  it("the reverted commit leaves no trace", async () => {
    const patch = (name: string) => clone.git(["show", "--format=", "--unified=0", oid(name)]);
    const lines = async (name: string, sign: string) =>
      (await patch(name))
        .split("\n")
        .filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3)))
        .map((line) => line.slice(1));
    assert.deepEqual(await lines("parallel-queue", "+"), await lines("parallel-queue-revert", "-"));
    assert.deepEqual(await lines("parallel-queue", "-"), await lines("parallel-queue-revert", "+"));
  });
});

describe("crash texts", () => {
  for (const file of ["crash.txt", "crash-session.txt"]) {
    it(`${file}: every frame of the module is a function of the vendor tree, called as the stack says`, async () => {
      const text = await readFile(join(import.meta.dirname, "../../examples", file), "utf8");
      const frames = [...text.matchAll(/^.*?\b(exportd_\w+)(?:\.isra\.\d+)?(?:\+0x\S+| at \S+) .*\[exportd\]$/gm)].map(
        (match) => match[1] ?? "",
      );
      assert.equal(frames[0], expectedCrash.crashingFunction);
      assert.ok(frames.length >= 5);
      for (const [at, callee] of frames.slice(0, -1).entries()) {
        const bodies = await clone.git(["grep", "-hW", `^[a-z].*${frames[at + 1]}(`, "origin/vendor-1.0", "--", "*.c"]);
        assert.match(bodies, new RegExp(`\\t.*\\b${callee}\\(`), `${frames[at + 1]}() calls ${callee}()`);
      }
    });
  }

  it("the decoy changes the function that crashes, the fix its caller", async () => {
    const changed = async (name: string) => (await clone.git(["show", "--format=", "-W", oid(name)])).match(/^ \w.*?\w+\(.*\)$/gm) ?? [];
    assert.ok((await changed(expectedCrash.decoy)).some((line) => line.includes(`${expectedCrash.crashingFunction}(`)));
    assert.ok((await changed("wq-per-client")).some((line) => line.includes(`${expectedCrash.crashingFunction}_sync(`)));
  });
});
