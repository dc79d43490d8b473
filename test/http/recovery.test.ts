import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  fakeMirror,
  gate,
  HEAD,
  MAIN,
  passed,
  readyTree,
  startReadyService,
  startTestService,
  temporaryDirectory,
  until,
} from "./support.ts";

/** Stops a service in the middle of its work, as a graceful stop does, and gives its state to a next one. kill -9 is in service.test.ts. */
test("what was queued or running when the service stopped goes on at the next start, each once", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const mirror = fakeMirror();
  const first = await startReadyService(t, { database, mirror });
  first.workers.answers.analyse = async (_task, { signal }) => passed(gate().promise, signal);
  const ids: string[] = [];
  for (const commit of ["1111111", "2222222", "3333333"]) {
    const response = await first.app.inject({ method: "POST", url: "/v1/analyses", payload: { target: "vendor", commits: [commit] } });
    ids.push(response.json().id);
  }
  mirror.gate = gate().promise;
  const fetch = (await first.app.inject({ method: "POST", url: "/v1/trees/main/fetches" })).json();
  await first.app.inject({ method: "PUT", url: "/v1/trees/late", payload: MAIN });
  await until(
    async () => (await first.app.inject("/v1/trees/late")).json(),
    (tree) => tree.state === "cloning",
  );
  await first.stop();

  mirror.gate = null;
  const second = await startTestService(t, { database, mirror });
  for (const id of ids) {
    const analysis = (await second.app.inject(`/v1/analyses/${id}?wait=10`)).json();
    assert.equal(analysis.conclusion, "success");
  }
  assert.equal(second.workers.ran.filter((task) => task.kind === "analyse").length, 3);
  const done = await until(
    async () => (await second.app.inject(fetch.url)).json(),
    (row) => row.status === "completed",
  );
  assert.equal(done.conclusion, "success");
  const late = await until(
    async () => (await second.app.inject("/v1/trees/late")).json(),
    (tree) => tree.state === "ready",
  );
  assert.equal(late.headOid, HEAD);
});

test("an analysis that was left unfinished by an older version says which version answered it; one it cannot read fails", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const mirror = fakeMirror();
  const first = await startReadyService(t, { database, mirror });
  first.workers.answers.analyse = async (_task, { signal }) => passed(gate().promise, signal);
  const ask = async (commit: string): Promise<string> =>
    (await first.app.inject({ method: "POST", url: "/v1/analyses", payload: { target: "vendor", commits: [commit] } })).json().id;
  const readable = await ask("1111111");
  const broken = await ask("2222222");
  await first.jobs.db.updateTable("analyses").set({ question: '{"kind":"old"}' }).where("id", "=", broken).execute();
  await first.stop();
  const second = await startTestService(t, { database, mirror, rulesVersion: "r2" });
  const answer = (await second.app.inject(`/v1/analyses/${readable}?wait=10`)).json();
  assert.deepEqual([answer.conclusion, answer.rulesVersion], ["success", "r2"]);
  const row = await until(
    () => second.jobs.db.selectFrom("analyses").select(["conclusion"]).where("id", "=", broken).executeTakeFirst(),
    (found) => found?.conclusion === "failure",
  );
  assert.equal(row?.conclusion, "failure");
});

test("what was completed is not done again", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const mirror = fakeMirror();
  const first = await startReadyService(t, { database, mirror });
  const payload = { target: "vendor", commits: ["1111111"] };
  const answer = await first.app.inject({ method: "POST", url: "/v1/analyses?wait=10", payload });
  await first.stop();
  const second = await startTestService(t, { database, mirror });
  const again = await second.app.inject({ method: "POST", url: "/v1/analyses?wait=10", payload });
  assert.deepEqual(again.json(), answer.json());
  assert.deepEqual(second.workers.ran, []);
});

test("a stopping service refuses new work with 503, and waiting requests end", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.analyse = async (_task, { signal }) => passed(gate().promise, signal);
  service.workers.answers.commit = async (_task, { signal }) => passed(gate().promise, signal);
  const payload = { target: "vendor", commits: ["1111111"] };
  const { id } = (await service.app.inject({ method: "POST", url: "/v1/analyses", payload })).json();
  const waiting = service.app.inject(`/v1/analyses/${id}?wait=60`);
  const checking = service.app.inject("/v1/trees/vendor/commits/abcdef1");
  await until(
    () => service.workers.ran.some((task) => task.kind === "commit"),
    (running) => running,
  );
  await service.jobs.close();
  assert.equal((await waiting).json().status, "in_progress");
  assert.equal((await checking).json().code, "shutting-down");
  const late = await service.app.inject({ method: "POST", url: "/v1/analyses", payload });
  assert.deepEqual([late.statusCode, late.json().code], [503, "shutting-down"]);
  assert.equal((await service.app.inject("/healthz")).statusCode, 200);
  assert.equal((await service.app.inject("/readyz")).json().reason, "the service is stopping");
});

test("refs of a tree that was removed just before a crash are removed at the next start", async (t) => {
  const mirror = fakeMirror();
  mirror.present.set("gone", HEAD);
  const service = await startTestService(t, { mirror });
  await readyTree(service, "main", MAIN);
  assert.deepEqual([...mirror.present.keys()], ["main"]);
});

test("a tree registered again under a name that was removed has no past", async (t) => {
  const service = await startReadyService(t);
  const { url } = (await service.app.inject({ method: "POST", url: "/v1/trees/main/fetches" })).json();
  await service.app.inject({ method: "DELETE", url: "/v1/trees/main" });
  await readyTree(service, "main", MAIN);
  assert.equal((await service.app.inject(url)).statusCode, 404);
});
