import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startService } from "../../src/demo/service-process.ts";
import { temporaryDirectory, until } from "../http/support.ts";

test("compiled code is kept where only the owner can put some, also by a service that is killed", async (t) => {
  const data = join(temporaryDirectory(t), "data");
  const environment = { PATH: process.env.PATH, BACKPORTD_PORT: "0", BACKPORTD_DATA: data };
  const service = await startService(environment);
  t.after(() => service.stop());
  const kept = join(data, "compiled-code");
  const files = () => readdirSync(kept, { recursive: true }).length;
  await until(files, (count) => count > 100, 20_000);
  for (const directory of [data, kept]) assert.equal(statSync(directory).mode & 0o077, 0, directory);
  if (service.pid !== undefined) process.kill(service.pid, "SIGKILL");
  await service.exited;
  assert.ok(files() > 100);

  const next = await startService(environment);
  t.after(() => next.stop());
  assert.equal((await fetch(new URL("/readyz", next.url))).status, 200);
});

test("a service starts without a place for compiled code", async (t) => {
  const data = join(temporaryDirectory(t), "data");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(data, "compiled-code"), "");
  const service = await startService({ PATH: process.env.PATH, BACKPORTD_PORT: "0", BACKPORTD_DATA: data });
  t.after(() => service.stop());
  assert.equal((await fetch(new URL("/healthz", service.url))).status, 200);
});
