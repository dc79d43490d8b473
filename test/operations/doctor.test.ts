import assert from "node:assert/strict";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildExampleTrees } from "../../examples/build-trees.ts";
import { readConfig } from "../../src/config.ts";
import { createClient } from "../../src/demo/client.ts";
import { runDoctor } from "../../src/doctor.ts";
import { createLog, startService } from "../../src/server.ts";
import { temporaryDirectory } from "../http/support.ts";

test("the doctor says what is well, and names what is not", async (t) => {
  const directory = temporaryDirectory(t);
  const data = join(directory, "data");
  const environment = { BACKPORTD_DATA: data, BACKPORTD_PORT: "0", BACKPORTD_ALLOW_FILE_REMOTES: "1" };
  const ask = async () => {
    const lines: string[] = [];
    const code = await runDoctor(environment, (line) => void lines.push(line));
    return { code, line: (name: string) => lines.find((one) => one.slice(6).startsWith(`${name}:`)) ?? assert.fail(`no line ${name}`) };
  };
  const empty = await ask();
  for (const name of ["node", "git", "permissions", "state", "mirror", "index"]) assert.match(empty.line(name), /^ok/);

  const trees = await buildExampleTrees(join(directory, "trees"));
  const service = await startService(readConfig(environment), createLog("silent"));
  const client = createClient(service.url, AbortSignal.timeout(120_000));
  await client.putTree("mainline", { remote: trees.mainline, ref: "master", role: "mainline" });
  await client.treeReady("mainline", () => {});
  const running = await ask();
  assert.match(running.line("lock"), /a running backportd/);
  assert.match(running.line("state"), /^ok .*1 trees/);
  assert.match(running.line("mirror"), /^ok .*1 trees/);
  assert.match(running.line("index"), /^ok .*1 trees/);
  await service.stop();

  chmodSync(data, 0o755);
  rmSync(join(data, "mirror.git", "objects"), { recursive: true });
  rmSync(join(data, "index.sqlite"));
  const broken = await ask();
  assert.equal(broken.code, 1);
  for (const name of ["permissions", "mirror", "index"]) assert.match(broken.line(name), /^FAIL/);
});
