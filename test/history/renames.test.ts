import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { renames } from "../../src/git/rename-stream.ts";
import type { HistoryIndex } from "../../src/history/history-index.ts";
import { ingestHistory } from "../../src/history/ingest.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { type GitFixture, gitFixture, importCommits, type NewCommit, removeObject } from "./git-fixture.ts";

const text = (name: string, version = 0) => Array.from({ length: 20 }, (_, at) => `${name} line ${at === 3 ? version : at}\n`).join("");

/** A line of commits: each changes, renames, moves or adds a file, and no name is used twice. */
function randomLine(seed: number): { readonly commits: readonly NewCommit[]; readonly files: readonly string[] } {
  const step = fc.record({ what: fc.constantFrom("change", "rename", "rename", "move", "add"), which: fc.nat(), directory: fc.nat(3) });
  const [steps = []] = fc.sample(fc.array(step, { minLength: 80, maxLength: 80 }), { numRuns: 1, seed });
  const files = new Map([["a/one.c", text("one")]]);
  const commits: NewCommit[] = [{ parents: [], changes: Object.fromEntries(files) }];
  for (const [at, { what, which, directory }] of steps.entries()) {
    const [path = "", content = ""] = [...files][which % files.size] ?? [];
    const changed = content.replace(/line \d+\n$/, `line ${1000 + at}\n`);
    const changes: Record<string, string | null> = {};
    if (what === "change") changes[path] = changed;
    else if (what === "add") changes[`d${directory}/added${at}.c`] = text(`added${at}`);
    else {
      changes[path] = null;
      changes[what === "move" ? `d${directory}/sub${at}/file.c` : `d${directory}/renamed${at}.c`] = which % 2 === 0 ? content : changed;
    }
    commits.push({ parents: [at], changes });
    for (const [name, bytes] of Object.entries(changes)) {
      if (bytes === null) files.delete(name);
      else files.set(name, bytes);
    }
  }
  return { commits, files: [...files.keys()] };
}

describe("renames", () => {
  let fixture: GitFixture;
  let index: HistoryIndex | null = null;
  let logged: string[] = [];
  beforeEach(() => {
    fixture = gitFixture();
    logged = [];
  });
  afterEach(() => {
    index?.close();
    index = null;
    fixture.remove();
  });

  async function build(heads: readonly string[]): Promise<HistoryIndex> {
    const trees = heads.map((headOid, at) => ({ id: `tree${at}`, role: "mainline" as const, headOid }));
    const log = (message: string) => logged.push(message);
    await ingestHistory({ gitDir: fixture.gitDir, indexPath: join(fixture.dir, "index.db"), trees, report: () => {}, log });
    index ??= openIndex(join(fixture.dir, "index.db"));
    return index;
  }
  const git = (...args: string[]) =>
    fixture
      .git(args)
      .split("\n")
      .filter((line) => line !== "");

  for (const seed of [1, 2, 3]) {
    test(`the commits of a file, its former names followed, are those of git log --follow (${seed})`, async () => {
      const { commits, files } = randomLine(seed);
      const head = importCommits(fixture, commits).at(-1) ?? "";
      const built = await build([head]);
      const oids = (nums: readonly number[]) => nums.map((num) => built.commitByNum(num).oid);
      let renamed = 0;
      for (const file of files) {
        const expected = git("log", "--follow", "-M", "--format=%H", head, "--", file);
        assert.deepEqual(oids(built.commitsOfPath(file, 1000, "follow")), expected, file);
        assert.deepEqual(oids(built.commitsOfPath(file, 2, "follow")), expected.slice(0, 2), file);
        if (expected.length > built.commitsOfPath(file, 1000).length) renamed += 1;
      }
      assert.ok(renamed > 3);
    });
  }

  /** A common base, then upstream moves a directory and renames a file in it, and the vendor renames that file too. */
  function diverged(): { readonly upstream: string; readonly vendor: string; readonly base: string; readonly oids: readonly string[] } {
    const [link, dir] = [text("link"), text("dir")];
    const oids = importCommits(fixture, [
      { parents: [], changes: { "fs/cifs/link.c": link, "fs/cifs/dir.c": dir, "fs/inode.c": text("inode") } },
      { parents: [0], changes: { "fs/cifs/link.c": text("link", 77) } },
      {
        parents: [1],
        changes: {
          "fs/cifs/link.c": null,
          "fs/smb/client/link.c": text("link", 77),
          "fs/cifs/dir.c": null,
          "fs/smb/client/dir.c": dir,
          "fs/smb/client/fresh.c": text("fresh"),
        },
      },
      { parents: [2], changes: { "fs/smb/client/dir.c": null, "fs/smb/client/directory.c": text("dir", 5) } },
      { parents: [3], changes: { "fs/smb/client/directory.c": text("dir", 6) } },
      { parents: [1], changes: { "fs/cifs/link.c": null, "fs/cifs/vendor-link.c": text("link", 77) } },
    ]);
    return { upstream: oids[4] ?? "", vendor: oids[5] ?? "", base: oids[1] ?? "", oids };
  }

  test("what a file of one tree is called in another one, in both directions, with the commits that renamed it", async () => {
    const { upstream, vendor, base, oids } = diverged();
    const built = await build([upstream, vendor]);
    assert.deepEqual(built.nameIn("fs/smb/client/directory.c", upstream, vendor), {
      path: "fs/cifs/dir.c",
      steps: [
        { oid: oids[3], from: "fs/smb/client/dir.c", to: "fs/smb/client/directory.c" },
        { oid: oids[2], from: "fs/cifs/dir.c", to: "fs/smb/client/dir.c" },
      ],
    });
    assert.equal(built.nameIn("fs/smb/client/link.c", upstream, vendor).path, "fs/cifs/vendor-link.c");
    assert.equal(built.nameIn("fs/cifs/vendor-link.c", vendor, upstream).path, "fs/smb/client/link.c");
    assert.equal(built.nameIn("fs/smb/client/link.c", upstream, base).path, "fs/cifs/link.c");
    assert.equal(built.nameIn("fs/cifs/dir.c", base, upstream).path, "fs/smb/client/directory.c");
    for (const path of ["fs/inode.c", "fs/smb/client/fresh.c", "no/such/file"]) {
      assert.deepEqual(built.nameIn(path, upstream, vendor), { path, steps: [] });
    }
    assert.throws(() => built.nameIn("fs/inode.c", upstream, "1".repeat(40)), RangeError);
  });

  test("a directory has the commits of its files in the directory that they came from", async () => {
    const { upstream, vendor, oids } = diverged();
    const built = await build([upstream, vendor]);
    const of = (path: string) => built.commitsOfPath(path, 100, "follow").map((num) => built.commitByNum(num).oid);
    assert.deepEqual(of("fs/smb/client/"), [oids[4], oids[3], oids[2], oids[1], oids[0]]);
    assert.deepEqual(of("fs/smb/"), of("fs/smb/client/"));
    assert.equal(built.commitsOfPath("fs/smb/client/", 100).length, 3);
  });

  test("renames that arrive later are found; those of a commit that lacks a blob are read once the blob is there", async () => {
    const { upstream, vendor, base, oids } = diverged();
    const built = await build([base, vendor]);
    const blob = git("rev-parse", `${oids[3]}:fs/smb/client/directory.c`)[0] ?? "";
    const bytes = fixture.git(["cat-file", "blob", blob]);
    removeObject(fixture, blob);
    const read: unknown[] = [];
    for await (const commit of renames({ gitDir: fixture.gitDir, oids: oids.slice(2, 6) }))
      read.push([commit.oid, commit.renames.length, commit.state]);
    assert.deepEqual(read, [
      [oids[2], 2, "whole"],
      [oids[3], 0, "missing"],
      [oids[4], 0, "whole"],
      [oids[5], 1, "whole"],
    ]);
    await build([upstream, vendor]);
    assert.match(logged.join(), /renames of 1 commits could not be read/);
    assert.equal(built.nameIn("fs/smb/client/dir.c", oids[2] ?? "", vendor).path, "fs/cifs/dir.c");
    assert.equal(built.nameIn("fs/smb/client/directory.c", upstream, vendor).path, "fs/smb/client/directory.c");
    fixture.git(["hash-object", "-w", "--stdin"], Buffer.from(bytes, "latin1"));
    await build([upstream, vendor]);
    assert.equal(built.nameIn("fs/smb/client/directory.c", upstream, vendor).path, "fs/cifs/dir.c");
  });
});
