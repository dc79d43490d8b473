import assert from "node:assert/strict";
import { test } from "node:test";
import { createMirrorKeeper } from "../../src/jobs/mirror-keeper.ts";
import { startReadyService, until } from "../http/support.ts";

const UNREACHABLE = Object.assign(new Error("away"), { code: "remote-unreachable", detail: "The remote is away" });

test("repairs wait longer each time, end with the first that helps, and go on waiting when the damage comes back", async (t) => {
  const service = await startReadyService(t);
  const { mirror, jobs } = service;
  let sound = false;
  let failures = 2;
  const tries: number[] = [];
  mirror.unreadable = async (oids) => (sound ? [] : oids);
  mirror.rebuild = async (trees) => {
    tries.push(performance.now());
    assert.deepEqual(
      trees.map(({ tree }) => tree),
      ["main", "vendor"],
    );
    if (failures-- > 0) throw UNREACHABLE;
    sound = true;
  };
  const refreshed: string[] = [];
  const keeper = createMirrorKeeper(jobs, async (tree) => void refreshed.push(tree), [100, 300, 600]);
  const gaps = () => tries.slice(1).map((time, at) => time - (tries[at] ?? 0));

  keeper.found();
  keeper.found();
  await until(
    () => tries.length,
    (count) => count === 1,
  );
  assert.equal(keeper.fault?.attempts, 1);
  const told = await until(
    async () => (await service.app.inject("/v1/trees/vendor")).json(),
    ({ problem }) => problem !== null,
  );
  assert.deepEqual([told.state, told.problem.code], ["ready", "remote-unreachable"]);
  assert.match((await service.app.inject("/v1/trees/vendor/events")).body, /mirror repair.*event: completed.*remote-unreachable/s);
  await until(
    () => keeper.fault,
    (fault) => fault === null,
  );
  assert.deepEqual([tries.length, refreshed], [3, ["main", "vendor"]]);
  assert.ok((gaps()[0] ?? 0) >= 99 && (gaps()[1] ?? 0) >= 299, `${gaps()}`);

  sound = false;
  keeper.found();
  await until(
    () => tries.length,
    (count) => count === 4,
  );
  assert.ok((gaps()[2] ?? 0) >= 599, `${gaps()}`);
});

test("a mirror that can be read is not fetched again, whatever a question could not find", async (t) => {
  const service = await startReadyService(t);
  service.mirror.rebuild = () => assert.fail("it was sound");
  service.workers.answers.analyse = async () => {
    throw Object.assign(new Error("gone"), { code: "mirror-damaged", detail: "The mirror lacks a commit." });
  };
  const payload = { target: "vendor", commits: ["abcdef1"] };
  const answer = await service.app.inject({ method: "POST", url: "/v1/analyses?wait=10", payload });
  assert.equal(answer.json().problem.code, "mirror-damaged");
  await until(
    () => service.logged(),
    (log) => log.includes("the mirror is sound"),
  );
  assert.equal((await service.app.inject("/readyz")).statusCode, 200);
});

test("a repair under way does not keep the service from stopping, and is not told as failed", async (t) => {
  const service = await startReadyService(t);
  service.mirror.unreadable = async (oids) => oids;
  let begun = false;
  service.mirror.rebuild = (_trees, { signal }) => {
    begun = true;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  };
  service.jobs.mirrorKeeper.found();
  await until(
    () => begun,
    (value) => value,
  );
  const { body } = await service.app.inject("/readyz");
  assert.match(body, /the mirror is damaged/);
  await service.stop();
  assert.doesNotMatch(service.logged(), /could not be repaired/);
});
