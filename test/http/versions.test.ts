import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readVersions } from "../../src/jobs/versions.ts";
import { temporaryDirectory } from "./support.ts";

test("a changed rule changes the rules version, a changed stage the engine version, and nothing else does", (t) => {
  const root = temporaryDirectory(t);
  const write = (file: string, text: string) => writeFileSync(join(root, file), text);
  for (const folder of ["rules", "analysis", "crash", "git", "history", "patch", "schema", "source", "routes"]) {
    mkdirSync(join(root, folder));
    write(`${folder}/a.ts`, "1");
  }
  const first = readVersions(root, "1.2.3");
  assert.match(first.engineVersion, /^1\.2\.3\+[0-9a-f]{12}$/);
  write("routes/a.ts", "2");
  write("rules/note.md", "2");
  assert.deepEqual(readVersions(root, "1.2.3"), first);
  write("rules/a.ts", "2");
  const second = readVersions(root, "1.2.3");
  assert.notEqual(second.rulesVersion, first.rulesVersion);
  assert.equal(second.engineVersion, first.engineVersion);
  write("history/a.ts", "2");
  const third = readVersions(root, "1.2.3");
  assert.equal(third.rulesVersion, second.rulesVersion);
  assert.notEqual(third.engineVersion, second.engineVersion);
});
