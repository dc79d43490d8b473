import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { analysisId, canonicalJson } from "../../src/jobs/analysis-id.ts";
import { WorkerDied } from "../../src/jobs/worker-pool.ts";
import { Analysis } from "../../src/schema/analysis.ts";
import {
  EMPTY_SIGNATURE,
  gate,
  HEAD,
  MAIN,
  NEW_HEAD,
  NO_CANDIDATE,
  passed,
  readyTree,
  startReadyService,
  type TestService,
  until,
} from "./support.ts";

const post = (service: TestService, payload: object, query = "") =>
  service.app.inject({ method: "POST", url: `/v1/analyses${query}`, payload });
const QUESTION = { target: "vendor", commits: ["abcdef123456"] };
const read = async (service: TestService, id: string) => Analysis.parse((await service.app.inject(`/v1/analyses/${id}`)).json());
const analysed = (service: TestService) => service.workers.ran.filter((task) => task.kind === "analyse");

test("POST is always 202 with Location and Retry-After; with wait the body may be completed", async (t) => {
  const service = await startReadyService(t);
  const response = await post(service, QUESTION, "?wait=10");
  assert.equal(response.statusCode, 202);
  const analysis = Analysis.parse(response.json());
  assert.equal(response.headers.location, `/v1/analyses/${analysis.id}`);
  assert.equal(response.headers["retry-after"], "1");
  assert.deepEqual([analysis.status, analysis.conclusion, analysis.verdict], ["completed", "success", "no_candidate"]);
  assert.deepEqual(analysis.target, { tree: "vendor", ref: "refs/heads/v1", oid: HEAD });
  assert.deepEqual(analysis.upstreams, [{ tree: "main", ref: "master", oid: HEAD }]);
  assert.deepEqual([analysis.rulesVersion, analysis.engineVersion, analysis.options.maxCandidates], ["r1", "e1", 10]);
  assert.deepEqual(analysis.coverage, NO_CANDIDATE.coverage);
});

test("without wait the answer comes while the work goes on", async (t) => {
  const service = await startReadyService(t);
  const slow = gate();
  service.workers.answers.analyse = async (_task, { signal }) => {
    await passed(slow.promise, signal);
    return NO_CANDIDATE;
  };
  const { id, status } = (await post(service, QUESTION)).json();
  assert.notEqual(status, "completed");
  const waiting = service.app.inject(`/v1/analyses/${id}?wait=30`);
  const short = await service.app.inject(`/v1/analyses/${id}?wait=0.05`);
  assert.equal(short.json().status, "in_progress");
  assert.equal((await post(service, QUESTION)).json().id, id);
  slow.open();
  assert.equal((await waiting).json().status, "completed");
  assert.equal(analysed(service).length, 1);
});

test("the same question has the same id and is worked on once; another head, option or rules version has another", async (t) => {
  const service = await startReadyService(t);
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(service, QUESTION, "?wait=10")));
  const ids = new Set(answers.map((answer) => answer.json().id));
  assert.equal(ids.size, 1);
  assert.equal(analysed(service).length, 1);
  ids.add((await post(service, { ...QUESTION, options: { maxCandidates: 3 } })).json().id);
  ids.add((await post(service, { ...QUESTION, commits: ["abcdef123457"] })).json().id);
  assert.equal(
    (await post(service, { ...QUESTION, commits: ["ABCDEF123456", "abcdef123456"], upstreams: ["main"] })).json().id,
    [...ids][0],
  );
  service.mirror.head = NEW_HEAD;
  await service.app.inject({ method: "POST", url: "/v1/trees/vendor/fetches" });
  await until(
    async () => (await service.app.inject("/v1/trees/vendor")).json(),
    (tree) => tree.headOid === NEW_HEAD,
  );
  ids.add((await post(service, QUESTION)).json().id);
  assert.equal(ids.size, 4);
  const other = await startReadyService(t, { rulesVersion: "r2" });
  ids.add((await post(other, QUESTION)).json().id);
  assert.equal(ids.size, 5);
});

test("a crash text becomes its signature, which the answer shows", async (t) => {
  const service = await startReadyService(t);
  const analysis = Analysis.parse((await post(service, { target: "vendor", crash: "BUG: it crashed" }, "?wait=10")).json());
  assert.equal(analysis.signature?.title, "BUG: it crashed");
  const [task] = analysed(service);
  assert.equal(task?.kind === "analyse" && task.question.kind, "signature");
});

test("a crash text in which nothing is recognised is refused, and leaves no analysis behind", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers["read-crash"] = async () => EMPTY_SIGNATURE;
  const response = await post(service, { target: "vendor", crash: "good morning" });
  assert.equal(response.statusCode, 422);
  assert.equal(response.json().code, "crash-not-recognised");
  assert.deepEqual((await service.app.inject("/v1/analyses")).json().items, []);
});

test("upstreams are by default all ready trees of role mainline and stable but the target", async (t) => {
  const service = await startReadyService(t);
  await readyTree(service, "stable", { ...MAIN, role: "stable" });
  await readyTree(service, "sister", { ...MAIN, role: "vendor" });
  const trees = async (payload: object) => (await post(service, payload)).json().upstreams.map((pin: { tree: string }) => pin.tree);
  assert.deepEqual(await trees(QUESTION), ["main", "stable"]);
  assert.deepEqual(await trees({ ...QUESTION, target: "stable" }), ["main"]);
  assert.deepEqual(await trees({ ...QUESTION, upstreams: ["sister"] }), ["sister"]);
});

test("DELETE cancels: the work is told to stop, the answer says cancelled, and asking again starts over", async (t) => {
  const service = await startReadyService(t);
  let stopped = 0;
  service.workers.answers.analyse = async (_task, { signal }) => {
    await passed(gate().promise, signal).finally(() => stopped++);
  };
  const { id } = (await post(service, QUESTION)).json();
  await until(
    () => read(service, id),
    (analysis) => analysis.status === "in_progress",
  );
  const cancelled = await service.app.inject({ method: "DELETE", url: `/v1/analyses/${id}` });
  assert.equal(cancelled.statusCode, 200);
  assert.deepEqual([cancelled.json().status, cancelled.json().conclusion], ["completed", "cancelled"]);
  assert.equal(stopped, 1);
  assert.equal((await service.app.inject({ method: "DELETE", url: `/v1/analyses/${id}` })).statusCode, 200);
  service.workers.answers.analyse = async () => NO_CANDIDATE;
  const again = (await post(service, QUESTION, "?wait=10")).json();
  assert.deepEqual([again.id, again.conclusion], [id, "success"]);
  const late = await service.app.inject({ method: "DELETE", url: `/v1/analyses/${id}` });
  assert.equal(late.json().code, "analysis-completed");
});

test("an analysis that waits for its turn can be cancelled and frees its place", async (t) => {
  const service = await startReadyService(t, { limits: { concurrency: 1, maxQueued: 1 } });
  const slow = gate();
  service.workers.answers.analyse = async (_task, { signal }) => {
    await passed(slow.promise, signal);
    return NO_CANDIDATE;
  };
  const ask = (commit: string) => post(service, { target: "vendor", commits: [commit] });
  await ask("aaaaaaa");
  const waiting = (await ask("bbbbbbb")).json();
  assert.equal(waiting.status, "queued");
  const busy = await ask("ccccccc");
  assert.deepEqual([busy.statusCode, busy.json().code, busy.headers["retry-after"]], [503, "service-busy", "5"]);
  assert.equal((await service.app.inject("/readyz")).statusCode, 503);
  await service.app.inject({ method: "DELETE", url: `/v1/analyses/${waiting.id}` });
  assert.equal((await ask("ccccccc")).statusCode, 202);
  slow.open();
});

test("a worker that dies once does not fail the analysis; one that dies twice does, with the reason", async (t) => {
  const service = await startReadyService(t);
  let deaths = 1;
  service.workers.answers.analyse = async () => {
    if (deaths-- > 0) throw new WorkerDied("exit 1");
    return NO_CANDIDATE;
  };
  assert.equal((await post(service, QUESTION, "?wait=10")).json().conclusion, "success");
  deaths = 2;
  const failed = (await post(service, { ...QUESTION, commits: ["1234567"] }, "?wait=10")).json();
  assert.deepEqual(
    [failed.conclusion, failed.problem.code, failed.problem.instance],
    ["failure", "worker-died", `/v1/analyses/${failed.id}`],
  );
  assert.equal((await post(service, { ...QUESTION, commits: ["1234567"] }, "?wait=10")).json().conclusion, "success");
});

test("an answer that is not a result is a failure and is never stored", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.analyse = async () => ({ verdict: "fine" });
  const failed = (await post(service, QUESTION, "?wait=10")).json();
  assert.deepEqual([failed.conclusion, failed.verdict, failed.problem.code], ["failure", null, "analysis-failed"]);
});

test("an analysis ends at its time limit", async (t) => {
  const service = await startReadyService(t, { limits: { analysisTimeout: 50 } });
  service.workers.answers.analyse = async (_task, { signal }) => passed(gate().promise, signal);
  const failed = (await post(service, QUESTION, "?wait=10")).json();
  assert.deepEqual([failed.conclusion, failed.problem.code], ["failure", "job-timed-out"]);
});

test("a commit check that waits behind long analyses ends at its time limit, and does not wait for them", async (t) => {
  const service = await startReadyService(t, { limits: { concurrency: 1, commitTimeout: 100 } });
  service.workers.answers.analyse = async (_task, { signal }) => passed(gate().promise, signal);
  await post(service, QUESTION);
  const response = await service.app.inject("/v1/trees/vendor/commits/abcdef1");
  assert.deepEqual([response.statusCode, response.json().code], [504, "job-timed-out"]);
});

test("an ambiguous commit is told with all its meanings", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.commit = async () => ({ ambiguous: [HEAD, NEW_HEAD] });
  const response = await service.app.inject("/v1/trees/vendor/commits/ABCDEF1");
  assert.deepEqual([response.statusCode, response.json().code], [409, "commit-ambiguous"]);
  assert.deepEqual(
    response.json().errors.map((error: { detail: string }) => error.detail),
    [HEAD, NEW_HEAD],
  );
  const task = service.workers.ran.at(-1);
  assert.equal(task?.kind === "commit" && task.oid, "abcdef1");
});

test("text for people by Accept, JSON for programs", async (t) => {
  const service = await startReadyService(t);
  const { id } = (await post(service, QUESTION, "?wait=10")).json();
  const get = (accept: string) => service.app.inject({ url: `/v1/analyses/${id}`, headers: { accept } });
  const text = await get("text/markdown");
  assert.equal(text.headers["content-type"], "text/markdown; charset=utf-8");
  assert.match(text.body, /^# Verdict: no candidate\n/);
  assert.match(String((await get("text/plain;q=0.5, application/json;q=0.1")).headers["content-type"]), /^text\/plain/);
  for (const accept of ["*/*", "application/*", "text/html, */*;q=0.1", "application/json, text/plain"]) {
    assert.match(String((await get(accept)).headers["content-type"]), /^application\/json/, accept);
  }
  assert.match(String((await get("*/*, application/json;q=0")).headers["content-type"]), /^text\/markdown/);
  assert.equal((await get("application/xml, text/plain;q=0")).statusCode, 406);
});

test("the list has every analysis once, newest first, and filters", async (t) => {
  const service = await startReadyService(t);
  const ids: string[] = [];
  for (const commit of ["1111111", "2222222", "3333333", "4444444", "5555555"]) {
    ids.unshift((await post(service, { target: "vendor", commits: [commit] }, "?wait=10")).json().id);
  }
  const seen: string[] = [];
  let cursor = "";
  do {
    const page = (await service.app.inject(`/v1/analyses?limit=2${cursor}`)).json();
    for (const item of page.items) seen.push(item.id);
    cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
  } while (cursor !== "");
  // Two of the same millisecond stand in the order of their ids.
  assert.deepEqual([...seen].sort(), [...ids].sort());
  assert.equal((await service.app.inject("/v1/analyses?target=main")).json().items.length, 0);
  assert.equal((await service.app.inject("/v1/analyses?target=vendor&status=completed")).json().items.length, 5);
});

test("canonical JSON does not depend on the order of members, and keeps the data", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const shuffled = Object.fromEntries(Object.entries(value).reverse());
      assert.equal(canonicalJson(shuffled), canonicalJson(value));
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("each pin changes the id", () => {
  const pins = {
    target: { tree: "a", ref: "b", oid: HEAD },
    upstreams: [{ tree: "c", ref: "d", oid: HEAD }],
    question: { kind: "commits" as const, oids: ["1234567"] },
    options: { maxCandidates: 10, includePresent: 3 },
    rulesVersion: "r",
    engineVersion: "e",
  };
  const variants = [
    pins,
    { ...pins, target: { ...pins.target, oid: NEW_HEAD } },
    { ...pins, target: { ...pins.target, tree: "z" } },
    { ...pins, upstreams: [] },
    { ...pins, question: { kind: "patch" as const, text: "1234567" } },
    { ...pins, options: { maxCandidates: 11, includePresent: 3 } },
    { ...pins, rulesVersion: "s" },
    { ...pins, engineVersion: "s" },
  ];
  assert.equal(new Set(variants.map(analysisId)).size, variants.length);
});
