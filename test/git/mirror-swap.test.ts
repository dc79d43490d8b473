import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openMirror } from "../../src/git/mirror.ts";
import { git, temporaryDirectory } from "./fixture.ts";

/** A remote with two branches. */
function buildRemote(t: TestContext): { directory: string; remote: string; head: string } {
  const directory = temporaryDirectory(t);
  const remote = join(directory, "remote.git");
  const commit = (ref: string) =>
    `commit refs/heads/${ref}\ncommitter A <a@example.org> 1600000000 +0000\ndata 4\n${ref}\nM 100644 inline dir/${ref}.c\ndata 2\nx\n\n`;
  git("/", ["init", "--quiet", "--bare", remote]);
  git(remote, ["fast-import", "--quiet"], commit("one1") + commit("two2"));
  return { directory, remote, head: git(remote, ["rev-parse", "one1"]) };
}

test("a fresh mirror takes the place of the damaged one, with the trees that were asked for", async (t) => {
  const { directory, remote, head } = buildRemote(t);
  const mirror = await openMirror({ path: join(directory, "mirror.git"), allowFile: true });
  t.after(() => mirror.close());
  for (const tree of ["one1", "two2"]) await mirror.fetch({ tree, remote, ref: tree });
  assert.deepEqual(await mirror.unreadable([head]), []);
  const packs = join(mirror.path, "objects/pack");
  for (const name of readdirSync(packs)) renameSync(join(packs, name), join(directory, name));
  assert.deepEqual(await mirror.unreadable([head]), [head]);

  await mirror.rebuild([{ tree: "one1", remote, ref: "one1" }], {});
  assert.deepEqual([...(await mirror.heads())], [["one1", head]]);
  assert.deepEqual(await mirror.unreadable([head]), []);
  // It goes on being a mirror.
  assert.equal((await mirror.fetch({ tree: "two2", remote, ref: "two2" })).before, null);
});

test("a remote that is away leaves the mirror as it is, and what was fetched for the next try", async (t) => {
  const { directory, remote, head } = buildRemote(t);
  const mirror = await openMirror({ path: join(directory, "mirror.git"), allowFile: true });
  t.after(() => mirror.close());
  await mirror.fetch({ tree: "one1", remote, ref: "one1" });
  const away = { tree: "two2", remote: `${remote}.away`, ref: "two2" };
  await assert.rejects(mirror.rebuild([{ tree: "one1", remote, ref: "one1" }, away], {}), { name: "RemoteError" });
  assert.deepEqual([...(await mirror.heads())], [["one1", head]]);
  assert.equal(git(`${mirror.path}.fresh`, ["rev-parse", "refs/trees/one1/head"]), head);
  await mirror.rebuild([{ tree: "one1", remote, ref: "one1" }], {});
  assert.equal(existsSync(`${mirror.path}.fresh`), false);
});

test("a kill between the two renamings leaves the fresh mirror, which the next start takes; discarded ones are removed", async (t) => {
  const { directory, remote, head } = buildRemote(t);
  const path = join(directory, "mirror.git");
  const first = await openMirror({ path, allowFile: true });
  await first.fetch({ tree: "one1", remote, ref: "one1" });
  await first.close();
  renameSync(path, `${path}.fresh`);
  mkdirSync(`${path}.discarded-1`);
  const second = await openMirror({ path, allowFile: true });
  t.after(() => second.close());
  assert.deepEqual([...(await second.heads())], [["one1", head]]);
  for (let tries = 0; existsSync(`${path}.discarded-1`) && tries < 200; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(existsSync(`${path}.discarded-1`), false);
});
