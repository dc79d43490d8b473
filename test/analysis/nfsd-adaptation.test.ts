import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { adapt } from "../../src/analysis/adaptation.ts";
import { tryChange } from "../../src/analysis/applicability.ts";
import { isChange, readChange } from "../../src/analysis/change.ts";
import { namesByGit } from "../../src/analysis/target-names.ts";
import { git, open, temporaryDirectory } from "../git/fixture.ts";

/** BACKPORTD_CASE names the folder with the git trees `upstream` (master) and `vendor` (vendor-4.19), as in nfsd-case.test.ts. */
const folder = process.env.BACKPORTD_CASE;
const skip = folder === undefined ? "BACKPORTD_CASE does not name the folder with the trees" : false;

test("38f080f3cd19 is adapted onto 4.19.90 without 59f8e91b75ec and d76cc46b37e1", { skip }, async (t) => {
  assert.ok(folder);
  const bare = join(temporaryDirectory(t), "both");
  git("/", ["init", "--quiet", "--bare", bare]);
  const objects = ["upstream", "vendor"].map((tree) => `${join(folder, tree, ".git/objects")}\n`);
  writeFileSync(join(bare, "objects/info/alternates"), objects.join(""));
  const repo = open(t, bare);
  const target = git(join(folder, "vendor"), ["rev-parse", "vendor-4.19^{tree}"]);
  const change = await readChange(repo, git(join(folder, "upstream"), ["rev-parse", "up-38f080f3cd19"]));
  assert.ok(isChange(change));
  const trial = await tryChange(repo, change, target);
  assert.equal(trial.merge.clean, false);

  const made = await adapt(repo, trial, namesByGit(repo, target));
  assert.ok(made);
  const checks = made.files.flatMap((one) => one.checks);
  assert.ok(
    checks.every((check) => check.outcome === "passes"),
    JSON.stringify(checks),
  );
  const diff = await repo.diff(target, made.tree);
  const hunkOf = (name: string) => diff.split(/^(?=@@ )/m).find((hunk) => hunk.split("\n", 1)[0]?.includes(name)) ?? "";
  assert.match(
    hunkOf("alloc_client(struct xdr_netobj name)"),
    /^\+\tclp->cl_callback_wq = alloc_ordered_workqueue\("nfsd4_callbacks", 0\);$/m,
  );
  assert.match(hunkOf("free_client("), /^\+\tdestroy_workqueue\(clp->cl_callback_wq\);$/m);
  // nfsd4_queue_cb() does not exist here: its line stands in nfsd4_run_cb(), which returns nothing and traces nothing.
  const runCb =
    "-\tqueue_work(callback_wq, &cb->cb_work);\n+\tstruct nfs4_client *clp = cb->cb_clp;\n+\n+\tqueue_work(clp->cl_callback_wq, &cb->cb_work);\n";
  assert.ok(diff.includes(runCb));
  const callback = await repo.entry(made.tree, "fs/nfsd/nfs4callback.c");
  const state = await repo.entry(made.tree, "fs/nfsd/nfs4state.c");
  assert.ok(callback && state);
  const text = async (oid: string) => (await repo.blob(oid))?.toString("latin1") ?? "";
  assert.doesNotMatch(await text(callback.oid), /[^_]callback_wq\b/, "nobody uses the one queue of all clients any more");
  assert.doesNotMatch(await text(state.oid), /nfsd4_(?:create|destroy)_callback_queue|out_free_laundry/);
});
