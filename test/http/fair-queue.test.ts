import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createWorkQueue, FairQueue, PRIORITY } from "../../src/jobs/fair-queue.ts";
import { gate } from "./support.ts";

const drain = async (queue: FairQueue): Promise<string[]> => {
  const done: string[] = [];
  for (let run = queue.dequeue(); run !== undefined; run = queue.dequeue()) done.push(String(await run()));
  return done;
};

test("the highest priority goes first, and within one callers take turns", async () => {
  const queue = new FairQueue();
  const add = (name: string, caller: string, priority: number) => queue.enqueue(async () => name, { caller, priority, id: name });
  for (const name of ["a1", "a2", "a3"]) add(name, "a", PRIORITY.question);
  add("batch", "c", PRIORITY.batch);
  add("b1", "b", PRIORITY.question);
  add("person", "a", PRIORITY.person);
  assert.equal(queue.size, 6);
  assert.deepEqual(await drain(queue), ["person", "a1", "b1", "a2", "a3", "batch"]);
  assert.equal(queue.size, 0);
});

test("whatever is added, moved and removed: nothing is lost, priorities hold, and a caller's work keeps its order", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), caller: fc.nat(3), priority: fc.integer({ min: -1, max: 1 }) }),
    fc.record({ kind: fc.constant("remove" as const), at: fc.nat(20) }),
    fc.record({ kind: fc.constant("move" as const), at: fc.nat(20), priority: fc.integer({ min: -1, max: 1 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const queue = new FairQueue();
      const model = new Map<string, { caller: string; priority: number; moved: boolean }>();
      let count = 0;
      for (const one of steps) {
        const id = one.kind === "add" ? `w${count++}` : `w${one.at}`;
        if (one.kind === "add") {
          model.set(id, { caller: `c${one.caller}`, priority: one.priority, moved: false });
          queue.enqueue(async () => id, { id, caller: `c${one.caller}`, priority: one.priority });
        } else if (one.kind === "remove") {
          queue.remove(id);
          model.delete(id);
        } else {
          queue.setPriority(id, one.priority);
          const known = model.get(id);
          if (known !== undefined) model.set(id, { ...known, priority: one.priority, moved: true });
        }
        assert.equal(queue.size, model.size);
      }
      const done = await drain(queue);
      assert.deepEqual([...done].sort(), [...model.keys()].sort());
      const priorities = done.map((id) => model.get(id)?.priority ?? 0);
      assert.deepEqual(
        priorities,
        [...priorities].sort((a, b) => b - a),
      );
      for (const caller of ["c0", "c1", "c2", "c3"]) {
        for (const priority of [-1, 0, 1]) {
          const own = done.filter((id) => {
            const known = model.get(id);
            return known?.caller === caller && known.priority === priority && !known.moved;
          });
          const numbers = own.map((id) => Number(id.slice(1)));
          assert.deepEqual(
            numbers,
            [...numbers].sort((a, b) => a - b),
          );
        }
      }
    }),
  );
});

test("no caller with work waits for more than one turn of each other caller", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(4), { minLength: 1, maxLength: 60 }), async (callers) => {
      const queue = new FairQueue();
      for (const [at, caller] of callers.entries()) queue.enqueue(async () => `${caller}`, { caller: `${caller}`, id: `${at}` });
      const done = await drain(queue);
      const left = new Map<string, number>();
      for (const caller of done) left.set(caller, (left.get(caller) ?? 0) + 1);
      const since = new Map<string, number>();
      for (const caller of done) {
        left.set(caller, (left.get(caller) ?? 0) - 1);
        since.set(caller, 0);
        for (const [other, rest] of left) if (other !== caller && rest > 0) since.set(other, (since.get(other) ?? 0) + 1);
        for (const [other, turns] of since) if ((left.get(other) ?? 0) > 0) assert.ok(turns <= 5, `${other} waited ${turns} turns`);
      }
    }),
  );
});

test("work whose signal aborts while it waits leaves the queue", async () => {
  const queue = createWorkQueue(1);
  const slow = gate();
  const first = queue.add(() => slow.promise);
  const stop = new AbortController();
  const second = queue.add(async () => assert.fail("ran"), { signal: stop.signal, caller: "a" });
  assert.equal(queue.size, 1);
  stop.abort(new Error("gone"));
  await assert.rejects(second, /gone/);
  assert.equal(queue.size, 0);
  slow.open();
  await first;
});
