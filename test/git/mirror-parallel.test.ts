import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openMirror } from "../../src/git/mirror.ts";
import { buildRepository, type CommitSpec, file, git, gitSucceeds, temporaryDirectory } from "./fixture.ts";

/**
 * A program named ssh that runs what it is asked to on this machine; when that has to do with `waitFor`, it first waits for the file
 * `open` beside it. Its command lines are in `calls`, its process id in `pid`.
 * @returns the directory that it is in.
 */
function fakeSsh(t: TestContext, waitFor = ""): string {
  const directory = temporaryDirectory(t);
  const wait = waitFor === "" ? "" : `case "$*" in *${waitFor}*) while ! test -e ${directory}/open; do sleep 0.05; done;; esac\n`;
  const script = `#!/bin/sh\necho "$@" >> ${directory}/calls\necho $$ > ${directory}/pid\n${wait}for last; do :; done\neval "exec $last"\n`;
  writeFileSync(join(directory, "ssh"), script);
  chmodSync(join(directory, "ssh"), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${directory}:${path}`;
  t.after(() => {
    process.env.PATH = path;
  });
  return directory;
}

function line(count: number, seed: string): CommitSpec[] {
  return Array.from({ length: count }, (_, at) => ({
    ref: "refs/heads/main",
    parents: [],
    files: new Map([["f", file(`${seed} ${at}\n`.repeat(50))]]),
  }));
}

test("trees are updated while the clone of another one hangs", async (t) => {
  const directory = temporaryDirectory(t);
  const sources = ["slow", "one", "two"].map((name) => buildRepository(join(directory, name), line(3, name)));
  const [slow = "", one = "", two = ""] = sources;
  const ssh = fakeSsh(t, "slow");
  const mirror = await openMirror({ path: join(directory, "mirror"), allowFile: true });
  await mirror.fetch({ tree: "one", remote: one, ref: "main" });
  await mirror.fetch({ tree: "two", remote: two, ref: "main" });
  let cloned = false;
  const clone = mirror.fetch({ tree: "slow", remote: `ssh://host${slow}`, ref: "main" }).then(() => {
    cloned = true;
  });
  for (const source of [one, two]) git(source, ["fast-import", "--quiet", "--force"], importOn(source));
  const updates = await Promise.all([
    mirror.fetch({ tree: "one", remote: one, ref: "main" }),
    mirror.fetch({ tree: "two", remote: two, ref: "main" }),
  ]);
  assert.equal(cloned, false);
  for (const [at, source] of [one, two].entries()) assert.equal(updates[at]?.after, git(source, ["rev-parse", "main"]));
  writeFileSync(join(ssh, "open"), "");
  await clone;
  assert.equal((await mirror.heads()).size, 3);
  assert.ok(gitSucceeds(mirror.path, ["fsck"]));
});

function importOn(source: string): string {
  const head = git(source, ["rev-parse", "main"]);
  return `commit refs/heads/main\ncommitter C <c@example.org> 1600000002 +0000\ndata 1\nx\nfrom ${head}\nM 100644 inline g\ndata 1\nx\n`;
}

test("fetches of one tree keep their order, whatever else runs", async (t) => {
  const directory = temporaryDirectory(t);
  const [first, second] = ["a", "b"].map((name) => buildRepository(join(directory, name), line(2, name)));
  const mirror = await openMirror({ path: join(directory, "mirror"), allowFile: true });
  const fetch = (remote = "") => mirror.fetch({ tree: "x", remote, ref: "main" });
  const [, , last] = await Promise.all([fetch(first), fetch(second), fetch(first), mirror.remove("x"), fetch(second)]);
  assert.equal(last?.after, git(first ?? "", ["rev-parse", "main"]));
  assert.deepEqual(await mirror.heads(), new Map([["x", git(second ?? "", ["rev-parse", "main"])]]));
});

test("an aborted fetch has ended, with all that it started, when its caller hears of it", async (t) => {
  const directory = temporaryDirectory(t);
  const source = buildRepository(join(directory, "source"), line(2, "a"));
  const ssh = fakeSsh(t, "source");
  const mirror = await openMirror({ path: join(directory, "mirror"), allowFile: false });
  const abort = new AbortController();
  const fetch = mirror.fetch({ tree: "x", remote: `host:${source}`, ref: "main", signal: abort.signal });
  while (!existsSync(join(ssh, "pid"))) await sleep(20);
  abort.abort();
  await assert.rejects(fetch, { name: "AbortError" });
  // Ended, even if its parent of last resort has not taken notice yet.
  const pid = readFileSync(join(ssh, "pid"), "utf8").trim();
  const state = String(spawnSync("ps", ["-o", "stat=", "-p", pid]).stdout).trim();
  assert.ok(state === "" || state.startsWith("Z"), state);
});

test("a long history comes in steps over a network, and a clone that was interrupted goes on after its last step", async (t) => {
  const directory = temporaryDirectory(t);
  const source = buildRepository(join(directory, "source"), line(40, "a"));
  const oids = git(source, ["rev-list", "--reverse", "main"]).split("\n");
  for (const [at, oid] of oids.entries()) git(source, ["update-ref", `refs/tags/v2.${at}`, oid]);
  const ssh = fakeSsh(t);
  const mirror = await openMirror({ path: join(directory, "mirror"), allowFile: false });
  const abort = new AbortController();
  const seen: string[] = [];
  const stop = (stage: string) => {
    if (/\(3 of 7\)/.test(stage)) abort.abort();
  };
  const request = { tree: "x", remote: `ssh://host${source}`, ref: "main" };
  await assert.rejects(mirror.fetch({ ...request, report: ({ stage }) => stop(stage), signal: abort.signal }), { name: "AbortError" });
  assert.deepEqual(await mirror.heads(), new Map());
  const held = git(mirror.path, ["for-each-ref", "--format=%(refname:lstrip=4)"]).split("\n");
  assert.ok(held.length >= 2, `steps that were complete: ${held}`);

  const { after } = await mirror.fetch({ ...request, report: ({ stage }) => seen.push(stage) });
  assert.equal(after, oids.at(-1));
  assert.ok(!seen.some((stage) => /\([12] of 7\)/.test(stage)), "the first two were not asked for again");
  assert.ok(seen.some((stage) => /\(4 of 7\)/.test(stage)));
  assert.equal(git(mirror.path, ["for-each-ref", "--format=%(refname)", "refs/trees/x/tags"]).split("\n").length, 40);
  assert.ok(readFileSync(join(ssh, "calls"), "utf8").includes("-oBatchMode=yes"));
});
