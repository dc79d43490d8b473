import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bodyOf, createApiClient } from "../../client/client.ts";
import { buildExampleTrees } from "../../examples/build-trees.ts";
import { readConfig } from "../../src/config.ts";
import { createClient } from "../../src/demo/client.ts";
import { createLog, startService } from "../../src/server.ts";
import { temporaryDirectory, until } from "../http/support.ts";

/** Inverts bytes all over a file. */
function spoil(file: string): void {
  chmodSync(file, 0o600);
  const bytes = readFileSync(file);
  for (let at = 200; at < bytes.length - 40; at += 97) bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  writeFileSync(file, bytes);
}

test("a damaged mirror is told by name, spoils no answer, and is fetched again by itself", async (t) => {
  const directory = temporaryDirectory(t);
  const data = join(directory, "data");
  const trees = await buildExampleTrees(join(directory, "trees"));
  const config = readConfig({ BACKPORTD_DATA: data, BACKPORTD_PORT: "0", BACKPORTD_ALLOW_FILE_REMOTES: "1" });
  const start = async () => {
    const service = await startService(config, createLog("silent"));
    let stopped: Promise<void> | null = null;
    const stop = () => {
      stopped ??= service.stop();
      return stopped;
    };
    t.after(stop);
    const patient = createClient(service.url, AbortSignal.timeout(300_000));
    return { api: createApiClient(service.url), url: service.url, patient, stop };
  };
  const ask = (commit: string) => ({ target: "vendor", commits: [trees.commits[commit] ?? ""] });
  const wait = { params: { query: { wait: 60 } } };

  const first = await start();
  await first.patient.putTree("mainline", { remote: trees.mainline, ref: "master", role: "mainline" });
  await first.patient.putTree("vendor", { remote: trees.vendor, ref: "vendor-1.0", role: "vendor" });
  for (const id of ["mainline", "vendor"]) await first.patient.treeReady(id, () => {});
  const before = await first.patient.analyse(ask("relay-count"), () => {});
  await first.stop();

  const packs = join(data, "mirror.git/objects/pack");
  for (const name of readdirSync(packs)) if (name.endsWith(".pack")) spoil(join(packs, name));
  // The remotes are away for the time being.
  renameSync(trees.mainline, `${trees.mainline}.away`);
  const second = await start();
  const asked = bodyOf(await second.api.POST("/v1/analyses", { ...wait, body: ask("relay-down") }));
  assert.deepEqual([asked.conclusion, asked.problem?.code], ["failure", "mirror-damaged"]);
  const path = { tree: "vendor", oid: trees.commits["relay-down"] ?? "" };
  assert.equal((await second.api.GET("/v1/trees/{tree}/commits/{oid}", { params: { path } })).error?.code, "mirror-damaged");
  const kept = bodyOf(await second.api.GET("/v1/analyses/{id}", { params: { path: { id: before.id } } }));
  assert.equal(kept.verdict, before.verdict);
  const metrics = async () => (await fetch(new URL("/metrics", second.url))).text();
  await until(metrics, (text) => text.includes('backportd_mirror_repairs_total{conclusion="failure"} 1'), 60_000);
  assert.match(await metrics(), /backportd_mirror_damaged 1/);
  const readiness = await fetch(new URL("/readyz", second.url));
  assert.equal(readiness.status, 503);
  assert.match(await readiness.text(), /the mirror is damaged/);
  const tree = bodyOf(await second.api.GET("/v1/trees/{tree}", { params: { path: { tree: "vendor" } } }));
  assert.deepEqual([tree.state, tree.problem?.code], ["ready", "remote-unreachable"]);
  await second.stop();

  renameSync(`${trees.mainline}.away`, trees.mainline);
  const third = await start();
  const again = bodyOf(await third.api.POST("/v1/analyses", { ...wait, body: ask("relay-down") }));
  assert.equal(again.problem?.code, "mirror-damaged");
  await until(
    async () => (await fetch(new URL("/metrics", third.url))).text(),
    (text) => text.includes('backportd_mirror_repairs_total{conclusion="success"} 1'),
    120_000,
  );
  // The same threads answer, whose git read from the damaged files before.
  const healed = bodyOf(await third.api.POST("/v1/analyses", { ...wait, body: ask("relay-down") }));
  assert.deepEqual([healed.conclusion, healed.problem], ["success", null]);
  assert.notEqual(healed.verdict, "inconclusive");
  assert.equal((await fetch(new URL("/readyz", third.url))).status, 200);
  assert.deepEqual(
    readdirSync(data).filter((name) => name.startsWith("mirror.git.fresh")),
    [],
  );
});

test("a lost mirror is fetched again by the next start", async (t) => {
  const directory = temporaryDirectory(t);
  const data = join(directory, "data");
  const trees = await buildExampleTrees(join(directory, "trees"));
  const config = readConfig({ BACKPORTD_DATA: data, BACKPORTD_PORT: "0", BACKPORTD_ALLOW_FILE_REMOTES: "1" });
  const first = await startService(config, createLog("silent"));
  const client = createClient(first.url, AbortSignal.timeout(300_000));
  await client.putTree("mainline", { remote: trees.mainline, ref: "master", role: "mainline" });
  await client.treeReady("mainline", () => {});
  await first.stop();
  rmSync(join(data, "mirror.git"), { recursive: true });
  const second = await startService(config, createLog("silent"));
  t.after(() => second.stop());
  await until(
    () => existsSync(join(data, "mirror.git/packed-refs")),
    (there) => there,
    60_000,
  );
});
