import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Mirror, openMirror } from "../../src/git/mirror.ts";
import { MissingObject } from "../../src/git/missing-object.ts";
import { buildRepository, git, gitSucceeds, open, temporaryDirectory } from "./fixture.ts";

const HOUR = 3_600_000;

function mirrorFor(t: TestContext, keepMs?: number): Promise<Mirror> {
  const path = join(temporaryDirectory(t), "mirror");
  return openMirror({ path, allowFile: true, ...(keepMs === undefined ? {} : { keepMs }) });
}

/** A remote of one commit with a file that does not compress. */
function remote(t: TestContext, bytes = 2000): string {
  const files = new Map([["f", { mode: "100644", bytes: randomBytes(bytes) }]]);
  return buildRepository(join(temporaryDirectory(t), "remote"), [{ ref: "refs/heads/main", parents: [], files }]);
}

/** Adds a commit with another such file. */
function grow(source: string, at: number): void {
  const head = git(source, ["rev-parse", "main"]);
  const text = randomBytes(1500).toString("hex");
  const head2 = `commit refs/heads/main\ncommitter C <c@example.org> ${1600000002 + at} +0000\ndata 1\nx\nfrom ${head}\n`;
  git(source, ["fast-import", "--quiet", "--force"], `${head2}M 100644 inline g${at}\ndata ${text.length}\n${text}\n`);
}

const packs = (mirror: Mirror) => readdirSync(join(mirror.path, "objects", "pack")).filter((name) => name.endsWith(".pack"));
const packBytes = (mirror: Mirror) =>
  packs(mirror).reduce((sum, name) => sum + statSync(join(mirror.path, "objects", "pack", name)).size, 0);

test("the commit-graph is written with changed paths and grows with what is fetched", async (t) => {
  const source = remote(t);
  const mirror = await mirrorFor(t);
  const fetch = () => mirror.fetch({ tree: "vendor", remote: source, ref: "main" });
  const graphs = () => readdirSync(join(mirror.path, "objects", "info", "commit-graphs"));
  await fetch();
  await mirror.maintain();
  const before = graphs();
  assert.ok(before.some((name) => name.endsWith(".graph")));
  assert.match(
    git(mirror.path, ["-c", "core.commitGraph=true", "log", "-1", "--format=%H", "refs/trees/vendor/head", "--", "f"]),
    /^\w{40}$/,
  );
  grow(source, 1);
  await fetch();
  await mirror.maintain();
  assert.notDeepEqual(graphs(), before);
  assert.ok(gitSucceeds(mirror.path, ["commit-graph", "verify"]));
});

test("the number of packs stays bounded, and readers under way do not notice", async (t) => {
  const source = remote(t);
  const mirror = await mirrorFor(t);
  const fetch = () => mirror.fetch({ tree: "vendor", remote: source, ref: "main" });
  await fetch();
  const repository = open(t, mirror.path);
  const first = (await mirror.heads()).get("vendor") ?? "";
  let most = 0;
  let reading = true;
  let reads = 0;
  const failures: unknown[] = [];
  const read = async () => {
    while (reading) {
      for (const oid of [first, (await mirror.heads()).get("vendor") ?? ""]) {
        const commit = await repository.commit(oid);
        const patch = await repository.patch(oid).catch((error: unknown) => error);
        const blob = await repository.entry(oid, "f").then((entry) => repository.blob(entry?.oid ?? ""));
        if (commit === null || typeof patch !== "string" || blob === null) failures.push({ oid, commit, patch });
        reads += 1;
      }
    }
  };
  const readers = Promise.all([read(), read()]);
  for (let at = 0; at < 16; at += 1) {
    grow(source, at);
    await fetch();
    most = Math.max(most, packs(mirror).length);
    await mirror.maintain();
  }
  reading = false;
  await readers;
  assert.deepEqual(failures, []);
  assert.ok(reads > 10);
  assert.equal(most, 13, "one more than is allowed, until they were joined");
  assert.ok(packs(mirror).length <= 12);
  assert.ok(gitSucceeds(mirror.path, ["fsck"]));
});

test("the objects of a removed tree go, those of the others stay and can be read all the while", async (t) => {
  const [gone, stays] = [remote(t, 400_000), remote(t)];
  const mirror = await mirrorFor(t, 0);
  await mirror.fetch({ tree: "gone", remote: gone, ref: "main" });
  await mirror.fetch({ tree: "stays", remote: stays, ref: "main" });
  await mirror.maintain();
  const lost = (await mirror.heads()).get("gone") ?? "";
  const head = (await mirror.heads()).get("stays") ?? "";
  const repository = open(t, mirror.path);
  const patch = await repository.patch(head);
  const before = packBytes(mirror);
  assert.ok(before > 400_000);

  await mirror.remove("gone");
  await mirror.maintain();
  assert.ok(packBytes(mirror) < 10_000, `${before} -> ${packBytes(mirror)}`);
  assert.equal(gitSucceeds(mirror.path, ["cat-file", "-e", lost]), false);
  assert.ok(gitSucceeds(mirror.path, ["fsck"]) && gitSucceeds(mirror.path, ["commit-graph", "verify"]));
  assert.equal(await repository.patch(head), patch);
  const fresh = open(t, mirror.path);
  assert.equal(await fresh.commit(lost), null);
  assert.equal((await fresh.commit(head))?.oid, head);

  assert.equal((await mirror.fetch({ tree: "gone", remote: gone, ref: "main" })).after, lost);
  await mirror.remove("gone");
  await mirror.remove("stays");
  await mirror.maintain();
  assert.equal(packBytes(mirror), 0, "the last tree takes everything with it");
  assert.equal((await mirror.fetch({ tree: "stays", remote: stays, ref: "main" })).after, head);
});

test("what a running analysis may have pinned stays for a while: the commits of a removed tree and of a head that was forced back", async (t) => {
  const [forced, removed] = [remote(t), remote(t)];
  const mirror = await mirrorFor(t, HOUR);
  grow(forced, 1);
  const pins = [forced, removed].map((source) => git(source, ["rev-parse", "main"]));
  await mirror.fetch({ tree: "forced", remote: forced, ref: "main" });
  await mirror.fetch({ tree: "removed", remote: removed, ref: "main" });
  git(forced, ["update-ref", "refs/heads/main", git(forced, ["rev-parse", "main~1"])]);
  await mirror.fetch({ tree: "forced", remote: forced, ref: "main" });
  await mirror.remove("removed");
  await mirror.maintain();
  for (const pin of pins) assert.ok(gitSucceeds(mirror.path, ["rev-list", "--objects", "--quiet", pin]));
  assert.deepEqual([...(await mirror.heads()).keys()], ["forced"]);

  const impatient = await openMirror({ path: mirror.path, allowFile: true, keepMs: 0 });
  await impatient.maintain();
  for (const pin of pins) assert.equal(gitSucceeds(mirror.path, ["cat-file", "-e", pin]), false);
  assert.equal(git(mirror.path, ["for-each-ref", "refs/kept"]), "");
  assert.ok(gitSucceeds(mirror.path, ["fsck"]));
});

test("a fetch that comes while objects are dropped waits, and nothing of it is dropped", async (t) => {
  const source = remote(t, 200_000);
  const mirror = await mirrorFor(t, 0);
  await mirror.fetch({ tree: "one", remote: source, ref: "main" });
  for (let round = 0; round < 4; round += 1) {
    await mirror.remove("one");
    // The same objects, which the removal has just made unreachable.
    await Promise.all([mirror.maintain(), mirror.fetch({ tree: "one", remote: source, ref: "main" }), mirror.maintain()]);
    assert.ok(gitSucceeds(mirror.path, ["fsck", "--connectivity-only"]), `round ${round}`);
    assert.equal((await mirror.heads()).size, 1);
  }
});

test("dropping that a kill interrupted goes on at the next run", async (t) => {
  const [gone, stays] = [remote(t, 100_000), remote(t)];
  const mirror = await mirrorFor(t, 0);
  await mirror.fetch({ tree: "gone", remote: gone, ref: "main" });
  await mirror.fetch({ tree: "stays", remote: stays, ref: "main" });
  // As it is when the refs are gone and the objects are not.
  for (const ref of git(mirror.path, ["for-each-ref", "--format=%(refname)", "refs/trees/gone"]).split("\n")) {
    git(mirror.path, ["update-ref", "-d", ref]);
  }
  writeFileSync(join(mirror.path, "objects-to-drop"), "");
  const next = await openMirror({ path: mirror.path, allowFile: true });
  await next.maintain();
  assert.ok(packBytes(mirror) < 10_000);
  assert.equal(readdirSync(mirror.path).includes("objects-to-drop"), false);
});

test("a mirror that lost objects still fetches, and says missing for what is gone", async (t) => {
  const source = remote(t);
  const mirror = await mirrorFor(t);
  await mirror.fetch({ tree: "vendor", remote: source, ref: "main" });
  const head = (await mirror.heads()).get("vendor") ?? "";
  const blob = git(source, ["rev-parse", "main:f"]);
  const folder = join(mirror.path, "objects", "pack");
  const everything = git(mirror.path, ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]).split("\n");
  const pack = git(mirror.path, ["pack-objects", "--quiet", join(folder, "pack")], everything.filter((oid) => oid !== blob).join("\n"));
  for (const name of readdirSync(folder)) if (!name.includes(pack)) rmSync(join(folder, name));
  const repository = open(t, mirror.path);
  assert.equal(await repository.blob(blob), null);
  await assert.rejects(repository.patch(head), MissingObject);
  await assert.rejects(repository.grepWords(head, ["x"]), MissingObject);
  assert.equal((await repository.commit(head))?.oid, head);
  grow(source, 1);
  const { after } = await mirror.fetch({ tree: "vendor", remote: source, ref: "main" });
  assert.match(await repository.patch(after), /^\+/m);
  await mirror.maintain();
});

test("closing ends maintenance under way", async (t) => {
  const mirror = await mirrorFor(t);
  await mirror.fetch({ tree: "vendor", remote: remote(t), ref: "main" });
  const [first, second] = [mirror.maintain(), mirror.maintain()].map((run) => run.catch((error: Error) => error));
  await mirror.close();
  for (const outcome of [await first, await second]) assert.ok(outcome === undefined || outcome instanceof Error);
  await assert.rejects(mirror.maintain(), { name: "AbortError" });
  assert.ok(gitSucceeds(mirror.path, ["fsck"]));
});
