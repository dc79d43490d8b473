import assert from "node:assert/strict";
import { copyFileSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import SQLite from "better-sqlite3";
import { runBackupCommand } from "../../src/backup-command.ts";
import { lockDirectory, openDatabase } from "../../src/store/database.ts";
import { getTree, saveTree } from "../../src/store/trees.ts";
import { MAIN, temporaryDirectory } from "../http/support.ts";

const NOW = "2026-01-01T00:00:00.000Z";

/** A data directory with a state that has one tree, and the commands on it. */
async function site(t: TestContext) {
  const directory = temporaryDirectory(t);
  const data = join(directory, "data");
  lockDirectory(data)();
  const file = join(data, "state.sqlite");
  const db = await openDatabase(file);
  t.after(() => db.destroy());
  await saveTree(db, { id: "main", ...MAIN }, NOW);
  const run = async (command: "backup" | "restore", ...args: string[]) => {
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const code = await runBackupCommand(command, args, { BACKPORTD_DATA: data }, { out: say, err: say });
    return { code, said: said.join("") };
  };
  return { directory, data, file, db, run };
}

test("a backup of a state in use is its state of that moment; restored, that is what the service has", async (t) => {
  const { directory, data, file, db, run } = await site(t);
  const copy = join(directory, "copy.sqlite");
  const backup = await run("backup", copy);
  assert.equal(backup.code, 0);
  assert.match(backup.said, /1 trees and 0 analyses/);
  assert.equal(statSync(copy).mode & 0o777, 0o600);
  await saveTree(db, { id: "later", ...MAIN }, NOW);
  await db.destroy();
  const restored = await run("restore", copy);
  assert.equal(restored.code, 0);
  const after = await openDatabase(file);
  t.after(() => after.destroy());
  assert.notEqual(await getTree(after, "main"), null);
  assert.equal(await getTree(after, "later"), null);
  const former =
    readdirSync(data).find((name) => /^state\.sqlite\.before-[\dTZ.-]+$/.test(name)) ?? assert.fail("the former state is gone");
  const before = await openDatabase(join(data, former));
  t.after(() => before.destroy());
  assert.notEqual(await getTree(before, "later"), null);
});

test("nothing is overwritten, and nothing is restored below a running service", async (t) => {
  const { directory, data, run } = await site(t);
  const copy = join(directory, "copy.sqlite");
  await run("backup", copy);
  assert.deepEqual((await run("backup", copy)).code, 1);
  const release = lockDirectory(data);
  t.after(release);
  const refused = await run("restore", copy);
  assert.equal(refused.code, 1);
  assert.match(refused.said, /in use by another backportd/);
});

test("what is no sound state of this version is refused, and the state stays as it is", async (t) => {
  const { directory, file, db, run } = await site(t);
  const good = join(directory, "good.sqlite");
  await run("backup", good);
  const bad = (name: string, spoil: (path: string) => void) => {
    const path = join(directory, name);
    copyFileSync(good, path);
    spoil(path);
    return path;
  };
  const cases = [
    [join(directory, "missing"), /There is no file/],
    [bad("text", (path) => writeFileSync(path, "not a database, only text")), /no state of backportd/],
    [bad("cut", (path) => truncateSync(path, statSync(path).size / 2)), /damaged/],
    [
      bad("later", (path) => {
        const later = new SQLite(path);
        later.exec("insert into kysely_migration values ('999-later', '2030')");
        later.close();
      }),
      /later version/,
    ],
  ] as const;
  for (const [path, expected] of cases) {
    const { code, said } = await run("restore", path);
    assert.equal(code, 1, path);
    assert.match(said, expected);
  }
  assert.notEqual(await getTree(db, "main"), null);
  assert.ok(statSync(file).size > 0);
  assert.equal((await run("restore")).code, 2);
});
