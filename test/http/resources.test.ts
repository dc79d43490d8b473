import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { EVIDENCE } from "../../src/rules/evidence.ts";
import { EventList } from "../../src/schema/events.ts";
import { Rules } from "../../src/schema/rules.ts";
import { fakeMirror, gate, HEAD, NO_CANDIDATE, passed, startReadyService, startTestService, temporaryDirectory, until } from "./support.ts";

const question = { target: "vendor", commits: ["abcdef1"] };

test("every main resource and list is there as JSON, Markdown and text", async (t) => {
  const { app } = await startReadyService(t);
  const crash = (await app.inject({ method: "POST", url: "/v1/crashes", payload: { crash: "BUG: x | y" } })).json();
  await app.inject({ method: "POST", url: "/v1/analyses?wait=30", payload: question });
  const fetch = (await app.inject({ method: "POST", url: "/v1/trees/main/fetches" })).json();
  const batch = (await app.inject({ method: "POST", url: "/v1/batches?wait=30", payload: { analyses: [question] } })).json();
  const urls = ["trees", "trees/main", "trees/main/fetches", "crashes", "signatures", "analyses", "batches", "events", "rules"].map(
    (path) => `/v1/${path}`,
  );
  for (const url of [...urls, fetch.url, crash.url, crash.signatureUrl, batch.url, batch.itemsUrl]) {
    for (const [accept, type] of [
      ["application/json", "application/json"],
      ["text/markdown", "text/markdown"],
      ["text/plain", "text/plain"],
      ["*/*", "application/json"],
    ] as const) {
      const answer = await app.inject({ url, headers: { accept } });
      assert.equal(answer.statusCode, 200, url);
      assert.ok(String(answer.headers["content-type"]).startsWith(type), `${url} as ${accept}`);
      assert.equal(answer.headers.vary, "accept");
      if (type !== "application/json") assert.match(answer.body, /^# \S/, url);
      assert.equal((await app.inject({ url, headers: { accept, "if-none-match": String(answer.headers.etag) } })).statusCode, 304, url);
    }
    const refused = await app.inject({ url, headers: { accept: "image/png" } });
    assert.deepEqual([refused.statusCode, refused.json().code], [406, "not-acceptable"]);
  }
});

test("lists filter by several values of a key, and by the time of the last change", async (t) => {
  const { app } = await startReadyService(t);
  const ids = async (url: string): Promise<string[]> => (await app.inject(url)).json().items.map(({ id }: { id: string }) => id);
  assert.deepEqual(await ids("/v1/trees?role=mainline&role=vendor"), ["main", "vendor"]);
  assert.deepEqual(await ids("/v1/trees?role=vendor&state=ready"), ["vendor"]);
  assert.deepEqual(await ids("/v1/trees?state=failed"), []);
  const { id, updatedAt } = (await app.inject({ method: "POST", url: "/v1/analyses?wait=30", payload: question })).json();
  const later = new Date(Date.parse(updatedAt) + 1).toISOString();
  assert.deepEqual(await ids(`/v1/analyses?updatedSince=${updatedAt}&verdict=no_candidate&verdict=ready`), [id]);
  assert.deepEqual(await ids(`/v1/analyses?updatedSince=${later}`), []);
  assert.deepEqual(await ids("/v1/analyses?status=queued&status=completed"), [id]);
  // The same moment, told in another zone.
  const zoned = encodeURIComponent(`${new Date(Date.parse(updatedAt) + 3_600_000).toISOString().slice(0, -1)}+01:00`);
  assert.deepEqual(await ids(`/v1/analyses?updatedSince=${zoned}`), [id]);
  assert.equal((await app.inject("/v1/trees?updatedSince=yesterday")).statusCode, 400);
  await app.inject({ method: "POST", url: "/v1/crashes", payload: { crash: "BUG: x" } });
  assert.equal((await ids(`/v1/crashes?updatedSince=${updatedAt}`)).length, 1);
  assert.deepEqual(await ids("/v1/signatures?updatedSince=2100-01-01T00:00:00Z"), []);
});

test("the feed tells of all resources in order, and its cursor leads on", async (t) => {
  const { app } = await startReadyService(t);
  const read = async (query: string) => EventList.parse((await app.inject(`/v1/events?${query}`)).json());
  const seen: number[] = [];
  let cursor = "";
  for (let page = await read("limit=2"); page.items.length > 0; page = await read(`limit=2&cursor=${page.nextCursor}`)) {
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  assert.ok(seen.length >= 4);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  const { url } = (await app.inject({ method: "POST", url: "/v1/analyses?wait=30", payload: question })).json();
  const { items } = await read(`cursor=${cursor}&type=completed`);
  assert.deepEqual(
    items.map((event) => [event.type, event.url, event.data.verdict]),
    [["completed", url, "no_candidate"]],
  );
  assert.equal((await app.inject("/v1/events?cursor=nope")).json().code, "invalid-request");
});

test("the rules are those that answers are made by", async (t) => {
  const { app } = await startTestService(t, { rulesVersion: "r7" });
  const rules = Rules.parse((await app.inject("/v1/rules")).json());
  assert.equal(rules.rulesVersion, "r7");
  assert.deepEqual(
    rules.evidence.map(({ id }) => id),
    Object.values(EVIDENCE).map(({ id }) => id),
  );
  for (const { pattern, sample, id } of rules.references) assert.ok(new RegExp(pattern, "gim").test(sample), id);
  assert.ok(rules.frames.irrelevant.includes("dump_stack*"));
});

test("what another version stored in another form is a named problem, never an internal error, and lists go on", async (t) => {
  const { app, jobs } = await startReadyService(t);
  const { id, url } = (await app.inject({ method: "POST", url: "/v1/analyses?wait=30", payload: question })).json();
  const crash = (await app.inject({ method: "POST", url: "/v1/crashes", payload: { crash: "BUG: x" } })).json();
  await jobs.db.updateTable("analyses").set({ result: '{"verdict":"splendid"}', verdict: "no_candidate" }).execute();
  await jobs.db.updateTable("crashes").set({ kind: "splendid" }).execute();
  await jobs.db.updateTable("trees").set({ progress: '{"percent":3}', problem: "[]" }).execute();
  const text = await app.inject({ url, headers: { accept: "text/plain" } });
  assert.deepEqual([text.statusCode, text.json().code], [410, "stored-form-outdated"]);
  assert.deepEqual(
    (await app.inject("/v1/analyses")).json().items.map((item: { id: string }) => item.id),
    [id],
  );
  assert.equal((await app.inject("/v1/crashes")).json().items[0].crashKind, "unknown");
  assert.equal((await app.inject(crash.url)).statusCode, 200);
  assert.deepEqual((await app.inject("/v1/trees/main")).json().problem, null);
});

test("an unfinished question of another form ends as a failure that says so", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const mirror = fakeMirror();
  const before = await startReadyService(t, { database, mirror });
  before.workers.answers.analyse = async (_task, { signal }) => {
    await passed(gate().promise, signal);
    return NO_CANDIDATE;
  };
  const { id } = (await before.app.inject({ method: "POST", url: "/v1/analyses", payload: question })).json();
  await before.jobs.db.updateTable("analyses").set({ question: '{"kind":"riddle"}' }).execute();
  await before.stop();
  const { jobs } = await startTestService(t, { database, mirror });
  const row = await until(
    () => jobs.db.selectFrom("analyses").select(["status", "conclusion", "problem"]).where("id", "=", id).executeTakeFirstOrThrow(),
    ({ status }) => status === "completed",
  );
  assert.equal(row.conclusion, "failure");
  assert.equal(JSON.parse(row.problem ?? "{}").code, "stored-form-outdated");
});

test("a person who asks what a batch asked does not wait for the batch", async (t) => {
  const { app, jobs, workers } = await startReadyService(t, { limits: { concurrency: 1 } });
  const slow = gate();
  workers.answers.analyse = async (_task, { signal }) => {
    await passed(slow.promise, signal);
    return NO_CANDIDATE;
  };
  await app.inject({ method: "POST", url: "/v1/analyses", payload: { target: "vendor", commits: ["0000001"] } });
  await app.inject({ method: "POST", url: "/v1/batches", payload: { analyses: [question] } });
  const priorities = () => jobs.db.selectFrom("analyses").select("priority").orderBy("created_at").execute();
  const wanted = async (expected: number[]) =>
    until(
      async () => (await priorities()).map(({ priority }) => priority),
      (found) => JSON.stringify(found) === JSON.stringify(expected),
    );
  await wanted([0, -1]);
  await app.inject({ method: "POST", url: "/v1/analyses", payload: question });
  await wanted([0, 0]);
  slow.open();
});

test("equal commit checks of several callers run once", async (t) => {
  const { app, workers } = await startReadyService(t);
  const slow = gate();
  workers.answers.commit = async (_task, { signal }) => {
    await passed(slow.promise, signal);
    return { notFound: true as const };
  };
  const checks = [1, 2, 3].map(() => app.inject("/v1/trees/vendor/commits/abcdef1"));
  await until(
    async () => (await app.inject("/metrics")).body,
    (text) => /backportd_answers_total\{kind="commit",source="shared"\} 2/.test(text),
  );
  slow.open();
  for (const answer of await Promise.all(checks)) assert.equal(answer.json().code, "commit-not-found");
  assert.equal(workers.ran.filter(({ kind }) => kind === "commit").length, 1);
});

test("/metrics counts requests by route and status, jobs, stages and the lag of the index", async (t) => {
  const { app, workers, mirror } = await startReadyService(t);
  const slow = gate();
  workers.answers.analyse = async (_task, { report, signal }) => {
    report({ stage: "candidates", done: 0, total: null });
    await passed(slow.promise, signal);
    return NO_CANDIDATE;
  };
  const { url } = (await app.inject({ method: "POST", url: "/v1/analyses", payload: question })).json();
  await app.inject("/v1/trees/none");
  const metrics = async () => (await app.inject("/metrics")).body;
  const running = await until(metrics, (text) => /backportd_jobs\{kind="analysis",state="in_progress",stage="candidates"\} 1/.test(text));
  assert.match(running, /backportd_http_request_duration_seconds_count\{method="GET",route="\/v1\/trees\/:tree",status="404"\} 1/);
  assert.match(running, /backportd_trees\{state="ready"\} 2/);
  assert.match(running, /backportd_index_lag_seconds\{tree="main"\} 0\n/);
  assert.match(running, /backportd_git_children_started \d+/);
  slow.open();
  await app.inject(`${url}?wait=30`);
  const indexing = gate();
  workers.answers.index = async (_task, { signal }) => {
    await passed(indexing.promise, signal);
    return { commits: 1, patches: 1 };
  };
  mirror.head = HEAD.replaceAll("1", "3");
  await app.inject({ method: "POST", url: "/v1/trees/main/fetches" });
  const behind = await until(metrics, (text) => /backportd_index_lag_seconds\{tree="main"\} 0\.\d+/.test(text));
  assert.match(behind, /backportd_jobs_ended_total\{kind="analysis",conclusion="success"\} 1/);
  assert.match(behind, /backportd_stage_duration_seconds_count\{kind="analysis",stage="candidates"\} 1/);
  indexing.open();
  await until(metrics, (text) => /backportd_index_lag_seconds\{tree="main"\} 0\n/.test(text));
});
