import assert from "node:assert/strict";
import { test } from "node:test";
import PQueue from "p-queue";
import { createUpkeep } from "../../src/jobs/upkeep.ts";
import { createLog } from "../../src/server.ts";
import { fakeMirror, gate, passed } from "./support.ts";

/** Upkeep over a mirror whose runs wait for a gate, and what happened in which order. */
function upkeepWithGate() {
  const events: string[] = [];
  const [begun, open] = [gate(), gate()];
  const mirror = {
    ...fakeMirror(),
    maintain: async (signal: AbortSignal) => {
      events.push("upkeep begins");
      begun.open();
      try {
        await passed(open.promise, signal);
        events.push("upkeep ends");
      } catch (error) {
        events.push("upkeep gives way");
        throw error;
      }
    },
  };
  const indexLane = new PQueue({ concurrency: 1 });
  const upkeep = createUpkeep({ mirror, indexLane, log: createLog("silent") });
  const index = (name: string) => {
    upkeep.giveWay();
    return indexLane.add(async () => {
      events.push(name);
    });
  };
  return { events, begun, open, indexLane, upkeep, index };
}

test("upkeep gives way to indexing once, runs again after it, and then to its end", async () => {
  const { events, begun, open, indexLane, upkeep, index } = upkeepWithGate();
  upkeep.ask();
  await begun.promise;
  await Promise.all([index("index a"), index("index b")]);
  const late = index("index c");
  open.open();
  await late;
  await indexLane.onIdle();
  assert.deepEqual(events, ["upkeep begins", "upkeep gives way", "index a", "index b", "upkeep begins", "upkeep ends", "index c"]);
});

test("requests for upkeep that wait share one run; one that comes during a run gets another", async () => {
  const { events, begun, open, indexLane, upkeep, index } = upkeepWithGate();
  const before = index("index");
  for (let request = 0; request < 3; request++) upkeep.ask();
  await before;
  await begun.promise;
  for (let request = 0; request < 3; request++) upkeep.ask();
  open.open();
  await indexLane.onIdle();
  assert.deepEqual(events, ["index", "upkeep begins", "upkeep ends", "upkeep begins", "upkeep ends"]);
});
