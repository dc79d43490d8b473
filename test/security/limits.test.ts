import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fastify from "fastify";
import { pino } from "pino";
import { makeToken } from "../../src/auth/token-text.ts";
import type { App } from "../../src/routes/app.ts";
import { handleErrors } from "../../src/routes/errors.ts";
import { relievePressure } from "../../src/routes/pressure.ts";
import { Problem } from "../../src/schema/problem.ts";
import { addToken } from "../../src/store/tokens.ts";
import { startTestService, type TestService } from "../http/support.ts";

async function tokenHeaders({ jobs }: TestService): Promise<{ authorization: string }> {
  const { id, text, hash } = makeToken();
  await addToken(jobs.db, { id, name: "x", scope: "read", hash }, new Date().toISOString());
  return { authorization: `Bearer ${text}` };
}

test("each token has its own requests of a minute; the answer says how many remain, and when there are new ones", async (t) => {
  const service = await startTestService(t, { rateLimit: 3 });
  const [first, second] = [await tokenHeaders(service), await tokenHeaders(service)];
  for (const remaining of [2, 1, 0]) {
    const response = await service.app.inject({ url: "/v1/trees", headers: first });
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["ratelimit-policy"], '"default";q=3;w=60');
    assert.match(String(response.headers.ratelimit), new RegExp(`^"default";r=${remaining};t=\\d+$`));
  }
  const refused = await service.app.inject({ url: "/v1/trees", headers: first });
  assert.equal(refused.statusCode, 429);
  assert.deepEqual([Problem.parse(refused.json()).code, refused.json().retryable], ["rate-limited", true]);
  const after = Number(refused.headers["retry-after"]);
  assert.ok(after >= 1 && after <= 60, String(after));
  assert.equal(refused.headers.ratelimit, `"default";r=0;t=${after}`);
  assert.equal((await service.app.inject({ url: "/v1/trees", headers: second })).statusCode, 200);
});

test("callers without a token, with a wrong one, or on unknown routes are counted by address", async (t) => {
  const service = await startTestService(t, { rateLimit: 3, access: { loopback: false } });
  const wrong = { authorization: "Bearer x" };
  const statuses: number[] = [];
  for (const request of [
    { url: "/v1/trees" },
    { url: "/v1/trees", headers: wrong },
    { url: "/nothing" },
    { url: "/v1/trees", headers: wrong },
    { url: "/nothing" },
  ]) {
    statuses.push((await service.app.inject(request)).statusCode);
  }
  assert.deepEqual(statuses, [401, 401, 404, 429, 429]);
  assert.equal((await service.app.inject({ url: "/v1/trees", remoteAddress: "192.0.2.7" })).statusCode, 401);
  const network = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"];
  for (const [at, remoteAddress] of network.entries()) {
    assert.equal((await service.app.inject({ url: "/v1/trees", remoteAddress })).statusCode, at < 3 ? 401 : 429, remoteAddress);
  }
});

test("probes are never refused, nor is the person at the machine as long as there is no token", async (t) => {
  const service = await startTestService(t, { rateLimit: 1 });
  for (let round = 0; round < 5; round++) {
    for (const url of ["/healthz", "/readyz", "/v1/trees"]) assert.equal((await service.app.inject(url)).statusCode, 200, url);
  }
});

test("a body that unfolds is refused before it is read", async (t) => {
  const { app } = await startTestService(t);
  const payload = gzipSync(Buffer.alloc(10_000_000, " "));
  for (const encoding of ["gzip", "deflate", "br", "identity, gzip"]) {
    const headers = { "content-type": "application/json", "content-encoding": encoding };
    const response = await app.inject({ method: "POST", url: "/v1/analyses", headers, payload });
    assert.deepEqual([response.statusCode, response.json().code], [415, "unsupported-media-type"]);
  }
  const headers = { "content-type": "application/json", "content-encoding": "identity" };
  assert.equal((await app.inject({ method: "POST", url: "/v1/analyses", headers, payload: "{}" })).json().code, "invalid-request");
});

/** An app with nothing but the limits and a route that answers when it is told to. */
async function bareApp(limits: Parameters<typeof relievePressure>[1]) {
  const app = fastify({ loggerInstance: pino({ level: "silent" }), bodyLimit: limits.bodyLimit }) as unknown as App;
  handleErrors(app);
  relievePressure(app, limits);
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  const answer = async () => {
    waiting += 1;
    await promise;
    return {};
  };
  app.post("/v1/x", answer);
  app.get("/v1/x", answer);
  await app.ready();
  const waitFor = async (count: number) => {
    while (waiting < count) await new Promise((next) => setImmediate(next));
  };
  return { app, release: resolve, waitFor };
}

const isBusy = (response: { statusCode: number; headers: Record<string, unknown>; json(): { code: string } }) =>
  response.statusCode === 503 && response.headers["retry-after"] === "5" && response.json().code === "service-busy";

test("more bodies than memory has room for are refused, and taken again when the others are answered", async () => {
  const { app, release, waitFor } = await bareApp({ bodyLimit: 1000, heapUse: () => 0.5 });
  const post = () => app.inject({ method: "POST", url: "/v1/x", payload: { x: "y".repeat(950) } });
  const open = Array.from({ length: 33 }, post);
  await waitFor(33);
  assert.ok(isBusy(await post()));
  release();
  for (const response of await Promise.all(open)) assert.equal(response.statusCode, 200);
  assert.equal((await post()).statusCode, 200);
  await app.close();
});

test("a body without a length counts as the largest", async (t) => {
  const { app, release, waitFor } = await bareApp({ bodyLimit: 1000, heapUse: () => 0.5 });
  const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const chunked = () => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    );
    t.after(() => socket.destroy());
  };
  for (let at = 0; at < 32; at++) chunked();
  await waitFor(32);
  assert.ok(isBusy(await app.inject({ method: "POST", url: "/v1/x", payload: {} })));
  release();
  await app.close();
});

test("too many open requests, and a heap that is nearly full, are refused; reading needs no heap", async () => {
  const { app, release, waitFor } = await bareApp({ bodyLimit: 1000, openRequests: 2, heapUse: () => 0.95 });
  assert.ok(isBusy(await app.inject({ method: "POST", url: "/v1/x", payload: {} })));
  const open = [app.inject("/v1/x"), app.inject("/v1/x")];
  await waitFor(2);
  assert.ok(isBusy(await app.inject("/v1/x")));
  release();
  for (const response of await Promise.all(open)) assert.equal(response.statusCode, 200);
  assert.equal((await app.inject("/v1/x")).statusCode, 200);
  await app.close();
});
