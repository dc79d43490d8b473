import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openRepository } from "../../src/git/open-repository.ts";
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { introducers } from "../../src/history/introducer.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { ingestSources } from "../../src/source/ingest-sources.ts";
import { openSourceIndex, sourceIndexPath } from "../../src/source/source-index.ts";
import { gitFixture, importCommits, removeObject } from "./git-fixture.ts";

const body = (...names: string[]) =>
  `int start;\n${names.map((name) => `int ${name}(void);\n`).join("")}int filler_a, filler_b, filler_c;\n`;

test("the introducer of a name, inside and outside of the commits whose patches are indexed", async (t) => {
  const fixture = gitFixture();
  t.after(() => fixture.remove());
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`many/${at}.c`, "int common;\n"]));
  const oids = importCommits(fixture, [
    { parents: [], changes: { "old/a.c": body("first"), ...many } },
    { parents: [0], changes: { "old/a.c": body("first", "second_longer") } },
    { parents: [1], changes: { "old/a.c": body("first", "second_longer", "second") } },
    { parents: [2], changes: { "old/a.c": null, "new/a.c": body("first", "second_longer", "second") } },
    { parents: [3], changes: { "new/a.c": body("first", "second_longer", "second", "third") } },
    { parents: [4], changes: { "new/a.c": body("first", "second_longer", "second", "third", "second()") } },
    { parents: [2], changes: { "vendor.c": body("own") } },
  ]);
  const [upstream = "", vendor = ""] = [oids[5], oids[6]];
  const indexPath = join(fixture.dir, "index.sqlite");
  const trees = [
    { id: "mainline", role: "mainline", headOid: upstream },
    { id: "vendor", role: "vendor", headOid: vendor },
  ] as const;
  const options = { gitDir: fixture.gitDir, indexPath, trees, report: () => {} };
  await ingestHistory(options);
  await ingestPatches(options);
  await ingestSources(options);
  const index = openIndex(indexPath);
  const repo = openRepository({ gitDir: fixture.gitDir, scratchDir: join(fixture.dir, "scratch") });
  const sources = openSourceIndex(sourceIndexPath(indexPath), repo);
  t.after(async () => {
    index.close();
    sources.close();
    await repo.close();
  });
  const headOf = (oid: string) => ({ oid, tree: fixture.git(["rev-parse", `${oid}^{tree}`]).trim() });
  const input = { index, sources, repo, head: headOf(upstream), other: headOf(vendor) };

  const introducer = introducers(input);
  assert.deepEqual(await introducer("third"), { kind: "found", oid: oids[4], by: "index" });
  assert.deepEqual(await introducer("second"), { kind: "found", oid: oids[2], by: "git" }, "through a rename, and not by a longer name");
  assert.deepEqual(await introducer("first"), { kind: "found", oid: oids[0], by: "git" });
  assert.match(JSON.stringify(await introducer("common")), /30 files hold it/);
  assert.match(JSON.stringify(await introducer("nowhere")), /unknown.*no source file/);
  assert.deepEqual(await introducers({ ...input, head: input.other, other: input.head })("own"), {
    kind: "found",
    oid: vendor,
    by: "index",
  });
  const once = introducers({ ...input, mostByGit: 1 });
  assert.deepEqual(await once("first"), { kind: "found", oid: oids[0], by: "git" });
  assert.match(JSON.stringify(await once("second")), /unknown.*which is the limit/);
  const elsewhere = introducers({ ...input, head: headOf(oids[4] ?? "") });
  assert.match(JSON.stringify(await elsewhere("first")), /unknown.*not indexed/);

  removeObject(fixture, fixture.git(["rev-parse", `${oids[1]}:old/a.c`]).trim());
  // The repository keeps what git said.
  const fresh = openRepository({ gitDir: fixture.gitDir, scratchDir: join(fixture.dir, "scratch-fresh") });
  t.after(() => fresh.close());
  assert.match(JSON.stringify(await introducers({ ...input, repo: fresh })("first")), /unknown.*git could not tell/);
});
