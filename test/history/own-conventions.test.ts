import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type IngestOptions, ingestHistory } from "../../src/history/ingest.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { indexFile } from "../../src/jobs/index-file.ts";
import type { OwnConvention } from "../../src/rules/own-conventions.ts";
import { type GitFixture, gitFixture, importCommits, removeObject } from "./git-fixture.ts";

const ID = "1234567890ab";
const OWN: readonly OwnConvention[] = [{ id: "acme", kind: "backport_of", line: "Acme: {oid}", indented: false, sample: `Acme: ${ID}` }];

describe("the user's own conventions", () => {
  let fixture: GitFixture;
  let oids: readonly string[];
  let logged: string[] = [];
  beforeEach(() => {
    fixture = gitFixture();
    logged = [];
    oids = importCommits(fixture, [
      { parents: [], changes: { a: "1\n" }, message: `one\n\nAcme: ${ID}\n` },
      { parents: [0], changes: { a: "2\n" }, message: `two\n\nFixes: ${ID} ("x")\n` },
      { parents: [1], changes: { a: "3\n" }, message: `dr\u00fcei\n\nacme:  ${ID}\ncommit ${ID} upstream.\n` },
    ]);
  });
  afterEach(() => fixture.remove());

  async function ingest(name: string, conventions: readonly OwnConvention[], head = oids.at(-1) ?? ""): Promise<string> {
    const trees = [{ id: "main", role: "mainline" as const, headOid: head }];
    const options: IngestOptions = { gitDir: fixture.gitDir, indexPath: join(fixture.dir, name), trees, conventions, report: () => {} };
    await ingestHistory({ ...options, log: (message) => logged.push(message) });
    return options.indexPath;
  }
  function links(path: string): string[] {
    const index = openIndex(path);
    try {
      return oids.flatMap((oid, at) => index.linksFrom(oid).map(({ kind, text }) => `${at} ${kind} ${text}`));
    } finally {
      index.close();
    }
  }
  const BUILT_IN = [`1 fixes Fixes: ${ID} ("x")`, `2 backport_of commit ${ID} upstream.`];
  const ALL = [`0 backport_of Acme: ${ID}`, BUILT_IN[0], `2 backport_of acme:  ${ID}`, BUILT_IN[1]];

  test("are read when the history is indexed", async () => {
    assert.deepEqual(links(await ingest("own.db", OWN)), ALL);
  });

  test("when they change, all messages are read again, once, and new commits by the new ones", async () => {
    assert.deepEqual(links(await ingest("index.db", [], oids[1])), BUILT_IN.slice(0, 1));
    assert.deepEqual(logged, []);
    assert.deepEqual(links(await ingest("index.db", OWN)), ALL);
    assert.equal(logged.length, 1);
    await ingest("index.db", OWN);
    assert.equal(logged.length, 1);
    assert.deepEqual(links(await ingest("index.db", [])), BUILT_IN);
  });

  test("an index that was read by others is behind, so that the service reads it again", async () => {
    const path = await ingest("index.db", []);
    assert.equal(indexFile(path, []).look([]), null);
    assert.equal(indexFile(path, OWN).look([]), "behind");
    await ingest("index.db", OWN);
    assert.equal(indexFile(path, OWN).look([]), null);
  });

  test("a commit that the repository lost has no references any more; the others have theirs", async () => {
    const [lost = ""] = importCommits(fixture, [{ parents: [oids[1] ?? ""], changes: { b: "1\n" }, message: `lost\n\nAcme: ${ID}\n` }]);
    await ingest("index.db", [], lost);
    await ingest("index.db", []);
    removeObject(fixture, lost);
    const index = openIndex(await ingest("index.db", OWN));
    try {
      assert.deepEqual([index.linksFrom(lost), index.linksFrom(oids[2] ?? "").length], [[], 2]);
    } finally {
      index.close();
    }
  });

  test("a reader that is open sees the old references or the new ones", async () => {
    const index = openIndex(await ingest("index.db", []));
    try {
      assert.equal(index.linksTo(ID).length, 2);
      await ingest("index.db", OWN);
      assert.equal(index.linksTo(ID).length, 4);
    } finally {
      index.close();
    }
  });
});
