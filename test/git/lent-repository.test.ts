import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { discard } from "../../src/git/discard.ts";
import { type LendingLimits, lendRepository } from "../../src/git/lent-repository.ts";
import type { Repository } from "../../src/git/repository.ts";
import { buildRepository, file, git, temporaryDirectory } from "./fixture.ts";

const ROOMY: LendingLimits = { objects: 1_000_000, bytes: 1e9, ageMs: 3_600_000 };

function lend(t: TestContext, limits: Partial<LendingLimits>) {
  const directory = temporaryDirectory(t);
  const bare = buildRepository(join(directory, "bare"), [{ ref: "refs/heads/main", parents: [], files: new Map([["f", file("1\n")]]) }]);
  const scratchDir = join(directory, "scratch");
  const lent = lendRepository({ gitDir: bare, scratchDir }, { ...ROOMY, ...limits });
  t.after(() => lent.close());
  const tree = git(bare, ["rev-parse", "main^{tree}"]);
  const stores = () => readdirSync(scratchDir).filter((name) => /^\d+$/.test(name));
  const files = () =>
    stores()
      .map((store) => readdirSync(join(scratchDir, store), { recursive: true }).length)
      .reduce((sum, one) => sum + one, 0);
  return { lent, tree, blob: git(bare, ["rev-parse", "main:f"]), scratchDir, stores, files };
}

/** One trial: a tree that differs from all others, merged. */
async function trial(repository: Repository, tree: string, at: number): Promise<string> {
  const edited = await repository.withFiles(tree, new Map([[`g${at}`, { mode: "100644", bytes: Buffer.from(`${at}\n`) }]]));
  return (await repository.merge(tree, edited, tree)).tree;
}

async function gone(path: string): Promise<boolean> {
  for (let tries = 0; tries < 1500 && existsSync(path); tries += 1) await sleep(20);
  return !existsSync(path);
}

test("many trials do not fill the disk, and what a use has written stays readable until it ends", async (t) => {
  const { lent, tree, files, stores } = lend(t, { objects: 600 });
  const opened = new Set<string>();
  let most = 0;
  for (let use = 0; use < 30; use += 1) {
    await lent.use(async (repository) => {
      const results: string[] = [];
      for (let at = 0; at < 20; at += 1) results.push(await trial(repository, tree, use * 20 + at));
      for (const result of results) assert.equal((await repository.list(result)).length, 2);
      most = Math.max(most, files());
      for (const store of stores()) opened.add(store);
    });
  }
  // 600 trials write at least 1,800 objects; the size of a store is guessed from one of its 256 directories.
  assert.ok(opened.size > 1, `stores: ${[...opened]}`);
  assert.ok(most < 1800, `${most} files`);
  assert.ok(stores().length <= 1);
});

test("what nobody looked at takes neither disk nor, once the last user has left, memory", async (t) => {
  const { lent, tree, files } = lend(t, {});
  await lent.use((repository) => repository.blob(tree));
  const empty = files();
  const written = await lent.use(async (repository) => {
    const oid = await repository.withFiles(tree, new Map([["g", { mode: "100644", bytes: Buffer.from("g\n") }]]));
    const entry = await repository.entry(oid, "g");
    assert.equal(String(await repository.blob(entry?.oid ?? "")), "g\n");
    return entry?.oid ?? "";
  });
  assert.equal(files(), empty);
  assert.equal(await lent.blob(written), null);
});

test("a store that is too old is replaced for the next use and goes with its last user", async (t) => {
  const { lent, tree, scratchDir, stores } = lend(t, { ageMs: 0 });
  const { promise: finish, resolve } = Promise.withResolvers<void>();
  const { promise: written, resolve: tell } = Promise.withResolvers<void>();
  const long = lent.use(async (repository) => {
    const result = await trial(repository, tree, 1);
    tell();
    await finish;
    return repository.list(result);
  });
  await written;
  await sleep(5);
  await lent.use((repository) => trial(repository, tree, 2));
  await lent.use((repository) => trial(repository, tree, 3));
  assert.ok(stores().includes("1"), "the first is still in use");
  resolve();
  assert.equal((await long).length, 2);
  assert.ok(await gone(join(scratchDir, "1")));
});

test("large results count by their size", async (t) => {
  const { lent, tree, scratchDir } = lend(t, { bytes: 1_000_000 });
  await lent.use(async (repository) => {
    for (let at = 0; at < 400; at += 1) {
      // Looking at them brings them to the disk.
      await repository.diff(
        tree,
        await repository.withFiles(tree, new Map([["g", { mode: "100644", bytes: Buffer.from(`${at} `.repeat(100)) }]])),
      );
    }
  });
  assert.ok(await gone(join(scratchDir, "1")));
});

test("what is in the mirror can be read between uses, and a store that was taken away is made anew", async (t) => {
  const { lent, tree, blob, scratchDir } = lend(t, { ageMs: 0 });
  await lent.use((repository) => trial(repository, tree, 1));
  assert.equal(String(await lent.blob(blob)), "1\n");
  assert.equal((await lent.list(tree)).length, 1);
  await discard(scratchDir);
  assert.equal(existsSync(scratchDir), false);
  assert.match(await lent.use((repository) => trial(repository, tree, 2)), /^\w{40}$/);
});

test("a discarded directory is gone at once, and so is what an earlier process left of one", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "scratch");
  mkdirSync(join(directory, "scratch.discarded-old", "objects"), { recursive: true });
  mkdirSync(path);
  writeFileSync(join(path, "object"), "x");
  const done = discard(path);
  assert.equal(existsSync(path), false);
  mkdirSync(path);
  await done;
  assert.deepEqual(readdirSync(directory), ["scratch"]);
  rmSync(path, { recursive: true });
  await discard(path);
});
