import assert from "node:assert/strict";
import { test } from "node:test";
import { startWebhooks } from "../../src/jobs/webhook-dispatcher.ts";
import { createAddressGuard } from "../../src/net/address-guard.ts";
import type { NewWebhook } from "../../src/schema/webhook.ts";
import { MAIN, readyTree, startTestService } from "../http/support.ts";
import { deliveries, settled, start, subscribe } from "./webhook-support.ts";

test("private endpoints are refused, at once when they are addresses and at the connection when they are names", async (t) => {
  const service = await startTestService(t);
  const post = (endpoint: string) =>
    service.app.inject({ method: "POST", url: "/v1/webhooks", headers: { "idempotency-key": endpoint }, payload: { endpoint } });
  for (const endpoint of [
    "http://127.0.0.1/x",
    "https://10.0.0.1/x",
    "http://0x7f.1/x",
    "http://[::1]:80/x",
    "https://localhost/x",
    "https://a.localhost./x",
    "https://169.254.169.254/",
    "https://user:pass@hooks.example.org/x",
  ]) {
    const response = await post(endpoint);
    assert.deepEqual(
      [response.statusCode, response.json().code, response.json().errors[0].pointer],
      [400, "target-not-allowed", "/endpoint"],
      endpoint,
    );
  }
  for (const endpoint of ["ftp://hooks.example.org/x", "file:///etc/passwd", "javascript:alert(1)", "hooks.example.org", "https://"]) {
    assert.equal((await post(endpoint)).json().code, "invalid-request", endpoint);
  }
  const webhook = await subscribe(service, { endpoint: "https://inside.example.org/x", events: ["tree.ready"] });
  const guard = createAddressGuard([], (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]));
  const sender = startWebhooks(service.jobs, { guard, retriesMs: [], timeoutMs: 20_000 });
  t.after(() => sender.close());
  await readyTree(service, "main", MAIN);
  const [row] = await settled(service, webhook);
  assert.match(row?.lastError ?? "", /inside\.example\.org is on a private or reserved address/);
});

test("creating a webhook twice with one key creates one; another one with that key is refused; the secret is shown nowhere else", async (t) => {
  const service = await startTestService(t);
  const payload = { endpoint: "https://hooks.example.org/x", events: ["tree.ready", "tree.failed"] };
  const post = (key: string | undefined, body: object) =>
    service.app.inject({
      method: "POST",
      url: "/v1/webhooks",
      headers: key === undefined ? {} : { "idempotency-key": key },
      payload: body,
    });
  const [first, second] = await Promise.all([post("k", payload), post("k", { ...payload, events: ["tree.failed", "tree.ready"] })]);
  assert.deepEqual([first.statusCode, second.statusCode], [201, 201]);
  assert.deepEqual(first.json(), second.json());
  assert.equal(Buffer.from(first.json().secret.slice(6), "base64").length, 32);
  const other = await post("k", { ...payload, description: "x" });
  assert.deepEqual([other.statusCode, other.json().code], [422, "idempotency-key-reused"]);
  const none = await post(undefined, payload);
  assert.deepEqual([none.statusCode, none.json().errors[0].pointer], [400, "/idempotency-key"]);
  for (const url of ["/v1/webhooks", first.json().url]) {
    const { body } = await service.app.inject(url);
    assert.ok(!body.includes("whsec_") && !body.includes('"k"'), body);
  }
  assert.ok(!service.logged().includes("whsec_"));
});

test("webhooks are listed page by page, removed with their deliveries, and limited in number", async (t) => {
  const service = await start(t);
  const hooks: NewWebhook[] = [];
  for (let at = 0; at < 5; at++) hooks.push(await subscribe(service, { endpoint: `https://hooks.example.org/${at}` }));
  const seen: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: { items: { id: string }[]; nextCursor: string | null } = (
      await service.app.inject(`/v1/webhooks?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)
    ).json();
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  assert.deepEqual(seen.sort(), hooks.map(({ id }) => id).sort());
  await readyTree(service, "main", MAIN);
  const [hook] = hooks as [NewWebhook];
  const [delivery] = await deliveries(service, hook);
  assert.equal((await service.app.inject(delivery?.url ?? "")).statusCode, 200);
  assert.equal((await service.app.inject({ method: "DELETE", url: hook.url })).statusCode, 204);
  for (const [method, url, code] of [
    ["GET", hook.url, "webhook-not-found"],
    ["DELETE", hook.url, "webhook-not-found"],
    ["GET", hook.deliveriesUrl, "webhook-not-found"],
    ["GET", `${hooks[1]?.url}/deliveries/${delivery?.id}`, "delivery-not-found"],
    ["POST", `${hooks[1]?.url}/deliveries/none/attempts`, "delivery-not-found"],
  ] as const) {
    const response = await service.app.inject({ method, url });
    assert.deepEqual([response.statusCode, response.json().code], [404, code], `${method} ${url}`);
  }
  assert.equal(await service.jobs.db.selectFrom("deliveries").select("id").where("webhook", "=", hook.id).executeTakeFirst(), undefined);
  for (let at = 5; at < 101; at++) await subscribe(service, { endpoint: `https://hooks.example.org/${at}` });
  const over = await service.app.inject({
    method: "POST",
    url: "/v1/webhooks",
    headers: { "idempotency-key": "over" },
    payload: { endpoint: "https://hooks.example.org/x" },
  });
  assert.deepEqual([over.statusCode, over.json().code], [409, "too-many-webhooks"]);
});
