import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ApiProblem } from "../../src/problems.ts";
import { getAnalysis, listAnalyses, queueAnalysis } from "../../src/store/analyses.ts";
import { DirectoryInUse, lockDirectory, openDatabase } from "../../src/store/database.ts";
import { addEvent, clearEvents, eventsAfter } from "../../src/store/events.ts";
import { addFetch, getFetch } from "../../src/store/fetches.ts";
import { deleteTree, getTree, saveTree, updateTree } from "../../src/store/trees.ts";
import { HEAD, MAIN, temporaryDirectory } from "./support.ts";

const ASKER = { caller: "test", priority: 0 };
const NOW = "2026-01-01T00:00:00.000Z";

test("one process holds a data directory, and any end of it frees the directory", async (t) => {
  const data = join(temporaryDirectory(t), "data");
  const release = lockDirectory(data);
  assert.throws(() => lockDirectory(data), DirectoryInUse);
  const module = new URL("../../src/store/database.ts", import.meta.url).href;
  const script = `const { lockDirectory } = await import(${JSON.stringify(module)}); lockDirectory(${JSON.stringify(data)}); process.kill(process.pid, "SIGKILL");`;
  const other = () => promisify(execFile)(process.execPath, ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", script]);
  await assert.rejects(other(), /in use by another backportd/);
  release();
  await assert.rejects(other(), { signal: "SIGKILL" });
  lockDirectory(data)();
  assert.equal(statSync(data).mode & 0o077, 0);
});

test("a database is migrated once and opened again with what it held, durably", async (t) => {
  const file = join(temporaryDirectory(t), "state.sqlite");
  const first = await openDatabase(file);
  await saveTree(first, { id: "main", ...MAIN }, NOW);
  await first.destroy();
  const second = await openDatabase(file);
  t.after(() => second.destroy());
  assert.equal((await getTree(second, "main"))?.remote, MAIN.remote);
});

test("a tree changes only under the generation that was read, and takes its fetches with it", async (t) => {
  const db = await openDatabase(":memory:");
  t.after(() => db.destroy());
  await saveTree(db, { id: "main", ...MAIN }, NOW);
  assert.equal(await updateTree(db, "main", 1, { state: "ready", headOid: HEAD }), true);
  await saveTree(db, { id: "main", ...MAIN, ref: "next" }, NOW);
  assert.equal(await updateTree(db, "main", 1, { state: "failed" }), false);
  const tree = await getTree(db, "main");
  assert.deepEqual([tree?.generation, tree?.state, tree?.headOid], [2, "queued", null]);
  await addFetch(db, "f", "main", null, NOW);
  await deleteTree(db, "main");
  assert.equal(await getFetch(db, "main", "f"), null);
});

test("a row that does not hold what its schema says is an error, not an answer", async (t) => {
  const db = await openDatabase(":memory:");
  t.after(() => db.destroy());
  const pin = { tree: "main", ref: "master", oid: HEAD };
  const pins = {
    target: pin,
    upstreams: [pin],
    question: { kind: "commits" as const, oids: ["1234567"] },
    options: { maxCandidates: 10, includePresent: 3 },
    rulesVersion: "r",
    engineVersion: "e",
  };
  await queueAnalysis(db, "a", pins, ASKER, NOW);
  const { id, status, ...row } = (await getAnalysis(db, "a")) ?? assert.fail("no row");
  assert.deepEqual([id, status], ["a", "queued"]);
  assert.deepEqual(
    { target: row.target, upstreams: row.upstreams, question: row.question },
    { target: pin, upstreams: [pin], question: pins.question },
  );
  await db.updateTable("analyses").set({ result: '{"verdict":"fine"}' }).execute();
  await assert.rejects(getAnalysis(db, "a"), (error) => error instanceof ApiProblem && error.code === "stored-form-outdated");
});

test("analyses of the same moment stand on one page each, in one order", async (t) => {
  const db = await openDatabase(":memory:");
  t.after(() => db.destroy());
  const pin = { tree: "main", ref: "master", oid: HEAD };
  const pins = {
    target: pin,
    upstreams: [pin],
    question: { kind: "commits" as const, oids: ["1234567"] },
    options: { maxCandidates: 10, includePresent: 3 },
    rulesVersion: "r",
    engineVersion: "e",
  };
  for (const id of ["b", "d", "a", "c"]) await queueAnalysis(db, id, pins, ASKER, NOW);
  const seen: string[] = [];
  for (let after: { createdAt: string; id: string } | null = null; ; ) {
    const [row] = await listAnalyses(db, {}, after, 1);
    if (row === undefined) break;
    seen.push(row.id);
    after = row;
  }
  assert.deepEqual(seen, ["d", "c", "b", "a"]);
});

test("event numbers grow over all resources and are never given twice, not even after all were forgotten", async (t) => {
  const db = await openDatabase(":memory:");
  t.after(() => db.destroy());
  await addEvent(db, "trees/a", "stage", {});
  await addEvent(db, "trees/b", "stage", {});
  const [last] = await eventsAfter(db, "trees/b", 0);
  await clearEvents(db, "trees/a");
  await clearEvents(db, "trees/b");
  await addEvent(db, "trees/a", "completed", { x: 1 });
  const [next] = await eventsAfter(db, "trees/a", 0);
  assert.ok((next?.seq ?? 0) > (last?.seq ?? Infinity));
  assert.deepEqual([next?.type, next?.data], ["completed", '{"x":1}']);
});
