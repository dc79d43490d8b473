import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pino } from "pino";
import { createChanges } from "../../src/jobs/changes.ts";
import { createKeyedLanes } from "../../src/jobs/lanes.ts";
import { createProgressWriter } from "../../src/jobs/progress.ts";
import { createRunner } from "../../src/jobs/runner.ts";
import { thinOut } from "../../src/jobs/throttle.ts";
import type { Progress } from "../../src/schema/common.ts";
import { gate, passed } from "./support.ts";

const silent = pino({ level: "silent" });
const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

test("progress is thinned out to four a second and stage, and no stage is lost", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(400))), (steps) => {
      let time = 0;
      const passedOn: { readonly stage: string; readonly time: number }[] = [];
      const report = thinOut(
        ({ stage }) => void passedOn.push({ stage, time }),
        () => time,
      );
      for (const [stage, wait] of steps) {
        time += wait;
        report({ stage, done: 0, total: null });
      }
      const stages = (list: readonly string[]) => list.filter((stage, index) => stage !== list[index - 1]);
      assert.deepEqual(stages(passedOn.map(({ stage }) => stage)), stages(steps.map(([stage]) => stage)));
      passedOn.forEach((one, index) => {
        const before = passedOn[index - 1];
        if (before?.stage === one.stage) assert.ok(one.time - before.time >= 250);
      });
    }),
  );
});

test("one key does one thing at a time, in order, whatever fails; other keys do not wait", async () => {
  const lanes = createKeyedLanes();
  const slow = gate();
  const done: string[] = [];
  const first = lanes.run("a", async () => {
    await slow.promise;
    done.push("a1");
    throw new Error("no");
  });
  const second = lanes.run("a", async () => void done.push("a2"));
  await lanes.run("b", async () => void done.push("b"));
  assert.deepEqual(done, ["b"]);
  slow.open();
  await assert.rejects(first, /no/);
  await second;
  assert.deepEqual(done, ["b", "a1", "a2"]);
});

test("a listener hears of a change that came before it waited, and of none twice", async () => {
  const changes = createChanges();
  const listener = changes.listen("x");
  const never = new AbortController().signal;
  changes.notify("x");
  changes.notify("other");
  await listener.wait(60_000, never);
  const began = performance.now();
  await listener.wait(30, never);
  assert.ok(performance.now() - began >= 25);
  const gone = new AbortController();
  const waiting = listener.wait(60_000, gone.signal);
  gone.abort();
  await waiting;
  const last = listener.wait(60_000, never);
  changes.close();
  await last;
  await listener.wait(60_000, never);
});

test("nothing is written after the writer was settled, and the write under way is waited for", async () => {
  const written: Progress[] = [];
  const slow = gate();
  const writer = createProgressWriter(async (progress) => {
    await slow.promise;
    written.push(progress);
  }, silent);
  writer.report({ stage: "a", done: 0, total: null });
  writer.report({ stage: "b", done: 0, total: null });
  const settled = writer.settle();
  writer.report({ stage: "c", done: 0, total: null });
  setTimeout(slow.open, 20);
  await settled;
  assert.equal(written.length, 1);
  await tick();
  assert.deepEqual(
    written.map(({ stage }) => stage),
    ["a"],
  );
});

test("the runner stops what is below a key, at once for work that has not begun, and starts nothing when closed", async () => {
  const runner = createRunner(silent);
  const slow = gate();
  const log: string[] = [];
  const work = (name: string) => async (signal: AbortSignal) => {
    log.push(`${name} began`);
    await passed(gate().promise, signal).catch((reason: unknown) => void log.push(`${name} ${String(reason)}`));
  };
  const now = (run: () => Promise<void>) => run();
  const later = async (run: () => Promise<void>) => {
    await slow.promise;
    await run();
  };
  runner.start("trees/a", now, work("a"));
  runner.start("trees/a/fetches/1", later, work("a/1"));
  runner.start("trees/ab", now, work("ab"));
  await runner.stop("trees/a", "superseded");
  assert.deepEqual(log, ["a began", "ab began", "a superseded"]);
  slow.open();
  await tick();
  await runner.close();
  runner.start("trees/c", now, work("c"));
  await tick();
  assert.deepEqual(log, ["a began", "ab began", "a superseded", "ab shutdown"]);
});
