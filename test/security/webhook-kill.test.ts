import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startService } from "../../src/demo/service-process.ts";
import { WebhookPayload } from "../../src/schema/webhook.ts";
import { git, temporaryDirectory } from "../git/fixture.ts";
import { until } from "../http/support.ts";
import { startReceiver } from "./receiver.ts";

/** More of them: WEBHOOK_KILLS=200 npm test test/security/webhook-kill.test.ts */
const ROUNDS = Number(process.env.WEBHOOK_KILLS ?? 4);
const ASKED = 5;
const COMMITS = ROUNDS * ASKED;
const JSON_TYPE = { "content-type": "application/json" };

/** A mainline of commits on top of the vendor branch. Returns the ids of the commits. */
function buildOrigin(path: string): string[] {
  const commit = (ref: string, at: number, from: string) =>
    `commit ${ref}\ncommitter A <a@example.org> ${1_600_000_000 + at} +0000\ndata 11\nchange ${String(at).padStart(4, "0")}\n${from}M 100644 inline f${at}.c\ndata 2\nx\n\n`;
  git("/", ["init", "--quiet", "--bare", path]);
  const mainline = Array.from({ length: COMMITS }, (_, at) =>
    commit("refs/heads/main", at + 1, at === 0 ? "from refs/heads/vendor\n" : ""),
  );
  git(path, ["fast-import", "--quiet"], commit("refs/heads/vendor", 0, "") + mainline.join(""));
  return git(path, ["rev-list", "vendor..main"]).split("\n");
}

test("kill -9 at any moment: each end of an accepted job is delivered, under one id", async (t) => {
  const directory = temporaryDirectory(t);
  const origin = join(directory, "origin.git");
  const commits = buildOrigin(origin);
  const receiver = await startReceiver(t, 200);
  const environment = {
    PATH: process.env.PATH,
    BACKPORTD_PORT: "0",
    BACKPORTD_DATA: join(directory, "data"),
    BACKPORTD_ALLOW_FILE_REMOTES: "1",
    BACKPORTD_PRIVATE_NETWORKS: "127.0.0.0/8",
  };
  const accepted = new Set<string>();
  const call = async (url: string, method: string, path: string, body?: object, headers = {}) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } };
    const response = await fetch(`${url}${path}`, { method, ...content });
    return { status: response.status, body: (await response.json()) as { id: string; url: string; state?: string; conclusion?: string } };
  };
  for (let round = 0; round <= ROUNDS; round++) {
    const service = await startService(environment);
    t.after(() => service.stop());
    // The same key each time: the service knows it already.
    const subscribed = await call(service.url, "POST", "/v1/webhooks", { endpoint: receiver.url }, { "idempotency-key": "one" });
    assert.equal(subscribed.status, 201);
    for (const [id, role] of [
      ["main", "mainline"],
      ["vendor", "vendor"],
    ] as const) {
      await call(service.url, "PUT", `/v1/trees/${id}`, { remote: origin, ref: id, role });
      await until(
        () => call(service.url, "GET", `/v1/trees/${id}`),
        ({ body }) => body.state === "ready",
        60_000,
      );
    }
    if (round === ROUNDS) {
      for (const path of accepted)
        await until(
          () => call(service.url, "GET", path),
          ({ body }) => body.conclusion === "success",
          60_000,
        );
      const delivered = () => new Set(receiver.received.map(({ body }) => WebhookPayload.parse(JSON.parse(body)).data.url));
      await until(delivered, (urls) => [...accepted].every((path) => urls.has(path)), 60_000);
      await service.stop();
      break;
    }
    const asked = commits.slice(round * ASKED, round * ASKED + ASKED).map(async (oid) => {
      // Killed before it answered: then nothing was accepted.
      const answer = await call(service.url, "POST", "/v1/analyses", { target: "vendor", commits: [oid] }).catch(() => null);
      if (answer !== null && answer.status === 202) accepted.add(answer.body.url);
    });
    // Every second time something has been accepted before.
    if (round % 2 === 0) await asked[0];
    await delay(Math.random() * 400);
    if (service.pid !== undefined) process.kill(service.pid, "SIGKILL");
    await Promise.all([service.exited, ...asked]);
  }
  assert.ok(accepted.size > 0);
  const ids = new Map<string, Set<unknown>>();
  for (const { headers, body } of receiver.received) {
    const { data, type } = WebhookPayload.parse(JSON.parse(body));
    if (type === "analysis.completed") ids.set(data.url, (ids.get(data.url) ?? new Set()).add(headers["webhook-id"]));
  }
  for (const [path, messages] of ids) assert.equal(messages.size, 1, path);
});
