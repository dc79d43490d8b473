import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { startWebhooks } from "../../src/jobs/webhook-dispatcher.ts";
import { signWebhook } from "../../src/jobs/webhook-send.ts";
import { createAddressGuard } from "../../src/net/address-guard.ts";
import { Webhook } from "../../src/schema/webhook.ts";
import { announcementOf } from "../../src/store/announcements.ts";
import { fakeMirror, MAIN, readyTree, startReadyService, temporaryDirectory, until, VENDOR } from "../http/support.ts";
import { startReceiver } from "./receiver.ts";
import { deliveries, LOCAL, send, settled, start, subscribe } from "./webhook-support.ts";

test("the end of an analysis and of a tree is posted, signed as the standard says", async (t) => {
  const receiver = await startReceiver(t, 200);
  const service = await startReadyService(t, { privateNetworks: LOCAL });
  const webhook = await subscribe(service, { endpoint: receiver.url });
  send(t, service);
  const analysis = await service.app.inject({
    method: "POST",
    url: "/v1/analyses?wait=10",
    payload: { target: "vendor", commits: ["1111111"] },
  });
  await readyTree(service, "late", { ...MAIN, ref: "other" });
  await receiver.count(2);
  const said = receiver.received.map(({ headers, body }) => {
    assert.equal(headers["content-type"], "application/json");
    // The library of the standard's authors checks signature and time.
    return new StandardWebhook(webhook.secret).verify(body, headers as Record<string, string>) as {
      type: string;
      data: Record<string, unknown>;
    };
  });
  const { id, url } = analysis.json();
  const [first, second] = said.sort((a, b) => a.type.localeCompare(b.type));
  assert.equal(first?.type, "analysis.completed");
  assert.deepEqual(first?.data, {
    id,
    kind: "analysis",
    url,
    conclusion: "success",
    verdict: "no_candidate",
    applies: null,
    state: null,
    headOid: null,
    problem: null,
  });
  assert.deepEqual([second?.type, second?.data.id, second?.data.state], ["tree.ready", "late", "ready"]);
  const rows = await settled(service, webhook, 2);
  assert.deepEqual(
    rows.map(({ state, attempts, lastStatus }) => [state, attempts, lastStatus]),
    [
      ["delivered", 1, 200],
      ["delivered", 1, 200],
    ],
  );
  assert.deepEqual(new Set(rows.map((row) => row.id)), new Set(receiver.received.map(({ headers }) => headers["webhook-id"])));
});

test("the signature is that of the specification's library", () => {
  const message = { id: "msg_1", secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`, payload: '{"a":"é"}' };
  const at = new Date(1_700_000_000_000);
  assert.equal(signWebhook(message, 1_700_000_000), new StandardWebhook(message.secret).sign(message.id, at, message.payload));
});

test("a webhook hears only of the events that it asked for, and of failures", async (t) => {
  const receiver = await startReceiver(t, 200);
  const service = await start(t);
  const webhook = await subscribe(service, { endpoint: receiver.url, events: ["tree.failed", "analysis.failed"] });
  await readyTree(service, "main", MAIN);
  await readyTree(service, "vendor", VENDOR);
  service.workers.answers.analyse = async () => {
    throw new Error("broken");
  };
  await service.app.inject({ method: "POST", url: "/v1/analyses?wait=10", payload: { target: "vendor", commits: ["1111111"] } });
  service.mirror.failure = new Error("broken");
  const { url } = (await service.app.inject({ method: "POST", url: "/v1/trees/main/fetches" })).json();
  await until(
    async () => (await service.app.inject(url)).json(),
    (fetch) => fetch.status === "completed",
  );
  const rows = await deliveries(service, webhook);
  assert.deepEqual(rows.map(({ type, payload }) => [type, payload.data.problem, payload.data.state]).sort(), [
    ["analysis.failed", "analysis-failed", null],
    ["tree.failed", "internal-error", "ready"],
  ]);
});

test("what is announced: the ends of analyses, plans and trees; nothing that was cancelled, no fetch, no other resource", () => {
  const at = "2026-01-01T00:00:00.000Z";
  const type = (resource: string, event: unknown) => announcementOf(resource, event, at)?.type ?? null;
  assert.equal(announcementOf("plans/1", { conclusion: "success", applies: true }, at)?.data.applies, true);
  assert.equal(type("plans/1", { conclusion: "success" }), "plan.completed");
  assert.equal(type("batches/1", { conclusion: "success" }), "batch.completed");
  assert.equal(type("plans/1", { conclusion: "failure", problem: { code: "x" } }), "plan.failed");
  assert.equal(type("analyses/1", { conclusion: "cancelled" }), null);
  assert.equal(type("trees/a", { state: "failed", problem: { code: "x" } }), "tree.failed");
  assert.equal(type("trees/a/fetches/1", { conclusion: "success" }), null);
  assert.equal(type("crashes/1", {}), null);
  assert.equal(type("analyses/1", { conclusion: 7, verdict: {}, problem: "odd" }), "analysis.completed");
});

test("what fails is tried again with the same id and a fresh signature, until it is delivered", async (t) => {
  const receiver = await startReceiver(t, 500, 0, 302, 204);
  const service = await start(t);
  const webhook = await subscribe(service, { endpoint: receiver.url, events: ["tree.ready"] });
  send(t, service, [1, 1, 1]);
  await readyTree(service, "main", MAIN);
  const [row] = await settled(service, webhook);
  assert.deepEqual([row?.state, row?.attempts, row?.lastStatus, row?.lastError, row?.nextAttemptAt], ["delivered", 4, 204, null, null]);
  // The redirection was not followed: it points at the receiver itself.
  assert.equal(receiver.received.length, 4);
  assert.equal(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size, 1);
  assert.equal(new Set(receiver.received.map(({ body }) => body)).size, 1);
  for (const { headers, body } of receiver.received) new StandardWebhook(webhook.secret).verify(body, headers as Record<string, string>);
});

test("when the attempts are used up the delivery is dead and visible, and can be sent again", async (t) => {
  const receiver = await startReceiver(t, 503);
  const service = await start(t);
  const webhook = await subscribe(service, { endpoint: receiver.url, events: ["tree.ready"] });
  send(t, service, [1, 1]);
  await readyTree(service, "main", MAIN);
  await settled(service, webhook);
  const [dead] = await deliveries(service, webhook, "?state=dead");
  assert.deepEqual([dead?.attempts, dead?.lastStatus, dead?.lastError], [3, 503, "the endpoint answered 503"]);
  assert.deepEqual(await deliveries(service, webhook, "?state=delivered"), []);
  receiver.statuses = [200];
  const again = await service.app.inject({ method: "POST", url: `${dead?.url}/attempts` });
  assert.deepEqual([again.statusCode, again.json().state, again.headers.location], [202, "pending", dead?.url]);
  await receiver.count(4);
  assert.equal(receiver.received[3]?.headers["webhook-id"], dead?.id);
  const [done] = await settled(service, webhook);
  assert.equal(done?.state, "delivered");
});

test("410 ends a webhook, with all that still waits for it", async (t) => {
  const receiver = await startReceiver(t, 500, 410);
  const service = await start(t);
  const webhook = await subscribe(service, { endpoint: receiver.url, events: ["tree.ready"] });
  await readyTree(service, "main", MAIN);
  await readyTree(service, "vendor", VENDOR);
  send(t, service, [3_600_000]);
  const rows = await settled(service, webhook, 2);
  assert.deepEqual(
    rows.map(({ state }) => state),
    ["dead", "dead"],
  );
  const shown = Webhook.parse((await service.app.inject(webhook.url)).json());
  assert.deepEqual([shown.state, shown.reason], ["disabled", "the endpoint answered 410 Gone"]);
  const again = await service.app.inject({ method: "POST", url: `${rows[0]?.url}/attempts` });
  assert.deepEqual([again.statusCode, again.json().code], [409, "webhook-disabled"]);
  await readyTree(service, "third", { ...MAIN, ref: "third" });
  assert.equal((await deliveries(service, webhook)).length, 2);
});

test("an endpoint that does not answer costs its own time only, and is tried again", async (t) => {
  const [slow, quick] = [await startReceiver(t, -1), await startReceiver(t, 200)];
  const service = await start(t);
  const hanging = await subscribe(service, { endpoint: slow.url, events: ["tree.ready"] });
  await subscribe(service, { endpoint: quick.url, events: ["tree.ready"] });
  send(t, service, [], 500);
  await readyTree(service, "main", MAIN);
  await quick.count(1);
  const [row] = await settled(service, hanging);
  assert.deepEqual([row?.state, row?.lastError], ["dead", "no answer within 0.5 seconds"]);
});

test("what was under way or waiting when the service stopped is sent by the next one, with the same id", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const mirror = fakeMirror();
  const receiver = await startReceiver(t, -1);
  const first = await start(t, { database, mirror });
  const webhook = await subscribe(first, { endpoint: receiver.url, events: ["tree.ready"] });
  const sender = startWebhooks(first.jobs, { guard: createAddressGuard(LOCAL), retriesMs: [1], timeoutMs: 60_000 });
  await readyTree(first, "main", MAIN);
  await readyTree(first, "vendor", VENDOR);
  await receiver.count(1);
  await sender.close();
  assert.deepEqual(
    (await deliveries(first, webhook)).map(({ state, attempts }) => [state, attempts]),
    [
      ["pending", 0],
      ["pending", 0],
    ],
  );
  await first.stop();

  receiver.statuses = [200];
  const second = await start(t, { database, mirror });
  send(t, second);
  const rows = await settled(second, webhook, 2);
  assert.deepEqual(
    rows.map(({ state, attempts }) => [state, attempts]),
    [
      ["delivered", 1],
      ["delivered", 1],
    ],
  );
  const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
  assert.equal(ids.length, 3);
  assert.equal(new Set(ids).size, 2);
});

test("an event and its deliveries are written together or not at all", async (t) => {
  const service = await start(t);
  const webhook = await subscribe(service, { endpoint: "https://hooks.example.org/x", events: ["tree.ready", "tree.failed"] });
  const { db } = service.jobs;
  await db.schema.alterTable("deliveries").renameTo("hidden").execute();
  await service.app.inject({ method: "PUT", url: "/v1/trees/main", payload: MAIN });
  await until(
    () => service.logged(),
    (text) => text.includes("job failed unexpectedly"),
  );
  const ended = await db.selectFrom("events").select("seq").where("type", "=", "completed").execute();
  assert.deepEqual(ended, []);
  assert.notEqual((await service.app.inject("/v1/trees/main")).json().state, "ready");
  await db.schema
    .alterTable("hidden" as "deliveries")
    .renameTo("deliveries")
    .execute();
  assert.deepEqual(await deliveries(service, webhook), []);
});
