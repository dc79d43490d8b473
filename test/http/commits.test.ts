import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommitPresence } from "../../src/schema/analysis.ts";
import { CommitList } from "../../src/schema/commits.ts";
import { gate, HEAD, MAIN, NEW_HEAD, passed, startReadyService, startTestService, type TestService, until } from "./support.ts";

const KNOWN: CommitPresence = {
  oid: HEAD,
  upstreamOid: null,
  subject: "demo: fix it",
  author: "A <a@example.org>",
  date: "2026-01-01T00:00:00Z",
  presence: { state: "equivalent", route: "patch-id", by: null, because: "the same patch" },
  affected: { state: "unknown", because: "no Fixes tag" },
};

const check = (service: TestService, oids: readonly string[]) =>
  service.app.inject({ method: "POST", url: "/v1/trees/vendor/commits", payload: { oids } });

test("many commits are checked in one task; the items stand in the order of the request, each with an answer or a problem", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.commits = async (task) =>
    task.ids.map((id) => {
      if (id === "bbbbbbb") return { id, notFound: true };
      if (id === "ccccccc") return { id, ambiguous: [HEAD, NEW_HEAD] };
      return { id, ...KNOWN };
    });
  const response = await check(service, ["BBBBBBB", "1111111", "ccccccc", "1111111"]);
  assert.equal(response.statusCode, 200);
  const { tree, items } = CommitList.parse(response.json());
  assert.deepEqual(tree, { tree: "vendor", ref: "refs/heads/v1", oid: HEAD });
  assert.deepEqual(
    items.map((item) => [item.id, item.presence?.state ?? null, item.problem?.code ?? null]),
    [
      ["bbbbbbb", null, "commit-not-found"],
      ["1111111", "equivalent", null],
      ["ccccccc", null, "commit-ambiguous"],
      ["1111111", "equivalent", null],
    ],
  );
  assert.equal(items[1]?.url, `/v1/trees/vendor/commits/${HEAD}`);
  assert.equal(items[0]?.problem?.instance, "/v1/trees/vendor/commits/bbbbbbb");
  assert.deepEqual(items[2]?.problem?.errors, [
    { pointer: "/oids/2", detail: HEAD },
    { pointer: "/oids/2", detail: NEW_HEAD },
  ]);
  const tasks = service.workers.ran.filter((task) => task.kind === "commits");
  assert.equal(tasks.length, 1);
  assert.deepEqual(tasks[0]?.kind === "commits" && tasks[0].upstreams.map((pin) => pin.tree), ["main"]);
});

test("a thousand ids are taken; threads share them, and the items stand in the order of the request", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.commits = async (task) => task.ids.map((id) => ({ id, ...KNOWN }));
  const oids = Array.from({ length: 1000 }, (_, number) => number.toString(16).padStart(40, "0"));
  const response = await check(service, oids);
  assert.deepEqual(
    CommitList.parse(response.json()).items.map(({ id }) => id),
    oids,
  );
  const sizes = service.workers.ran.flatMap((task) => (task.kind === "commits" ? [task.ids.length] : []));
  assert.deepEqual(sizes, [250, 250, 250, 250]);
});

test("when one part of a large request fails, the request fails and the other parts are stopped", async (t) => {
  const service = await startReadyService(t);
  let stopped = 0;
  service.workers.answers.commits = async (task, { signal }) => {
    if (task.ids[0]?.endsWith("0000") === true) throw new Error("broken");
    signal.addEventListener("abort", () => stopped++);
    return passed(gate().promise, signal);
  };
  const oids = Array.from({ length: 500 }, (_, number) => number.toString(16).padStart(40, "0"));
  assert.equal((await check(service, oids)).json().code, "analysis-failed");
  await until(
    () => stopped,
    (count) => count === 1,
  );
});

test("a tree that is not there or not ready, and a check that takes too long, are problems of the request", async (t) => {
  const slow = await startReadyService(t, { limits: { commitTimeout: 50 } });
  slow.workers.answers.commits = async (_task, { signal }) => passed(gate().promise, signal);
  assert.equal((await check(slow, ["1111111"])).json().code, "job-timed-out");
  const service = await startTestService(t);
  assert.equal((await check(service, ["1111111"])).json().code, "tree-not-found");
  service.mirror.gate = gate().promise;
  await service.app.inject({ method: "PUT", url: "/v1/trees/vendor", payload: MAIN });
  assert.equal((await check(service, ["1111111"])).json().code, "tree-not-ready");
});
