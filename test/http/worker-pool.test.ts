import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { openWorkers, TaskFailed, WorkerDied } from "../../src/jobs/worker-pool.ts";
import type { Progress } from "../../src/schema/common.ts";
import { until } from "./support.ts";

function pool(t: TestContext) {
  const workers = openWorkers({ entry: new URL("./test-worker.ts", import.meta.url), threads: 1, memoryMiB: 64 });
  t.after(() => workers.close());
  const seen: Progress[] = [];
  const run = (text: string, signal = new AbortController().signal) =>
    workers.run({ kind: "read-crash", text }, { report: (progress) => void seen.push(progress), signal });
  return { run, seen };
}

test("a task answers, and its progress comes thinned out", async (t) => {
  const { run, seen } = pool(t);
  assert.equal((await run("answer")).title, "answered");
  assert.deepEqual(seen[0], { stage: "a", done: 0, total: null });
  assert.ok(seen.length < 50, `${seen.length} reports`);
  assert.equal(seen.filter(({ stage }) => stage === "b").length, 1);
});

test("an error keeps its code and detail over the thread boundary", async (t) => {
  const { run } = pool(t);
  await assert.rejects(run("throw"), (error) => error instanceof TaskFailed && error.code === "disk-full" && error.detail === "no space");
  const ofPatch = (error: unknown) =>
    error instanceof TaskFailed && error.code === "patch-not-recognised" && /^Line \d/.test(error.detail ?? "");
  await assert.rejects(run("patch"), ofPatch);
  await assert.rejects(
    run("other"),
    (error) => error instanceof TaskFailed && error.code === null && /unknown behaviour/.test(error.stack ?? ""),
  );
});

test("a thread that ends is told apart from an error, and the next task has a new one", async (t) => {
  const { run } = pool(t);
  await assert.rejects(run("exit"), WorkerDied);
  await assert.rejects(run("memory"), WorkerDied);
  assert.equal((await run("answer")).title, "answered");
});

test("an aborted task ends with the reason: by itself when it listens, with its thread when it does not", async (t) => {
  const { run } = pool(t);
  const stopped = async (text: string) => {
    const stop = new AbortController();
    const task = run(text, stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 700));
    const began = performance.now();
    stop.abort("cancelled");
    await assert.rejects(task, (reason) => reason === "cancelled");
    return performance.now() - began;
  };
  await run("answer");
  const polite = await stopped("polite");
  const stubborn = await stopped("stubborn");
  assert.ok(polite < 900, `a listening task took ${polite} ms to stop`);
  assert.ok(stubborn < 6000, `a busy task took ${stubborn} ms to stop`);
  assert.equal((await run("answer")).title, "answered");
  const before = new AbortController();
  before.abort("superseded");
  await assert.rejects(run("answer", before.signal), (reason) => reason === "superseded");
});

test("when a task is stopped with its thread, the git children of the thread end too", async (t) => {
  const { run, seen } = pool(t);
  const stop = new AbortController();
  const task = run("stubborn with git", stop.signal);
  const [told] = await until(
    () => seen,
    (progress) => progress.length === 1,
  );
  const pid = told?.done ?? assert.fail("no child");
  assert.doesNotThrow(() => process.kill(pid, 0));
  stop.abort("cancelled");
  await assert.rejects(task, (reason) => reason === "cancelled");
  await until(
    () => isRunning(pid),
    (running) => !running,
  );
});

/** Ended children whose exit nobody has asked for do not count. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}
