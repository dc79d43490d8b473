import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { countLog, type RawCommit, rawLog, shallowBoundary } from "../../src/git/log-stream.ts";
import { type PatchText, patches } from "../../src/git/patch-stream.ts";
import { GitError } from "../../src/git/process.ts";
import { type GitFixture, gitFixture, importCommits, removeObject } from "./git-fixture.ts";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("rawLog and patches", () => {
  let fixture: GitFixture;
  let oids: string[] = [];
  let commits: RawCommit[] = [];
  const odd = 'a"b\nc\\d\té';

  before(async () => {
    fixture = gitFixture();
    oids = importCommits(fixture, [
      { parents: [], changes: { [odd]: "x\n", "dir/deep/file": "1\n" }, message: "first\nsecond line\n\nbody ü\n" },
      { parents: [0], changes: {}, message: "" },
      {
        parents: [0],
        changes: { "dir/deep/file": null, z: "" },
        message: Buffer.from("caf\xe9 in latin1\n\n:100644 looks raw\n", "latin1"),
      },
      { parents: [1, 2], changes: {}, message: "merge\n" },
      { parents: [3], changes: { big: "line\n".repeat(5000) }, message: "big\n", author: "<> 0 +0000" },
      { parents: [4], changes: { z: { content: "", executable: true } }, message: "mode\n" },
    ]);
    commits = await collect(rawLog({ gitDir: fixture.gitDir, tips: [oids[5] ?? ""], not: [] }));
  });
  after(() => fixture.remove());

  test("parents come first, every commit once", () => {
    assert.deepEqual(commits.map(({ oid }) => oid).sort(), [...oids].sort());
    const seen = new Set<string>();
    for (const commit of commits) {
      for (const parent of commit.parents) assert.ok(seen.has(parent));
      seen.add(commit.oid);
    }
  });

  test("fields equal those of git, one commit at a time", () => {
    for (const commit of commits) {
      const show = (format: string) =>
        Buffer.from(fixture.git(["show", "-s", "--encoding=UTF-8", `--format=${format}`, commit.oid]), "latin1")
          .toString("utf8")
          .slice(0, -1);
      const { authorName, authorEmail, authorDate, committerDate, message, parents } = commit;
      assert.deepEqual(
        [authorName, authorEmail, String(authorDate), String(committerDate), message, parents.join(" ")],
        ["%an", "%ae", "%at", "%ct", "%B", "%P"].map(show),
      );
    }
  });

  test("touched paths, whatever bytes they hold", () => {
    const byOid = new Map(commits.map((commit) => [commit.oid, commit.touched.map(({ status, path }) => `${status} ${path}`)]));
    assert.deepEqual(
      oids.map((oid) => byOid.get(oid)),
      [[`A ${odd}`, "A dir/deep/file"], [], ["D dir/deep/file", "A z"], [], ["A big"], ["A z"]],
    );
    const [first] = commits;
    assert.equal(first?.touched[0]?.after, fixture.git(["hash-object", "--stdin"], "x\n").trim());
  });

  test("what is reachable from `not` is left out; ids that do not exist there are ignored", async () => {
    const range = { gitDir: fixture.gitDir, tips: [oids[5] ?? ""], not: [oids[2] ?? "", "1".repeat(40)] };
    const rest = await collect(rawLog(range));
    assert.deepEqual(
      rest.map(({ oid }) => oid),
      [oids[1], oids[3], oids[4], oids[5]],
    );
    assert.equal(await countLog(range), 4);
  });

  test("a history that cannot be read is a GitError", async () => {
    await assert.rejects(collect(rawLog({ gitDir: join(fixture.dir, "none"), tips: [oids[0] ?? ""], not: [] })), GitError);
  });

  test("diffs equal those of git, in the order asked for", async () => {
    const asked = [oids[5], oids[0], oids[1], oids[4], oids[2]].map(String);
    const all = await collect(patches({ gitDir: fixture.gitDir, oids: asked }));
    assert.deepEqual(
      all.map(({ oid }) => oid),
      asked,
    );
    for (const { oid, text, state } of all) {
      const diff = fixture.git(["diff-tree", "-p", "-r", "--root", "--no-renames", "--full-index", "--no-commit-id", oid]);
      assert.deepEqual({ text, state }, { text: diff, state: "whole" });
    }
  });

  test("a long diff is cut at a line, the next ones are whole", async () => {
    const all = await collect(patches({ gitDir: fixture.gitDir, oids: [oids[4], oids[5]].map(String), limit: 1000 }));
    assert.deepEqual(
      all.map(({ state }) => state),
      ["cut", "whole"],
    );
    assert.ok((all[0]?.text.length ?? 0) <= 1000);
    assert.ok(all[0]?.text.endsWith("+line\n"));
  });

  test("a commit whose objects are missing is told, the others are read", async () => {
    const [gone = "", root = ""] = importCommits(fixture, [
      { parents: [], changes: { lost: "a line that only this blob has\n" } },
      { parents: [], changes: { kept: "kept\n" } },
    ]);
    removeObject(fixture, fixture.git(["rev-parse", `${gone}:lost`]).trim());
    const asked = [root, "1".repeat(40), gone, oids[0] ?? ""];
    const states = (await collect(patches({ gitDir: fixture.gitDir, oids: asked }))).map(({ oid, state }: PatchText) => [oid, state]);
    assert.deepEqual(states, [
      [root, "whole"],
      ["1".repeat(40), "missing"],
      [gone, "missing"],
      [oids[0], "whole"],
    ]);
  });

  test("the boundary of a shallow repository", async () => {
    assert.deepEqual(await shallowBoundary(fixture.gitDir), new Set());
    writeFileSync(join(fixture.gitDir, "shallow"), `${oids[4]}\n`);
    assert.deepEqual(await shallowBoundary(fixture.gitDir), new Set([oids[4]]));
    const shallow = await collect(rawLog({ gitDir: fixture.gitDir, tips: [oids[5] ?? ""], not: [] }));
    assert.deepEqual(
      shallow.map(({ oid, parents }) => [oid, parents]),
      [
        [oids[4], []],
        [oids[5], [oids[4]]],
      ],
    );
    writeFileSync(join(fixture.gitDir, "shallow"), "");
  });
});
