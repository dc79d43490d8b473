import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

test("a damaged mirror is told by name and spoils no answer; without it the next start fetches the trees again", async (t) => {
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
    return { api: createApiClient(service.url), patient, stop };
  };
  const ask = (commit: string) => ({ target: "vendor", commits: [trees.commits[commit] ?? ""] });

  const first = await start();
  await first.patient.putTree("mainline", { remote: trees.mainline, ref: "master", role: "mainline" });
  await first.patient.putTree("vendor", { remote: trees.vendor, ref: "vendor-1.0", role: "vendor" });
  for (const id of ["mainline", "vendor"]) await first.patient.treeReady(id, () => {});
  const before = await first.patient.analyse(ask("relay-count"), () => {});
  await first.stop();

  const packs = join(data, "mirror.git/objects/pack");
  for (const name of readdirSync(packs)) if (name.endsWith(".pack")) spoil(join(packs, name));
  const second = await start();
  const asked = bodyOf(await second.api.POST("/v1/analyses", { params: { query: { wait: 60 } }, body: ask("relay-down") }));
  assert.deepEqual([asked.conclusion, asked.problem?.code], ["failure", "mirror-damaged"]);
  const path = { tree: "vendor", oid: trees.commits["relay-down"] ?? "" };
  assert.equal((await second.api.GET("/v1/trees/{tree}/commits/{oid}", { params: { path } })).error?.code, "mirror-damaged");
  const kept = bodyOf(await second.api.GET("/v1/analyses/{id}", { params: { path: { id: before.id } } }));
  assert.equal(kept.verdict, before.verdict);
  await second.stop();

  rmSync(join(data, "mirror.git"), { recursive: true });
  const third = await start();
  const verdict = await until(
    async () => (await third.api.POST("/v1/analyses", { params: { query: { wait: 60 } }, body: ask("relay-down") })).data?.verdict ?? null,
    (value) => value !== null,
    120_000,
  );
  assert.notEqual(verdict, "inconclusive");
});
