import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { cloneEstimate } from "../../src/git/disk-space.ts";
import { type Mirror, openMirror } from "../../src/git/mirror.ts";
import { RemoteError, type RemoteErrorCode } from "../../src/git/remote-error.ts";
import type { Progress } from "../../src/schema/common.ts";
import { buildRepository, type File, file, git, gitSucceeds, temporaryDirectory } from "./fixture.ts";

const failsWith = (code: RemoteErrorCode) => (error: unknown) => error instanceof RemoteError && error.code === code;

function remote(t: TestContext): string {
  const bare = buildRepository(join(temporaryDirectory(t), "remote"), [
    { ref: "refs/heads/main", parents: [], files: new Map([["f", file("1\n")]]) },
    { ref: "refs/heads/main", parents: [], files: new Map([["f", file("2\n")]]) },
    { ref: "refs/heads/other", parents: ["refs/heads/main"], files: new Map([["f", file("3\n")]]) },
  ]);
  git(bare, ["tag", "-a", "-m", "one", "v1", "main~1"]);
  return bare;
}

function emptyMirror(t: TestContext): Promise<Mirror> {
  return openMirror({ path: join(temporaryDirectory(t), "mirror"), allowFile: true });
}

const refsOf = (mirror: Mirror) => git(mirror.path, ["for-each-ref", "--format=%(refname) %(objectname)"]).split("\n");

test("a tree is fetched with its tags, then only what is new, and followed when it is forced back", async (t) => {
  const source = remote(t);
  const mirror = await emptyMirror(t);
  const oid = (name: string) => git(source, ["rev-parse", name]);
  const [main, tag] = [oid("main"), oid("v1")];

  const stages: Progress[] = [];
  const first = await mirror.fetch({ tree: "vendor", remote: source, ref: "main", report: (progress) => stages.push(progress) });
  assert.deepEqual(first, { before: null, after: main });
  assert.deepEqual(refsOf(mirror), [`refs/trees/vendor/head ${main}`, `refs/trees/vendor/tags/v1 ${tag}`]);
  assert.deepEqual(await mirror.heads(), new Map([["vendor", main]]));
  const received = stages.filter(({ stage }) => stage === "Receiving objects").at(-1);
  assert.ok(received && received.total === received.done && received.total > 0);

  git(source, ["update-ref", "refs/heads/main", oid("other")]);
  git(source, ["tag", "v2", "other"]);
  git(source, ["tag", "-d", "v1"]);
  assert.deepEqual(await mirror.fetch({ tree: "vendor", remote: `file://${source}`, ref: "refs/heads/main" }), {
    before: main,
    after: oid("other"),
  });
  assert.deepEqual(refsOf(mirror), [`refs/trees/vendor/head ${oid("other")}`, `refs/trees/vendor/tags/v2 ${oid("other")}`]);

  git(source, ["update-ref", "refs/heads/main", oid("other~2")]);
  assert.deepEqual(await mirror.fetch({ tree: "vendor", remote: source, ref: "main" }), { before: oid("other"), after: oid("other~2") });
  assert.deepEqual(await mirror.fetch({ tree: "vendor", remote: source, ref: "main" }), { before: oid("main"), after: oid("main") });
});

test("a ref is found by its short or full name, a branch before a tag, a tag as its commit", async (t) => {
  const source = remote(t);
  const mirror = await emptyMirror(t);
  git(source, ["tag", "main", "v1^{commit}"]);
  const [main, tagged] = git(source, ["rev-parse", "refs/heads/main", "v1^{commit}"]).split("\n");
  const check = (ref: string) => mirror.checkRemote(source, ref);
  assert.deepEqual(await check("main"), { oid: main, fullRef: "refs/heads/main" });
  assert.deepEqual(await check("refs/tags/main"), { oid: tagged, fullRef: "refs/tags/main" });
  assert.deepEqual(await check("heads/main"), { oid: main, fullRef: "refs/heads/main" });
  assert.deepEqual(await check("v1"), { oid: tagged, fullRef: "refs/tags/v1" });
  assert.deepEqual(await check("HEAD"), { oid: main, fullRef: "HEAD" });
  assert.equal((await mirror.fetch({ tree: "tagged", remote: source, ref: "v1" })).after, tagged);
  assert.deepEqual(await mirror.heads(), new Map([["tagged", tagged]]));
});

test("a wrong ref or remote fails as what it is, and the mirror goes on", async (t) => {
  const source = remote(t);
  const mirror = await emptyMirror(t);
  const blob = git(source, ["rev-parse", "main:f"]);
  git(source, ["tag", "a-file", blob]);
  const fetch = (address: string, ref: string) => mirror.fetch({ tree: "x", remote: address, ref });
  await assert.rejects(fetch(source, "none"), failsWith("ref-not-found"));
  await assert.rejects(fetch(source, "refs/tags/a-file"), failsWith("ref-not-found"));
  await assert.rejects(fetch(join(source, "none"), "main"), failsWith("remote-unreachable"));
  await assert.rejects(fetch("https://user:secret@127.0.0.1:9/x", "main"), (error: Error) => !error.message.includes("secret"));
  for (const [address, ref] of [
    ["ext::true", "main"],
    ["--upload-pack=true", "main"],
    [source, "--all"],
    [source, "a..b"],
  ] as const) {
    await assert.rejects(fetch(address, ref), TypeError);
  }
  await assert.rejects(mirror.fetch({ tree: "../x", remote: source, ref: "main" }), TypeError);
  assert.deepEqual(await mirror.heads(), new Map());
  assert.equal((await fetch(source, "main")).before, null);

  const strict = await openMirror({ path: join(temporaryDirectory(t), "strict"), allowFile: false });
  await assert.rejects(strict.fetch({ tree: "x", remote: source, ref: "main" }), TypeError);
});

test("a remote that lacks objects is refused as incomplete", async (t) => {
  const source = remote(t);
  const mirror = await emptyMirror(t);
  const lost = git(source, ["rev-parse", "main:f"]);
  rmSync(join(source, "objects", lost.slice(0, 2), lost.slice(2)));
  await assert.rejects(mirror.fetch({ tree: "x", remote: source, ref: "main" }), failsWith("remote-incomplete"));
});

test("an interrupted fetch leaves the old head and the next one succeeds", async (t) => {
  const source = remote(t);
  const mirror = await emptyMirror(t);
  const { after: old } = await mirror.fetch({ tree: "vendor", remote: source, ref: "main" });
  const files = new Map<string, File>();
  for (let at = 0; at < 100; at += 1) files.set(`f${at}`, { mode: "100644", bytes: randomBytes(100_000) });
  const larger = buildRepository(join(temporaryDirectory(t), "larger"), [{ ref: "refs/heads/main", parents: [], files }]);

  const abort = new AbortController();
  const interrupt = (progress: Progress) => {
    if (progress.stage === "Receiving objects") abort.abort();
  };
  await assert.rejects(mirror.fetch({ tree: "vendor", remote: larger, ref: "main", report: interrupt, signal: abort.signal }), {
    name: "AbortError",
  });
  assert.deepEqual(await mirror.heads(), new Map([["vendor", old]]));
  const { before, after } = await mirror.fetch({ tree: "vendor", remote: larger, ref: "main" });
  assert.deepEqual([before, after], [old, git(larger, ["rev-parse", "main"])]);
  assert.ok(gitSucceeds(mirror.path, ["fsck", "--connectivity-only"]));
});

test("what a killed git leaves is cleared when the mirror is opened", async (t) => {
  const source = remote(t);
  const { path, fetch } = await emptyMirror(t);
  git(source, ["tag", "incoming-fix", "main"]);
  await fetch({ tree: "vendor", remote: source, ref: "main" });
  git(path, ["update-ref", "refs/trees/vendor/tags/tmp_pack_tag", git(source, ["rev-parse", "main"])]);
  const [pack = ""] = readdirSync(join(path, "objects", "pack")).filter((name) => name.endsWith(".pack"));
  const leftovers = ["packed-refs.lock", "objects/pack/tmp_pack_AbCdEf", "objects/pack/tmp_idx_AbCdEf", "config.lock"];
  leftovers.push("objects/pack/pack-12ab.pack", "objects/pack/pack-12ab.rev");
  for (const name of leftovers) writeFileSync(join(path, name), "half");
  const mark = join("objects", "pack", pack.replace(".pack", ".keep"));
  writeFileSync(join(path, mark), "fetch-pack 4711 on host");
  leftovers.push(mark);
  const mirror = await openMirror({ path, allowFile: true });
  assert.deepEqual(
    leftovers.filter((name) => existsSync(join(path, name))),
    [],
  );
  assert.deepEqual(
    refsOf(mirror).map((ref) => ref.split(" ")[0]?.replace("refs/trees/vendor/", "")),
    ["head", "tags/incoming-fix", "tags/tmp_pack_tag", "tags/v1"],
  );
  await mirror.fetch({ tree: "vendor", remote: source, ref: "main" });
  assert.equal((await openMirror({ path, allowFile: true })).path, path);
  assert.equal((await mirror.heads()).size, 1);
});

test("first fetches come one after the other and share their objects", async (t) => {
  const source = remote(t);
  const mirror = await emptyMirror(t);
  const order: string[] = [];
  const fetch = (tree: string, ref: string) => mirror.fetch({ tree, remote: source, ref, report: () => order.push(tree) });
  await Promise.all([fetch("one", "main"), fetch("two", "other"), fetch("three", "main")]);
  const changes = order.filter((tree, at) => tree !== order[at - 1]);
  assert.deepEqual(changes, [...new Set(order)], "no two clone at the same time");
  assert.equal((await mirror.heads()).size, 3);

  await mirror.remove("one");
  assert.deepEqual([...(await mirror.heads()).keys()].sort(), ["three", "two"]);
  assert.ok(refsOf(mirror).every((ref) => !ref.startsWith("refs/trees/one/")));
});

test("tags follow the remote: annotated, moved, deleted, and a name that becomes a folder", async (t) => {
  const source = remote(t);
  const mirror = await emptyMirror(t);
  const fetch = () => mirror.fetch({ tree: "vendor", remote: source, ref: "main" });
  const tags = () => refsOf(mirror).filter((ref) => ref.includes("/tags/"));
  const expected = () =>
    git(source, ["for-each-ref", "--format=refs/trees/vendor/tags/%(refname:lstrip=2) %(objectname)", "refs/tags"]).split("\n");
  git(source, ["tag", "rel", "main"]);
  git(source, ["tag", "a-tree", "main^{tree}"]);
  await fetch();
  assert.deepEqual(tags(), expected());

  git(source, ["tag", "-f", "-a", "-m", "moved", "v1", "other"]);
  git(source, ["tag", "-d", "rel"]);
  git(source, ["tag", "-a", "-m", "below the old name", "rel/1", "main"]);
  await fetch();
  assert.deepEqual(tags(), expected());
  assert.equal(tags().length, 3);
});

test("a branch that vanished at the remote is a problem, and the tree keeps its head", async (t) => {
  const source = remote(t);
  const mirror = await emptyMirror(t);
  const { after } = await mirror.fetch({ tree: "vendor", remote: source, ref: "other" });
  git(source, ["update-ref", "-d", "refs/heads/other"]);
  await assert.rejects(mirror.fetch({ tree: "vendor", remote: source, ref: "other" }), failsWith("ref-not-found"));
  assert.deepEqual(await mirror.heads(), new Map([["vendor", after]]));
  assert.ok(gitSucceeds(mirror.path, ["cat-file", "-e", `${after}^{tree}`]));
});

test("a shallow remote and a partial one are refused, and say what they lack", async (t) => {
  const source = remote(t);
  git(source, ["config", "uploadpack.allowFilter", "true"]);
  const directory = temporaryDirectory(t);
  const mirror = await emptyMirror(t);
  git(directory, ["clone", "--quiet", "--bare", "--depth=1", `file://${source}`, "shallow"]);
  git(directory, ["clone", "--quiet", "--bare", "--filter=blob:none", `file://${source}`, "partial"]);
  git(join(directory, "partial"), ["config", "remote.origin.url", "/nonexistent"]);
  for (const name of ["shallow", "partial"]) {
    const fetch = mirror.fetch({ tree: name, remote: join(directory, name), ref: "main" });
    await assert.rejects(fetch, failsWith("remote-incomplete"), name);
  }
  assert.deepEqual(await mirror.heads(), new Map());
});

test("nothing is fetched when the disk has less than the wanted space", async (t) => {
  const source = remote(t);
  const path = join(temporaryDirectory(t), "mirror");
  const mirror = await openMirror({ path, allowFile: true, minFreeDisk: Number.MAX_SAFE_INTEGER });
  await assert.rejects(mirror.fetch({ tree: "vendor", remote: source, ref: "main" }), failsWith("disk-full"));
  assert.deepEqual(await mirror.heads(), new Map());
});

test("the estimate of a clone is the size of the remote's objects, known for directories only", async (t) => {
  const files = new Map([["f", { mode: "100644", bytes: randomBytes(300_000) }]]);
  const source = buildRepository(join(temporaryDirectory(t), "source"), [{ ref: "refs/heads/main", parents: [], files }]);
  const work = join(temporaryDirectory(t), "work");
  git("/", ["clone", "--quiet", source, work]);
  for (const address of [source, `file://${source}`, work]) {
    const bytes = await cloneEstimate(address);
    assert.ok(bytes > 300_000 && bytes < 600_000, `${address}: ${bytes}`);
  }
  assert.equal(await cloneEstimate("https://git.example.org/linux.git"), 0);
  assert.equal(await cloneEstimate(join(source, "none")), 0);
});
