import assert from "node:assert/strict";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { GitError } from "../../src/git/process.ts";
import { ABSENT, buildRepository, type File, file, git, open, temporaryDirectory } from "./fixture.ts";

/** Names and contents that an interface between text and bytes gets wrong: quotes, newline, umlauts in two encodings, no final newline. */
const FIRST = new Map<string, File>([
  ["fs/nfsd/nfs4state.c", file("int a;\nint nfsd4_a;\nint a_b;\nlast a")],
  ["fs/nfsd.h", file("int a;\n")],
  ["run.sh", file("#!/bin/sh\n", "100755")],
  ["link", file("run.sh", "120000")],
  ["na\xc3\xafve.c", file("caf\xe9\n")],
  ["lat\xefn.c", file("x\n")],
  ["image", { mode: "100644", bytes: Buffer.from([0, 1, 2, 0, 255, 10, 13, 0]) }],
  ["empty", file("")],
]);
const SECOND = new Map([
  ...FIRST,
  ["fs/nfsd/nfs4state.c", file("int a;\nint b;\nint nfsd4_a;\nint a_b;\nlast a\n")],
  ["image", { mode: "100644", bytes: Buffer.from([0, 9, 9, 9]) }],
  ["na\xc3\xafve.c", file("cafe\n")],
  ["run.sh", file("#!/bin/sh\n")],
] as [string, File][]);
SECOND.delete("empty");

function repositoryOfEverything(t: TestContext): string {
  return buildRepository(join(temporaryDirectory(t), "bare"), [
    { ref: "refs/heads/first", parents: [], files: FIRST, message: "subject\n\nbody with na\u00efve words\n" },
    { ref: "refs/heads/second", parents: ["refs/heads/first"], files: SECOND },
    { ref: "refs/heads/side", parents: ["refs/heads/first"], files: new Map([...FIRST, ["side", file("s\n")]]) },
    { ref: "refs/heads/merged", parents: ["refs/heads/second", "refs/heads/side"], files: new Map([...SECOND, ["side", file("s\n")]]) },
  ]);
}

const DIFF = ["-r", "--root", "-p", "--no-renames", "--full-index", "--binary", "-U3", "--no-commit-id"];

test("commits are read as git prints them", async (t) => {
  const bare = repositoryOfEverything(t);
  const repository = open(t, bare);
  for (const ref of ["first", "second", "merged"]) {
    const format = "%H%n%T%n%P%n%an%n%ae%n%at%n%ct%n%B";
    const [oid = "", tree, parents = "", ...rest] = Buffer.from(git(bare, ["show", "-s", `--format=${format}`, ref]), "latin1")
      .toString()
      .split("\n");
    const commit = await repository.commit(oid);
    assert.ok(commit);
    const { authorName, authorEmail, authorDate, committerDate, message } = commit;
    assert.deepEqual([commit.tree, commit.parents.join(" ")], [tree, parents]);
    assert.deepEqual([authorName, authorEmail, authorDate, committerDate].map(String), rest.slice(0, 4));
    assert.equal(message, `${rest.slice(4).join("\n")}`);
  }
});

test("every file of a tree is listed, found by its path and read", async (t) => {
  const bare = repositoryOfEverything(t);
  const repository = open(t, bare);
  const commit = git(bare, ["rev-parse", "first"]);
  const entries = await repository.list(commit);
  assert.deepEqual(
    entries.map(({ mode, oid, path }) => `${mode} blob ${oid}\t${path}`),
    git(bare, ["ls-tree", "-r", "-z", "first"]).split("\0").slice(0, -1),
  );
  assert.equal(entries.length, FIRST.size);
  for (const entry of entries) {
    assert.deepEqual(await repository.entry(commit, entry.path), entry);
    assert.deepEqual(await repository.blob(entry.oid), FIRST.get(entry.path)?.bytes);
  }
  assert.deepEqual(
    (await repository.list(commit, ["fs/nfsd", "run.sh", "none"])).map(({ path }) => path),
    ["fs/nfsd/nfs4state.c", "run.sh"],
  );
  assert.equal((await repository.entry(commit, "fs/nfsd"))?.mode, "040000");
  for (const path of ["none", "fs/none", "run.sh/none", "", "fs//nfsd.h", "../x"])
    assert.equal(await repository.entry(commit, path), null, path);
});

test("patches equal those of git diff-tree, byte for byte", async (t) => {
  const bare = repositoryOfEverything(t);
  const repository = open(t, bare);
  for (const ref of ["first", "second", "side"]) {
    const expected = git(bare, ["diff-tree", ...DIFF, ref]);
    assert.equal((await repository.patch(git(bare, ["rev-parse", ref]))).replace(/\n$/, ""), expected);
    assert.match(expected, /^diff --git /);
  }
  assert.equal(await repository.patch(git(bare, ["rev-parse", "merged"])), "");
  const [from = "", to = ""] = git(bare, ["rev-parse", "second^{tree}", "side^{tree}"]).split("\n");
  assert.equal((await repository.diff(from, to)).replace(/\n$/, ""), git(bare, ["diff-tree", ...DIFF, from, to]));
  assert.equal(await repository.diff(from, from), "");
});

test("blame tells line, commit and boundary as git does", async (t) => {
  const bare = repositoryOfEverything(t);
  const repository = open(t, bare);
  const [first = "", second = ""] = git(bare, ["rev-parse", "first", "second"]).split("\n");
  const path = "fs/nfsd/nfs4state.c";
  const lines = await repository.blame(second, path, [
    [1, 2],
    [5, 5],
  ]);
  assert.deepEqual(lines, [
    { line: 1, commit: first, boundary: true },
    { line: 2, commit: second, boundary: false },
    { line: 5, commit: second, boundary: false },
  ]);
  const bounded = await repository.blame(second, path, [[1, 1]], [first]);
  assert.deepEqual(bounded, [{ line: 1, commit: first, boundary: true }]);
  assert.equal((await repository.blame(second, "na\xc3\xafve.c", [[1, 1]]))[0]?.commit, second);
  await assert.rejects(repository.blame(second, "none", [[1, 1]]), GitError);
  await assert.rejects(repository.blame(second, path, [[90, 91]]), GitError);
});

test("grep finds whole words only, in text files only", async (t) => {
  const bare = repositoryOfEverything(t);
  const repository = open(t, bare);
  const tree = git(bare, ["rev-parse", "first^{tree}"]);
  const hits = await repository.grepWords(tree, ["a"]);
  assert.deepEqual(hits, [
    { path: "fs/nfsd.h", line: 1, text: "int a;" },
    { path: "fs/nfsd/nfs4state.c", line: 1, text: "int a;" },
    { path: "fs/nfsd/nfs4state.c", line: 4, text: "last a" },
  ]);
  assert.deepEqual(await repository.grepWords(tree, ["a"], ["fs/nfsd.h"]), hits.slice(0, 1));
  assert.equal((await repository.grepWords(tree, ["nfsd4_a", "a_b", ""])).length, 2);
  assert.deepEqual(await repository.grepWords(tree, ["int.*"]), []);
  assert.deepEqual(await repository.grepWords(tree, []), []);
  assert.deepEqual(await repository.grepWords(tree, ["--help"]), []);
});

test("what is missing is null, or an error where null cannot say it", async (t) => {
  const bare = repositoryOfEverything(t);
  const repository = open(t, bare);
  const tree = git(bare, ["rev-parse", "first^{tree}"]);
  const commit = git(bare, ["rev-parse", "first"]);
  assert.equal(await repository.commit(ABSENT), null);
  assert.equal(await repository.commit(tree), null);
  assert.equal(await repository.blob(ABSENT), null);
  assert.equal(await repository.blob(commit), null);
  assert.equal(await repository.entry(ABSENT, "f"), null);
  const asked = await Promise.allSettled([
    repository.patch(ABSENT),
    repository.diff(tree, ABSENT),
    repository.list(ABSENT),
    repository.grepWords(ABSENT, ["a"]),
    repository.blame(ABSENT, "f", [[1, 1]]),
    repository.withFiles(ABSENT, new Map([["f", file("x")]])),
  ]);
  assert.deepEqual(
    asked.map((one) => one.status === "rejected" && one.reason instanceof GitError),
    asked.map(() => true),
  );
});

test("nothing but a full object id reaches git", async (t) => {
  const repository = open(t, repositoryOfEverything(t));
  for (const name of ["HEAD", "first", "--help", `${ABSENT}\n${ABSENT}`, ABSENT.slice(0, 12), "", `${ABSENT}^`]) {
    await assert.rejects(repository.commit(name), TypeError, name);
    await assert.rejects(repository.patch(name), TypeError, name);
    await assert.rejects(repository.list(name), TypeError, name);
    await assert.rejects(repository.blame(name, "f", [[1, 1]]), TypeError, name);
    await assert.rejects(repository.grepWords(name, ["a"]), TypeError, name);
  }
});

test("a damaged object is null and the next one is read", async (t) => {
  const directory = temporaryDirectory(t);
  git("/", ["init", "--quiet", "--bare", directory]);
  const damaged = git(directory, ["hash-object", "-w", "--stdin"], "first\n");
  const sound = git(directory, ["hash-object", "-w", "--stdin"], "second\n");
  const path = join(directory, "objects", damaged.slice(0, 2), damaged.slice(2));
  chmodSync(path, 0o644);
  writeFileSync(path, "this is not zlib");
  const repository = open(t, directory);
  const [one, two] = await Promise.all([repository.blob(damaged), repository.blob(sound)]);
  assert.equal(one, null);
  assert.equal(String(two), "second\n");
});

test("a partial clone answers without fetching, a shallow one does not invent patches", async (t) => {
  const source = repositoryOfEverything(t);
  git(source, ["config", "uploadpack.allowFilter", "true"]);
  const directory = temporaryDirectory(t);
  const [partial, shallow] = [join(directory, "partial"), join(directory, "shallow")];
  git(directory, ["clone", "--quiet", "--bare", "--filter=blob:none", `file://${source}`, partial]);
  git(directory, ["clone", "--quiet", "--bare", "--depth=1", "--branch=second", `file://${source}`, shallow]);
  const second = git(source, ["rev-parse", "second"]);
  const packs = readdirSync(join(partial, "objects", "pack"));

  const withoutBlobs = open(t, partial);
  assert.equal((await withoutBlobs.list(second)).length, SECOND.size);
  assert.equal(await withoutBlobs.blob(git(source, ["rev-parse", "second:run.sh"])), null);
  await assert.rejects(withoutBlobs.patch(second), GitError);
  const [first = "", side = "", other = ""] = git(source, ["rev-parse", "first^{tree}", "side^{tree}", "second^{tree}"]).split("\n");
  assert.equal((await withoutBlobs.merge(first, side, other)).clean, true, "no content is needed where one side alone changed a file");
  assert.deepEqual(readdirSync(join(partial, "objects", "pack")), packs, "nothing was fetched");

  const withoutHistory = open(t, shallow);
  assert.equal((await withoutHistory.commit(second))?.oid, second);
  await assert.rejects(withoutHistory.patch(second), GitError);
});
