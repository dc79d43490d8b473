import assert from "node:assert/strict";
import { test } from "node:test";
import { makeToken } from "../../src/auth/token-text.ts";
import { startWebhooks } from "../../src/jobs/webhook-dispatcher.ts";
import { createLog } from "../../src/log.ts";
import { createAddressGuard } from "../../src/net/address-guard.ts";
import { addToken } from "../../src/store/tokens.ts";
import { MAIN, readyTree, startReadyService, startTestService, until } from "../http/support.ts";
import { startReceiver } from "./receiver.ts";

type Line = Readonly<Record<string, unknown>>;

const linesOf = (text: string): Line[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

test("tokens and secrets are taken out of every line, wherever a caller or an error put them; the id of a token stays", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line: string) => void lines.push(line) });
  const { id, text } = makeToken();
  const secret = text.slice(-43);
  const webhook = `whsec_${Buffer.alloc(32, 251).toString("base64")}`;
  log.info({ req: { url: `/v1/trees?token=${text}`, headers: { authorization: `Bearer ${text}` } } }, `called with ${text}`);
  log.error({ err: new Error(`wrong: ${text} ${webhook}`), secret: webhook, hook: { secret: webhook }, list: [webhook] }, "failed");
  const all = lines.join("");
  assert.ok(!all.includes(secret) && !all.includes(webhook.slice(6)), all);
  assert.ok(all.includes(`bpd_${id}_[redacted]`));
  assert.equal(linesOf(all).length, 2);
});

test("each line of a request has its id and that of its token; each line of a job has its resource", async (t) => {
  const service = await startReadyService(t);
  const { id, text, hash } = makeToken();
  await addToken(service.jobs.db, { id, name: "ci", scope: "admin", hash }, new Date().toISOString());
  const headers = { authorization: `Bearer ${text}`, "x-request-id": "req-42" };
  const answer = await service.app.inject({
    method: "POST",
    url: "/v1/analyses?wait=10",
    headers,
    payload: { target: "vendor", commits: ["1111111"] },
  });
  const analysis: string = answer.json().id;
  const lines = linesOf(service.logged());
  const completed = lines.find(({ msg, reqId }) => msg === "request completed" && reqId === "req-42");
  assert.equal(completed?.token, id);
  assert.equal(lines.find(({ msg }) => msg === "analysis is completed")?.analysis, analysis);
  assert.equal(lines.find(({ msg }) => msg === "tree is ready")?.tree, "main");
  assert.ok(!service.logged().includes(text.slice(-43)));
});

test("an unexpected error is found in the log by the request id that the answer gives", async (t) => {
  const service = await startReadyService(t);
  service.workers.answers.commit = async () => {
    throw new Error("the cause");
  };
  const { requestId } = (await service.app.inject("/v1/trees/main/commits/abcdef1")).json();
  const line = linesOf(service.logged()).find(({ reqId, msg }) => reqId === requestId && msg === "request failed");
  assert.ok(line !== undefined && service.logged().includes("the cause"));
});

test("deliveries are logged by id, without what they say and without the secret", async (t) => {
  const receiver = await startReceiver(t, 200);
  const service = await startTestService(t, { privateNetworks: ["127.0.0.0/8"] });
  const hook = (
    await service.app.inject({
      method: "POST",
      url: "/v1/webhooks",
      headers: { "idempotency-key": "k" },
      payload: { endpoint: `${receiver.url}?key=hidden` },
    })
  ).json();
  const sender = startWebhooks(service.jobs, { guard: createAddressGuard(["127.0.0.0/8"]), retriesMs: [], timeoutMs: 20_000 });
  t.after(() => sender.close());
  await readyTree(service, "main", MAIN);
  await until(
    () => service.logged(),
    (text) => text.includes("webhook attempt"),
  );
  const line = linesOf(service.logged()).find(({ msg }) => msg === "webhook attempt");
  assert.deepEqual([line?.webhook, line?.delivery, line?.status], [hook.id, receiver.received[0]?.headers["webhook-id"], 200]);
  assert.ok(!service.logged().includes("hidden") && !service.logged().includes("whsec_"));
});
