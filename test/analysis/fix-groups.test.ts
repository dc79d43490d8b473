import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Fix, formsOf, groupsOf, onePerFix } from "../../src/analysis/fix-groups.ts";
import type { HistoryIndex, IndexedCommit } from "../../src/history/history-index.ts";
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { gitFixture, importCommits, type NewCommit } from "../history/git-fixture.ts";

type Named = NewCommit & { readonly name: string };

const DAY = 86_400;
const by = (who: string, day: number) => `${who} <${who}@example.org> ${1_000_000_000 + day * DAY} +0000`;
const two = (a: string, b: string) => `int ring_open(void)\n{\n\treturn ${a};\n}\n\nint ring_close(void)\n{\n\treturn ${b};\n}\n`;

interface Story {
  readonly index: HistoryIndex;
  readonly oid: (name: string) => string;
  readonly commit: (name: string) => IndexedCommit;
}

/** Trees by the names of their heads; the vendor tree is the first commit alone, so that all other patches are read. */
async function story(t: TestContext, commits: readonly Named[], heads: readonly string[]): Promise<Story> {
  const fixture = gitFixture();
  t.after(fixture.remove);
  const oids = importCommits(fixture, commits);
  const oid = (name: string) => oids[commits.findIndex((commit) => commit.name === name)] ?? "";
  const trees = [
    { id: "vendor", role: "vendor" as const, headOid: oids[0] ?? "" },
    ...heads.map((name) => ({ id: name, role: "mainline" as const, headOid: oid(name) })),
  ];
  for (const { id, headOid } of trees) fixture.git(["update-ref", `refs/heads/${id}`, headOid]);
  const options = { gitDir: fixture.gitDir, indexPath: join(fixture.dir, "index.sqlite"), trees, report: () => {} };
  await ingestHistory(options);
  await ingestPatches(options);
  const index = openIndex(options.indexPath);
  t.after(() => index.close());
  const commit = (name: string) => {
    const found = index.commit(oid(name));
    assert.ok(found, name);
    return found;
  };
  return { index, oid, commit };
}

const BASE: Named = { name: "base", parents: [], changes: { "net/ring.c": two("0", "0"), "doc/a": "a\n" }, message: "base\n" };
const FIX: Named = {
  name: "fix",
  parents: [0],
  changes: { "net/ring.c": two("1", "0") },
  message: "net: fix the ring\n",
  author: by("ann", 1),
};

test("forms of one fix are one, and the others stay", async (t) => {
  const alone = await story(t, [BASE, FIX], ["fix"]);
  const picked: Named = { ...FIX, name: "picked", changes: { "net/ring.c": two("1 + 0", "0") }, author: by("stable", 9) };
  const commits: Named[] = [
    BASE,
    FIX,
    { ...FIX, name: "same-patch", message: "vendor: another subject\n", author: by("zoe", 3) },
    { ...picked, message: `net: fix the ring\n\ncommit ${alone.oid("fix")} upstream.\n` },
    { ...FIX, name: "same-date", changes: { "net/ring.c": two("1", "7") }, message: "UPSTREAM: net: fix the ring\n" },
    { ...FIX, name: "other", changes: { "net/ring.c": two("0", "5") }, message: "net: fix the ring\n", author: by("ann", 30) },
  ];
  const names = commits.slice(1).map(({ name }) => name);
  const { index, commit, oid } = await story(t, commits, names);
  assert.equal(oid("fix"), alone.oid("fix"), "ids do not depend on what follows");
  const fixes = onePerFix(
    index,
    ["picked", "other", "fix", "same-patch", "same-date"].map((name, at) => ({ commit: commit(name), score: 9 - at })),
  );
  assert.deepEqual(
    fixes.map((fix) => [fix.commit.oid, fix.score]),
    [
      [oid("picked"), 9],
      [oid("other"), 8],
    ],
  );
  assert.equal(fixes[0]?.forms.length, 4);
  const upstreams = ["fix", "picked", "same-patch"].map((name) => ({ tree: name, ref: name, oid: oid(name) }));
  const forms = (fix: Fix) => formsOf({ index, upstreams }, fix).map(({ tree, oid: form }) => [tree, form]);
  assert.deepEqual(
    forms({ commit: commit("picked"), score: 1, forms: [commit("picked")] }),
    ["fix", "picked"].map((name) => [name, oid(name)]),
    "the commit that it carries; nothing says that the others are forms of it",
  );
  const [first] = fixes;
  assert.ok(first);
  assert.deepEqual(
    forms(first).sort(),
    ["fix", "picked", "same-patch"].map((name) => [name, oid(name)]),
    "a tree that is not asked about has none",
  );
});

test("what fixes a fix, bears its subject, came with it or changes the same functions stands in one group", async (t) => {
  const alone = await story(t, [BASE, FIX], ["fix"]);
  const commits: Named[] = [
    BASE,
    FIX,
    { name: "later", parents: [1], changes: { "doc/a": "b\n" }, message: `doc: more\n\nFixes: ${alone.oid("fix").slice(0, 12)} ("net")\n` },
    { name: "repost", parents: [2], changes: { "doc/b": "b\n" }, message: "net: fix the ring\n", author: by("bob", 60) },
    { name: "next", parents: [3], changes: { "net/other.c": "int other;\n" }, message: "net: second of a series\n", author: by("ann", 2) },
    { name: "stranger", parents: [4], changes: { "mm/page.c": "int page;\n" }, message: "mm: a page\n", author: by("ann", 2) },
    { name: "rework", parents: [5], changes: { "net/ring.c": two("2", "2") }, message: "net: rework\n", author: by("zoe", 90) },
    { name: "again", parents: [6], changes: { "net/ring.c": two("3", "3") }, message: "net: once more\n", author: by("kim", 99) },
  ];
  const { index, commit } = await story(t, commits, ["again"]);
  const groups = (...names: string[]) =>
    groupsOf(
      index,
      names.map((name) => ({ commit: commit(name) })),
    );
  assert.deepEqual(groups("fix", "later"), [1, 1]);
  assert.deepEqual(groups("fix", "repost"), [1, 1]);
  assert.deepEqual(groups("fix", "next"), [1, 1]);
  assert.deepEqual(groups("fix", "stranger"), [1, 2], "one author and hour, but another folder");
  assert.deepEqual(groups("rework", "again"), [1, 1], "both functions in common");
  assert.deepEqual(groups("fix", "rework"), [1, 2], "one function in common is not enough");
  assert.deepEqual(groups("stranger", "later", "rework", "fix", "again"), [1, 2, 3, 2, 3]);
});
