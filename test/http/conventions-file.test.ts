import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readConfig } from "../../src/config.ts";
import { ConventionsError, readConventions } from "../../src/jobs/conventions-file.ts";
import { readVersions } from "../../src/jobs/versions.ts";
import { startReadyService, temporaryDirectory } from "./support.ts";

const ROW = { id: "acme", kind: "backport_of", line: "Acme: {oid}", sample: "Acme: 1234567890ab" };

test("the setting names a JSON file; none means no own conventions", async (t) => {
  const file = join(temporaryDirectory(t), "conventions.json");
  writeFileSync(file, JSON.stringify({ conventions: [ROW] }));
  const { conventionsFile } = readConfig({ BACKPORTD_REFERENCE_CONVENTIONS: file });
  assert.deepEqual(await readConventions(conventionsFile), [{ ...ROW, indented: false }]);
  assert.deepEqual(await readConventions(readConfig({}).conventionsFile), []);
});

test("a file that is not there, no JSON, or wrong is told to the operator", async (t) => {
  const file = join(temporaryDirectory(t), "conventions.json");
  const refused = (reason: RegExp) =>
    assert.rejects(readConventions(file), (error) => error instanceof ConventionsError && reason.test(error.message));
  await refused(/ENOENT/);
  writeFileSync(file, "{");
  await refused(/JSON/);
  writeFileSync(file, JSON.stringify({ conventions: [{ ...ROW, line: "Acme" }] }));
  await refused(/conventions\.0\.line: must hold \{oid\} once/);
});

test("own conventions are part of the rules version, since answers depend on them", async (t) => {
  const file = join(temporaryDirectory(t), "conventions.json");
  writeFileSync(file, JSON.stringify({ conventions: [ROW] }));
  const root = fileURLToPath(new URL("../../src", import.meta.url));
  const [without, own] = [readVersions(root, "1.0.0"), readVersions(root, "1.0.0", await readConventions(file))];
  assert.notEqual(own.rulesVersion, without.rulesVersion);
  assert.equal(own.engineVersion, without.engineVersion);
});

test("every index task carries them", async (t) => {
  const conventions = [{ ...ROW, kind: "backport_of" as const, indented: false }];
  const service = await startReadyService(t, { conventions });
  const carried = service.workers.ran.flatMap((task) => (task.kind === "index" ? [task.conventions] : []));
  assert.deepEqual(carried, [conventions, conventions]);
});
