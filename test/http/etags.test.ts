import assert from "node:assert/strict";
import { test } from "node:test";
import { gate, MAIN, NO_CANDIDATE, passed, readyTree, startReadyService, type TestService } from "./support.ts";

const get = (service: TestService, url: string, headers: Record<string, string> = {}) => service.app.inject({ url, headers });
const ask = async (service: TestService, commit: string, query = "?wait=10") =>
  (await service.app.inject({ method: "POST", url: `/v1/analyses${query}`, payload: { target: "vendor", commits: [commit] } })).json();

test("a completed analysis never changes: clients may keep it, and one who has it gets 304", async (t) => {
  const service = await startReadyService(t);
  const { url } = await ask(service, "1111111");
  const first = await get(service, url);
  const etag = String(first.headers.etag);
  assert.match(etag, /^"[\w-]{27}"$/);
  assert.equal(first.headers["cache-control"], "private, max-age=31536000, immutable");
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const again = await get(service, url, { "if-none-match": known });
    assert.deepEqual([again.statusCode, again.body, again.headers.etag], [304, "", etag], known);
  }
  assert.equal((await get(service, url, { "if-none-match": '"other"' })).statusCode, 200);
  const text = await get(service, url, { accept: "text/markdown", "if-none-match": etag });
  assert.equal(text.statusCode, 200, "another form has another tag");
  const head = await service.app.inject({ method: "HEAD", url });
  assert.deepEqual([head.statusCode, head.headers.etag], [200, etag]);
});

test("what may still change is asked again: analyses that run, failed or were cancelled, trees and lists", async (t) => {
  const service = await startReadyService(t);
  const slow = gate();
  service.workers.answers.analyse = async (_task, { signal }) => {
    await passed(slow.promise, signal);
    throw new Error("no");
  };
  const { url } = await ask(service, "1111111", "");
  assert.equal((await get(service, url)).headers["cache-control"], "no-cache");
  slow.open();
  const failed = await get(service, `${url}?wait=10`);
  assert.deepEqual([failed.json().conclusion, failed.headers["cache-control"]], ["failure", "no-cache"]);
  service.workers.answers.analyse = async () => NO_CANDIDATE;
  assert.equal((await ask(service, "1111111")).conclusion, "success");
  assert.equal((await get(service, url, { "if-none-match": String(failed.headers.etag) })).statusCode, 200);

  const trees = await get(service, "/v1/trees");
  const etag = String(trees.headers.etag);
  assert.equal(trees.headers["cache-control"], "no-cache");
  assert.equal((await get(service, "/v1/trees", { "if-none-match": etag })).statusCode, 304);
  await readyTree(service, "stable", { ...MAIN, role: "stable" });
  assert.equal((await get(service, "/v1/trees", { "if-none-match": etag })).statusCode, 200);
});

test("answers to POST, problems and event streams have no tag", async (t) => {
  const service = await startReadyService(t);
  const posted = await service.app.inject({ method: "POST", url: "/v1/analyses", payload: { target: "vendor", commits: ["1111111"] } });
  const missing = await get(service, "/v1/trees/nope", { "if-none-match": "*" });
  const events = await get(service, "/v1/trees/main/events", { accept: "text/event-stream" });
  assert.deepEqual([posted.statusCode, missing.statusCode, events.statusCode], [202, 404, 200]);
  for (const { headers } of [posted, missing, events]) assert.equal(headers.etag, undefined);
});
