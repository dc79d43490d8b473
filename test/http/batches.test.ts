import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Batch } from "../../src/schema/batch.ts";
import { BatchItemList } from "../../src/schema/lists.ts";
import { fakeMirror, gate, NO_CANDIDATE, passed, startReadyService, startTestService, temporaryDirectory, until } from "./support.ts";

const ask = (commit: string, target = "vendor") => ({ target, commits: [commit] });
const three = { analyses: [ask("1111111"), ask("2222222"), ask("3333333")] };

test("a batch is answered in the order of its questions; one that cannot be asked has its problem and spoils none", async (t) => {
  const { app } = await startReadyService(t);
  const analyses = [ask("1111111"), ask("2222222", "nope"), ask("1111111"), { target: "vendor" }];
  const posted = await app.inject({ method: "POST", url: "/v1/batches?wait=30", payload: { analyses } });
  assert.equal(posted.statusCode, 202);
  assert.match(String(posted.headers["retry-after"]), /^\d+$/);
  const batch = Batch.parse(posted.json());
  assert.equal(posted.headers.location, batch.url);
  assert.deepEqual([batch.status, batch.conclusion, batch.total], ["completed", "success", 4]);
  assert.deepEqual(batch.counts, { waiting: 0, running: 0, answered: 2, failed: 0, refused: 2 });
  assert.deepEqual(batch.verdicts, { no_candidate: 2 });
  const { items } = BatchItemList.parse((await app.inject(batch.itemsUrl)).json());
  assert.deepEqual(
    items.map(({ problem, verdict }) => problem?.code ?? verdict),
    ["no_candidate", "tree-not-found", "no_candidate", "invalid-request"],
  );
  assert.equal(items[0]?.analysis, items[2]?.analysis);
  assert.match(items[3]?.problem?.errors[0]?.pointer ?? "", /^\/analyses\/3/);
  assert.equal((await app.inject(items[0]?.url ?? "")).json().verdict, "no_candidate");
});

test("the same batch on the same commits is one batch", async (t) => {
  const { app, workers } = await startReadyService(t);
  const post = async () => (await app.inject({ method: "POST", url: "/v1/batches?wait=30", payload: three })).json().id;
  assert.equal(await post(), await post());
  assert.equal(workers.ran.filter(({ kind }) => kind === "analyse").length, 3);
});

test("items come in pages, each once", async (t) => {
  const { app } = await startReadyService(t);
  const { itemsUrl } = (await app.inject({ method: "POST", url: "/v1/batches?wait=30", payload: three })).json();
  const positions: number[] = [];
  for (let url: string | null = `${itemsUrl}?limit=2`; url !== null; ) {
    const answer: Awaited<ReturnType<typeof app.inject>> = await app.inject(url);
    const page = BatchItemList.parse(answer.json());
    positions.push(...page.items.map(({ position }) => position));
    url = /<([^>]+)>; rel="next"/.exec(String(answer.headers.link ?? ""))?.[1] ?? null;
  }
  assert.deepEqual(positions, [0, 1, 2]);
});

test("a question of a caller goes before the rest of a batch", async (t) => {
  const service = await startReadyService(t, { limits: { concurrency: 1 } });
  const slow = gate();
  const order: string[] = [];
  service.workers.answers.analyse = async (task, { signal }) => {
    if (task.question.kind === "commits") order.push(task.question.oids[0] ?? "");
    await passed(slow.promise, signal);
    return NO_CANDIDATE;
  };
  const { url } = (await service.app.inject({ method: "POST", url: "/v1/batches", payload: three })).json();
  await until(
    () => order.length,
    (count) => count === 1,
  );
  await service.app.inject({ method: "POST", url: "/v1/analyses", payload: ask("abcdef1") });
  slow.open();
  await service.app.inject(`${url}?wait=30`);
  assert.deepEqual(order, ["1111111", "abcdef1", "2222222", "3333333"]);
});

test("DELETE cancels: what was not asked is not asked; posting it again starts over", async (t) => {
  const service = await startReadyService(t, { limits: { concurrency: 1 } });
  const slow = gate();
  service.workers.answers.analyse = async (_task, { signal }) => {
    await passed(slow.promise, signal);
    return NO_CANDIDATE;
  };
  const post = (wait: number) => service.app.inject({ method: "POST", url: `/v1/batches?wait=${wait}`, payload: three });
  const { id, url } = (await post(0)).json();
  const cancelled = Batch.parse((await service.app.inject({ method: "DELETE", url })).json());
  assert.deepEqual([cancelled.status, cancelled.conclusion], ["completed", "cancelled"]);
  assert.ok(cancelled.counts.waiting >= 2);
  slow.open();
  const again = Batch.parse((await post(30)).json());
  assert.deepEqual([again.id, again.conclusion, again.counts.answered], [id, "success", 3]);
  assert.equal((await service.app.inject({ method: "DELETE", url })).json().code, "batch-completed");
});

test("a batch that was accepted is answered after a restart, and nothing of it twice", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const mirror = fakeMirror();
  const before = await startReadyService(t, { database, mirror, limits: { concurrency: 1 } });
  let asked = 0;
  before.workers.answers.analyse = async (_task, { signal }) => {
    asked += 1;
    if (asked === 1) return NO_CANDIDATE;
    await passed(gate().promise, signal);
    return NO_CANDIDATE;
  };
  const { url } = (await before.app.inject({ method: "POST", url: "/v1/batches", payload: three })).json();
  await until(
    () => asked,
    (count) => count === 2,
  );
  await before.stop();
  const after = await startTestService(t, { database, mirror });
  const batch = Batch.parse((await after.app.inject(`${url}?wait=30`)).json());
  assert.deepEqual([batch.conclusion, batch.counts.answered], ["success", 3]);
  assert.equal(after.workers.ran.filter(({ kind }) => kind === "analyse").length, 2);
});

test("a batch waits while the queue is full, and is not refused", async (t) => {
  const service = await startReadyService(t, { limits: { concurrency: 1, maxQueued: 1 } });
  const slow = gate();
  service.workers.answers.analyse = async (_task, { signal }) => {
    await passed(slow.promise, signal);
    return NO_CANDIDATE;
  };
  for (const commit of ["aaaaaaa", "bbbbbbb"]) {
    await service.app.inject({ method: "POST", url: "/v1/analyses", payload: ask(commit) });
  }
  const { url } = (await service.app.inject({ method: "POST", url: "/v1/batches", payload: { analyses: [ask("1111111")] } })).json();
  assert.equal((await service.app.inject({ method: "POST", url: "/v1/analyses", payload: ask("ccccccc") })).json().code, "service-busy");
  slow.open();
  const batch = Batch.parse((await service.app.inject(`${url}?wait=30`)).json());
  assert.deepEqual(batch.counts, { waiting: 0, running: 0, answered: 1, failed: 0, refused: 0 });
});

test("an unknown batch is a problem, and text is for people", async (t) => {
  const { app } = await startReadyService(t);
  assert.equal((await app.inject("/v1/batches/nope")).json().code, "batch-not-found");
  const { url } = (await app.inject({ method: "POST", url: "/v1/batches?wait=30", payload: three })).json();
  const text = await app.inject({ url, headers: { accept: "text/plain" } });
  assert.match(text.body, /^# Batch of 3: success\n(?:.*\n)*\| no candidate +\| 3/);
  const list = await app.inject({ url: "/v1/batches?status=completed", headers: { accept: "text/markdown" } });
  assert.match(list.body, /\| success \|/);
});
