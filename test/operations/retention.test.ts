import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { prune } from "../../src/jobs/retention.ts";
import { gate, passed, startReadyService, type TestService, temporaryDirectory } from "../http/support.ts";

const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;

async function ask(service: TestService, url: string, payload: object): Promise<string> {
  const answer = await service.app.inject({ method: "POST", url: `${url}?wait=10`, payload });
  return answer.headers.location ?? assert.fail(answer.body);
}

const question = (commit: string) => ({ target: "vendor", commits: [commit] });

/** Makes all that was asked so far ten days old. */
async function age({ jobs: { db } }: TestService): Promise<void> {
  const past = new Date(Date.now() - 10 * DAY_MS).toISOString();
  for (const table of ["analyses", "plans", "batches", "fetches"] as const) {
    await db.updateTable(table).set({ created_at: past }).execute();
    await db.updateTable(table).set({ completed_at: past }).where("status", "=", "completed").execute();
  }
  await db.updateTable("crashes").set({ created_at: past }).execute();
}

test("what is old and completed goes with its events; what is new, in work, or part of a kept batch stays", async (t) => {
  const service = await startReadyService(t, { database: join(temporaryDirectory(t), "state.sqlite") });
  const slow = gate();
  service.workers.answers.analyse = async (task, { signal }) => {
    if (task.question.kind === "commits" && task.question.oids.includes("abcdef9")) await passed(slow.promise, signal);
    return {
      verdict: "no_candidate",
      signature: null,
      candidates: [],
      coverage: { commits: 3, commitsWithPatch: 3, complete: true, notes: [] },
    };
  };
  const get = async (url: string) => (await service.app.inject(url)).statusCode;
  const old = [
    await ask(service, "/v1/analyses", question("abcdef1")),
    await ask(service, "/v1/plans", question("abcdef1")),
    (await service.app.inject({ method: "POST", url: "/v1/trees/main/fetches" })).headers.location ?? "",
    await ask(service, "/v1/crashes", { crash: "BUG: old" }),
  ];
  const oldBatch = await ask(service, "/v1/batches", { analyses: [question("abcdef2")] });
  const shared = await ask(service, "/v1/analyses", question("abcdef3"));
  const slowOne = await service.app.inject({ method: "POST", url: "/v1/analyses", payload: question("abcdef9") });
  await age(service);
  const keptBatch = await ask(service, "/v1/batches", { analyses: [question("abcdef3")] });
  const fresh = await ask(service, "/v1/analyses", question("abcdef4"));
  const limits = { ...service.jobs.limits, keepMs: 0 };
  await prune({ ...service.jobs, limits }, NEVER);
  for (const url of [...old, oldBatch]) assert.equal(await get(url), 200, `${url}: 0 keeps everything`);

  await prune({ ...service.jobs, limits: { ...limits, keepMs: 5 * DAY_MS } }, NEVER);
  for (const url of [...old, oldBatch]) assert.equal(await get(url), 404, url);
  for (const url of [shared, slowOne.headers.location ?? "", keptBatch, fresh]) assert.equal(await get(url), 200, url);
  const { body } = await service.app.inject("/v1/events?limit=200");
  assert.ok(!body.includes(`"${old[0]}"`) && body.includes(`"${fresh}"`));
  assert.equal((await service.app.inject(`${keptBatch}/items`)).json().items[0].conclusion, "success");
  const metrics = (await service.app.inject("/metrics")).body;
  assert.match(metrics, /backportd_rows_removed_total\{table="plans"\} 1/);
  assert.match(metrics, /backportd_rows\{table="analyses"\} 3/);
  // It is asked anew.
  assert.equal(await ask(service, "/v1/analyses", question("abcdef1")), old[0]);
  slow.open();
});

test("when there are too many events the oldest go, and a cursor before them is told so", async (t) => {
  const service = await startReadyService(t);
  const url = await ask(service, "/v1/analyses", question("abcdef1"));
  const feed = async (query: string) => service.app.inject(`/v1/events?limit=3${query}`);
  const first = (await feed("")).json();
  const all = (await service.app.inject("/v1/events?limit=200")).json().items;
  const atLast = (await service.app.inject(`/v1/events?limit=${all.length - 2}`)).json().nextCursor;
  for (let count = 0; count < 3; count += 1) await prune({ ...service.jobs, limits: { ...service.jobs.limits, keepEvents: 2 } }, NEVER);

  const rest = await feed("");
  assert.deepEqual(
    rest.json().items.map(({ id }: { id: number }) => id),
    all.slice(-2).map(({ id }: { id: number }) => id),
  );
  const refused = await feed(`&cursor=${first.nextCursor}`);
  assert.deepEqual([refused.statusCode, refused.json().code], [410, "cursor-expired"]);
  // Nothing after this one was removed.
  assert.equal((await feed(`&cursor=${atLast}`)).json().items.length, 2);

  await prune({ ...service.jobs, limits: { ...service.jobs.limits, keepEvents: 1 } }, NEVER);
  await service.jobs.db.deleteFrom("events").execute();
  assert.equal((await service.app.inject(`${url}/events`)).statusCode, 204);
});
