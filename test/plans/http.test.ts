import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Plan, PlanGraph, type PlanResult } from "../../src/schema/plan.ts";
import {
  gate,
  HEAD,
  NEW_HEAD,
  NO_STEPS,
  passed,
  startReadyService,
  startTestService,
  type TestService,
  temporaryDirectory,
  until,
} from "../http/support.ts";

const FIX = "a".repeat(40);
const NEED = "b".repeat(40);
const REQUEST = { target: "vendor", commits: ["abcdef123456"] };
const post = (service: TestService, payload: object = REQUEST, query = "?wait=10") =>
  service.app.inject({ method: "POST", url: `/v1/plans${query}`, payload });
const planned = (service: TestService) => service.workers.ran.filter((task) => task.kind === "plan");
const clean = { state: "clean" as const, reason: null, files: [], warnings: [] };
const step = (oid: string, position: number, role: "fix" | "prerequisite"): PlanResult["steps"][number] => ({
  position,
  oid,
  upstreamOid: oid,
  subject: `area: "change" ${position}\\`,
  role,
  state: "clean",
  form: null,
  author: "A <a@example.org>",
  date: "2026-01-01T00:00:00.000Z",
  because: "asked for",
  neededBy: [],
  applicability: clean,
  treeOid: HEAD,
});
const mail = (oid: string): PlanResult["mails"][number] => ({
  oid,
  upstreamOid: oid,
  authorName: "A",
  authorEmail: "a@example.org",
  authorDate: 1,
  message: "subject\n\nbody\n",
  notes: [],
  diff: "diff --git a/x b/x\n",
});
const TWO_STEPS: PlanResult = {
  ...NO_STEPS,
  steps: [step(NEED, 1, "prerequisite"), step(FIX, 2, "fix")],
  prerequisites: [
    {
      oid: NEED,
      upstreamOid: NEED,
      subject: "need",
      kind: "textual",
      need: "required",
      proof: { summary: "x conflicts without it", neededBy: FIX, files: ["x"], symbols: [], trials: [] },
    },
  ],
  mails: [mail(NEED), mail(FIX)],
};

test("POST is 202 with Location; the same request, in any order, is one plan and is worked on once", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.plan = async () => TWO_STEPS;
  const response = await post(service, { target: "vendor", commits: ["ABCDEF1", "1234567", "abcdef1"] });
  assert.equal(response.statusCode, 202);
  const plan = Plan.parse(response.json());
  assert.equal(response.headers.location, plan.url);
  assert.deepEqual([plan.status, plan.conclusion, plan.applies, plan.stale, plan.moved], ["completed", "success", true, false, null]);
  assert.deepEqual(plan.target, { tree: "vendor", ref: "refs/heads/v1", oid: HEAD });
  assert.deepEqual(plan.options, { followUps: "name", adaptation: "high" });
  assert.equal((await post(service, { target: "vendor", commits: ["1234567", "abcdef1"] })).json().id, plan.id);
  assert.equal(planned(service).length, 1);
  const other = await post(service, { target: "vendor", commits: ["1234567", "abcdef1"], options: { adaptation: "none" } });
  assert.notEqual(other.json().id, plan.id);
  const list = (await service.app.inject("/v1/plans?target=vendor")).json();
  assert.equal(list.items.length, 2);
  assert.ok(!("steps" in list.items[0]));
});

test("the mails are those that were made, and a plan without any says why", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.plan = async () => TWO_STEPS;
  const { mboxUrl } = (await post(service)).json();
  const mbox = await service.app.inject(mboxUrl);
  assert.equal(mbox.headers["content-type"], "application/mbox");
  assert.deepEqual(
    [...mbox.body.matchAll(/^From ([0-9a-f]{40}) /gm)].map(([, oid]) => oid),
    [NEED, FIX],
  );
  assert.match(mbox.body, new RegExp(`^base-commit: ${HEAD}$`, "m"));
  const refusal = async (commit: string, result: PlanResult) => {
    service.workers.answers.plan = async () => result;
    const url = (await post(service, { target: "vendor", commits: [commit] })).json().mboxUrl;
    const response = await service.app.inject(url);
    assert.deepEqual([response.statusCode, response.json().code], [409, "plan-not-exportable"]);
    return response.json().detail;
  };
  const failure = { position: 2, oid: FIX, cause: "x() is not there" };
  assert.match(await refusal("1111111", { ...TWO_STEPS, applies: false, failure, mails: [] }), /step 2 does not apply: x\(\) is not there/);
  assert.match(await refusal("2222222", NO_STEPS), /has everything already/);
  const binary = { ...mail(FIX), diff: "diff --git a/l.png b/l.png\nindex 1..2 100644\nGIT binary patch\n" };
  assert.match(await refusal("3333333", { ...TWO_STEPS, mails: [mail(NEED), binary] }), /changes a binary file \(a\/l\.png b\/l\.png\)/);
});

test("the graph comes as data, as text and as a drawing; the parameter goes before the header", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.plan = async () => TWO_STEPS;
  const { graphUrl } = (await post(service)).json();
  const graph = PlanGraph.parse((await service.app.inject(graphUrl)).json());
  assert.deepEqual(graph.edges, [{ from: NEED, to: FIX, kind: "required", label: "x" }]);
  assert.deepEqual(
    graph.nodes.map(({ kind, position }) => [kind, position]),
    [
      ["prerequisite", 1],
      ["fix", 2],
    ],
  );
  const dot = await service.app.inject({ url: graphUrl, headers: { accept: "text/vnd.graphviz" } });
  assert.match(dot.body, /^digraph plan \{[\s\S]*area: \\"change\\" 1\\\\/);
  const svg = await service.app.inject(`${graphUrl}?format=svg`);
  assert.match(String(svg.headers["content-type"]), /^image\/svg\+xml/);
  assert.match(String(svg.headers["content-security-policy"]), /^default-src 'none'/);
  assert.equal(svg.body, `<svg>${dot.body.length}</svg>`);
});

test("a plan says that its target moved, and on request whether the steps still apply", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.plan = async () => TWO_STEPS;
  const { url } = (await post(service)).json();
  service.mirror.head = NEW_HEAD;
  await service.app.inject({ method: "POST", url: "/v1/trees/vendor/fetches" });
  await until(
    async () => (await service.app.inject("/v1/trees/vendor")).json(),
    (tree) => tree.headOid === NEW_HEAD,
  );
  const read = async (query = "") => Plan.parse((await service.app.inject(`${url}${query}`)).json());
  const unasked = await read();
  assert.deepEqual([unasked.stale, unasked.moved], [true, { from: HEAD, to: NEW_HEAD, files: null, applies: null, failure: null }]);
  const failure = { position: 1, oid: NEED, cause: "x was rewritten" };
  service.workers.answers["plan-move"] = async ({ from, target }) => {
    assert.deepEqual([from, target.oid], [HEAD, NEW_HEAD]);
    return { files: ["x"], applies: false, failure };
  };
  assert.deepEqual((await read("?check=true")).moved, { from: HEAD, to: NEW_HEAD, files: ["x"], applies: false, failure });
  assert.equal(unasked.target.oid, HEAD);
  await service.app.inject({ method: "DELETE", url: "/v1/trees/vendor" });
  const gone = await read("?check=true");
  assert.deepEqual([gone.stale, gone.moved], [true, null]);
});

test("a plan can be cancelled, asked for again, and followed", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.plan = async (_task, { signal }) => passed(gate().promise, signal);
  const { url } = (await post(service, REQUEST, "")).json();
  await until(
    async () => (await service.app.inject(url)).json(),
    (plan) => plan.status === "in_progress",
  );
  const cancelled = await service.app.inject({ method: "DELETE", url });
  assert.deepEqual([cancelled.statusCode, cancelled.json().conclusion], [200, "cancelled"]);
  assert.match((await service.app.inject(`${url}/mbox`)).json().detail, /it is cancelled/);
  service.workers.answers.plan = async () => TWO_STEPS;
  assert.equal((await post(service)).json().conclusion, "success");
  assert.equal((await service.app.inject({ method: "DELETE", url })).json().code, "plan-completed");
  const events = await service.app.inject({ url: `${url}/events`, headers: { accept: "text/event-stream" } });
  assert.match(events.body, /event: stage\n[\s\S]*event: completed\ndata: \{"conclusion":"success","applies":true,"problem":null\}/);
  assert.equal((await service.app.inject("/v1/plans/nope")).json().code, "plan-not-found");
});

test("a plan that a stop interrupted is made after the next start, and a completed one is not made again", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const first = await startReadyService(t, { database });
  const done = (await post(first)).json();
  first.workers.answers.plan = async (_task, { signal }) => passed(gate().promise, signal);
  const interrupted = (await post(first, { ...REQUEST, commits: ["7654321"] }, "")).json();
  await first.stop();
  const second = await startTestService(t, { database, mirror: first.mirror });
  const plan = (await second.app.inject(`/v1/plans/${interrupted.id}?wait=10`)).json();
  assert.equal(plan.conclusion, "success");
  assert.deepEqual((await second.app.inject(done.url)).json(), done);
  assert.equal(planned(second).length, 1);
});

test("an answer that is no plan is a failure, and a refused request says where", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.plan = async () => ({ applies: true });
  const failed = (await post(service)).json();
  assert.deepEqual([failed.conclusion, failed.applies, failed.problem.code], ["failure", null, "analysis-failed"]);
  for (const [payload, code, pointer] of [
    [{ target: "vendor" }, "invalid-request", "/commits"],
    [{ target: "vendor", commits: [] }, "invalid-request", "/commits"],
    [{ ...REQUEST, options: { adaptation: "much" } }, "invalid-request", "/options/adaptation"],
    [{ ...REQUEST, upstreams: ["vendor"] }, "invalid-request", "/upstreams/0"],
    [{ ...REQUEST, target: "nope" }, "tree-not-found", undefined],
  ] as const) {
    const { code: got, errors } = (await post(service, payload)).json();
    assert.deepEqual([got, errors[0]?.pointer], [code, pointer]);
  }
});

test("people read a plan as text", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.plan = async () => TWO_STEPS;
  const { url } = (await post(service)).json();
  const { body } = await service.app.inject({ url, headers: { accept: "text/markdown" } });
  assert.match(body, /^# Plan of 2 commits: applies\n/);
  assert.match(body, /\| 1 +\| bbbbbbbbbbbb \|/);
  assert.match((await service.app.inject({ url: "/v1/plans", headers: { accept: "text/plain" } })).body, /\| applies \|/);
});
