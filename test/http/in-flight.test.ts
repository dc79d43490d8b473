import assert from "node:assert/strict";
import { test } from "node:test";
import { createInFlight } from "../../src/jobs/in-flight.ts";
import { gate } from "./support.ts";

const never = new AbortController().signal;

test("equal work under way is done once, and anew when it has ended", async () => {
  const inFlight = createInFlight();
  const slow = gate();
  let runs = 0;
  const work = async () => {
    runs += 1;
    await slow.promise;
    return runs;
  };
  const first = inFlight.share("a", never, work);
  const second = inFlight.share("a", never, work);
  const other = inFlight.share("b", never, async () => 0);
  assert.deepEqual([first.joined, second.joined, other.joined], [false, true, false]);
  slow.open();
  assert.deepEqual(await Promise.all([first.result, second.result]), [1, 1]);
  assert.equal(await inFlight.share("a", never, work).result, 2);
});

test("a failure reaches all who wait, and is not kept", async () => {
  const inFlight = createInFlight();
  const fail = async () => {
    throw new Error("no");
  };
  const both = [inFlight.share("a", never, fail).result, inFlight.share("a", never, fail).result];
  for (const result of await Promise.allSettled(both)) assert.equal(result.status, "rejected");
  assert.equal(await inFlight.share("a", never, async () => "fine").result, "fine");
});

test("work goes on while somebody waits, and is stopped when the last one has gone", async () => {
  const inFlight = createInFlight();
  const [one, two] = [new AbortController(), new AbortController()];
  let stopped = false;
  const work = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        stopped = true;
        reject(signal.reason);
      });
    });
  const first = inFlight.share("a", one.signal, work).result;
  const second = inFlight.share("a", two.signal, work).result;
  one.abort(new Error("one left"));
  await assert.rejects(first, /one left/);
  assert.equal(stopped, false);
  two.abort(new Error("two left"));
  await assert.rejects(second, /two left/);
  assert.equal(stopped, true);
});
