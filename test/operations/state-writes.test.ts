import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import SQLite from "better-sqlite3";
import { sql } from "kysely";
import { openDatabase, withoutFlush } from "../../src/store/database.ts";
import { addEvent, readFeed } from "../../src/store/events.ts";
import { createFlusher, type Flusher } from "../../src/store/flush.ts";
import { StateDialect, shareState } from "../../src/store/sqlite-dialect.ts";
import { temporaryDirectory } from "../http/support.ts";

const rows = (file: string) => {
  const db = new SQLite(file, { readonly: true });
  try {
    return db.prepare("SELECT count(*) FROM events").pluck().get();
  } finally {
    db.close();
  }
};

/** A flusher that ends when it is told to. */
function heldFlusher() {
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const flusher: Flusher = {
    flush: () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ resolve, reject });
      return promise;
    },
    close: async () => {},
  };
  return { flusher, waiting };
}

test("a write resolves when it is flushed, and reads and other writes go on meanwhile", async (t) => {
  const file = join(temporaryDirectory(t), "state.sqlite");
  const { Kysely } = await import("kysely");
  const { flusher, waiting } = heldFlusher();
  const db = new Kysely<{ events: { text: string } }>({ dialect: new StateDialect(shareState(new SQLite(file)), flusher) });
  t.after(() => db.destroy());
  const made = sql`create table events (text text)`.execute(db);
  while (waiting.length === 0) await Promise.resolve();
  waiting.shift()?.resolve();
  await made;

  const ended: string[] = [];
  const write = (text: string) =>
    db
      .transaction()
      .execute((transaction) => transaction.insertInto("events").values({ text }).execute())
      .then(
        () => ended.push(text),
        (error: Error) => ended.push(error.message),
      );
  const first = write("a");
  const second = write("b");
  while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await db.selectFrom("events").select("text").execute(), [{ text: "a" }, { text: "b" }]);
  assert.deepEqual(ended, []);
  waiting[0]?.reject(new Error("no disk"));
  await first;
  assert.deepEqual(ended, ["no disk"]);
  waiting[1]?.resolve();
  await second;
  assert.deepEqual(ended, ["no disk", "b"]);
});

test("a transaction that fails leaves nothing, and others wait for its end", async (t) => {
  const db = await openDatabase(":memory:");
  t.after(() => db.destroy());
  const { promise, resolve } = Promise.withResolvers<void>();
  const failing = db.transaction().execute(async (transaction) => {
    await addEvent(transaction, "trees/a", "stage", {});
    await promise;
    throw new Error("given up");
  });
  const read = readFeed(db, 0, undefined, 10);
  const written = withoutFlush(db, (transaction) => addEvent(transaction, "trees/b", "stage", {}));
  resolve();
  await assert.rejects(failing, /given up/);
  assert.deepEqual(await read, []);
  await written;
  assert.deepEqual(
    (await readFeed(db, 0, undefined, 10)).map(({ resource }) => resource),
    ["trees/b"],
  );
});

test("statements stay prepared, and see a table that was changed since", async (t) => {
  const db = await openDatabase(":memory:");
  t.after(() => db.destroy());
  const all = () => db.selectFrom("marks").selectAll().execute();
  await db.insertInto("marks").values({ name: "a", value: "1" }).execute();
  assert.deepEqual(await all(), [{ name: "a", value: "1" }]);
  await sql`alter table marks add column more text default 'x'`.execute(db);
  assert.deepEqual(await all(), [{ name: "a", value: "1", more: "x" } as { name: string; value: string }]);
});

test("what is flushed is in the log, which is copied into the database while the service runs and when it ends", async (t) => {
  const file = join(temporaryDirectory(t), "state.sqlite");
  const db = await openDatabase(file);
  const size = () => readFileSync(file).length;
  const before = size();
  const end = performance.now() + 20_000;
  for (let count = 1; size() <= before && performance.now() < end; count += 1) {
    await addEvent(db, "trees/a", "stage", { text: "x".repeat(20_000) });
    assert.equal(rows(file), count);
  }
  assert.ok(size() > before, "nothing was copied");
  await db.destroy();
  assert.equal(existsSync(`${file}-wal`), false);
});

test("flushes of one moment are shared, and an error of the disk reaches who waits", async (t) => {
  const file = join(temporaryDirectory(t), "none.sqlite");
  const flusher = createFlusher(file);
  t.after(() => flusher.close());
  const [one, two] = [flusher.flush(), flusher.flush()];
  assert.equal(one, two);
  await assert.rejects(one, { code: "ENOENT" });
  // The thread has ended, and the next flush starts another.
  new SQLite(file).pragma("journal_mode = WAL");
  const db = new SQLite(file);
  db.exec("create table t (x)");
  await flusher.flush();
  db.close();
});
