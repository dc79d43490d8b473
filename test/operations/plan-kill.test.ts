import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { buildExampleTrees } from "../../examples/build-trees.ts";
import { startService } from "../../src/demo/service-process.ts";
import { temporaryDirectory, until } from "../http/support.ts";

/** More of them: PLAN_KILLS=100 npm test test/operations/plan-kill.test.ts */
const ROUNDS = Number(process.env.PLAN_KILLS ?? 4);
const ASKED = 3;

interface Shown {
  readonly completedAt: string | null;
  readonly conclusion: string | null;
}

test("kill -9 at any step of a plan: what was accepted is finished once, and what was finished stays as it was", async (t) => {
  const directory = temporaryDirectory(t);
  const trees = await buildExampleTrees(join(directory, "trees"));
  const environment = {
    PATH: process.env.PATH,
    BACKPORTD_PORT: "0",
    BACKPORTD_DATA: join(directory, "data"),
    BACKPORTD_ALLOW_FILE_REMOTES: "1",
  };
  const call = async (url: string, method: string, path: string, body?: object) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(`${url}${path}`, { method, ...content });
    const text = await response.text();
    return { status: response.status, location: response.headers.get("location") ?? "", text };
  };
  const oids = Object.values(trees.commits);
  // Each pair once: no two rounds ask for the same plan.
  const pairs = oids.flatMap((one, at) => oids.slice(at + 1).map((other) => [one, other]));
  const accepted = new Map<string, Shown | null>();
  const look = async (url: string, path: string): Promise<Shown> => {
    const { status, text } = await call(url, "GET", path);
    assert.equal(status, 200, `${path}: ${text}`);
    const shown = JSON.parse(text) as Shown;
    const before = accepted.get(path) ?? null;
    if (before !== null) assert.equal(shown.completedAt, before.completedAt, `${path} was completed twice`);
    if (shown.completedAt !== null) accepted.set(path, shown);
    return shown;
  };

  for (let round = 0; round < ROUNDS; round++) {
    const service = await startService(environment);
    t.after(() => service.stop());
    if (round === 0) {
      await call(service.url, "PUT", "/v1/trees/mainline", { remote: trees.mainline, ref: "master", role: "mainline" });
      await call(service.url, "PUT", "/v1/trees/vendor", { remote: trees.vendor, ref: "vendor-1.0", role: "vendor" });
      for (const id of ["mainline", "vendor"]) {
        await until(
          () => call(service.url, "GET", `/v1/trees/${id}`),
          ({ text }) => JSON.parse(text).state === "ready",
          60_000,
        );
      }
    }
    for (const path of accepted.keys()) await look(service.url, path);
    const asked = pairs.slice(round * ASKED, round * ASKED + ASKED).map(async (commits) => {
      // Killed before it answered: then nothing was accepted.
      const answer = await call(service.url, "POST", "/v1/plans", { target: "vendor", commits }).catch(() => null);
      if (answer?.status === 202) accepted.set(answer.location, null);
    });
    await asked[0];
    await delay(Math.random() * 700);
    if (service.pid !== undefined) process.kill(service.pid, "SIGKILL");
    await Promise.all([service.exited, ...asked]);
  }

  const last = await startService(environment);
  t.after(() => last.stop());
  assert.ok(accepted.size >= ROUNDS);
  for (const path of accepted.keys()) {
    const { conclusion } = await until(
      () => look(last.url, path),
      ({ completedAt }) => completedAt !== null,
      60_000,
    );
    assert.equal(conclusion, "success", path);
  }
  const { items } = JSON.parse((await call(last.url, "GET", "/v1/events?type=completed&limit=200")).text) as { items: { url: string }[] };
  for (const path of accepted.keys()) assert.equal(items.filter(({ url }) => url === path).length, 1, `ends of ${path}`);
});
