import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ingestHistory } from "../../src/history/ingest.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { gitFixture, importCommits, type NewCommit } from "./git-fixture.ts";

const commit = (at: number, author: string): NewCommit => ({
  parents: at === 0 ? [] : [at - 1],
  changes: Object.fromEntries(Array.from({ length: at + 1 }, (_, n) => [`f${n}`, `${at}\n`])),
  author: `${author} 1000000000 +0000`,
});

test("dates, numbers of files and authors are those that git tells, and an open index sees what is added", async (t) => {
  const fixture = gitFixture();
  t.after(fixture.remove);
  const commits = [
    commit(0, "Ann B. Lee <ann@example.org>"),
    commit(1, "Zoe Lee <zoe@example.com>"),
    commit(2, "Ann Other <x@example.org>"),
  ];
  const indexPath = join(fixture.dir, "index.sqlite");
  const ingest = async (count: number) => {
    const oids = importCommits(fixture, commits.slice(0, count));
    fixture.git(["update-ref", "refs/heads/main", oids.at(-1) ?? ""]);
    await ingestHistory({
      gitDir: fixture.gitDir,
      indexPath,
      trees: [{ id: "main", role: "mainline", headOid: oids.at(-1) ?? "" }],
      report: () => {},
    });
    return oids;
  };
  await ingest(2);
  const index = openIndex(indexPath);
  t.after(() => index.close());
  assert.equal(index.columns().changedFiles.length, 3);
  const oids = await ingest(3);
  const { committerDates, changedFiles } = index.columns();
  for (const [at, oid] of oids.entries()) {
    const num = index.commit(oid)?.num ?? 0;
    const [date, ...files] = fixture.git(["log", "-1", "--format=%ct", "--name-only", oid]).trim().split(/\n+/);
    assert.equal(committerDates[num], Number(date));
    assert.equal(changedFiles[num], files.length);
    assert.equal(files.length, at + 1);
  }
  const authored = (who: string) => index.commitsOfAuthor(who).map((num) => oids.indexOf(index.commitByNum(num).oid));
  assert.deepEqual(authored("ann"), [0, 2]);
  assert.deepEqual(authored("LEE"), [0, 1]);
  assert.deepEqual(authored("zoe@example.com"), [1]);
  assert.deepEqual(authored("x"), [2]);
  assert.deepEqual(authored("nobody"), []);
});
