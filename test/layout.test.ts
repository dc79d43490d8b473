import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../src", import.meta.url));
const MAX_LINES = 350;

/**
 * Which parts a part of src may import, besides itself and problems.ts (docs/architecture.md). A part is a folder, or a file that
 * lies directly in src.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  "problems.ts": ["schema"],
  "config.ts": ["net"],
  "log.ts": [],
  "compiled-code.ts": [],
  "thread-options.ts": [],
  "metrics.ts": [],
  rules: ["schema"],
  report: ["schema"],
  crash: ["rules", "schema"],
  net: [],
  git: ["net", "schema"],
  source: ["git", "rules", "schema"],
  patch: ["git", "source", "rules", "schema"],
  history: ["git", "patch", "source", "rules", "schema"],
  analysis: ["history", "source", "patch", "git", "crash", "rules", "schema"],
  store: ["thread-options.ts", "schema"],
  auth: ["store", "schema"],
  jobs: [
    "metrics.ts",
    "compiled-code.ts",
    "thread-options.ts",
    "net",
    "store",
    "analysis",
    "history",
    "source",
    "patch",
    "git",
    "crash",
    "rules",
    "schema",
  ],
  routes: ["auth", "metrics.ts", "jobs", "store", "report", "git", "net", "schema", "config.ts"],
  dashboard: ["jobs", "store", "report", "schema"],
  "app.ts": ["routes", "dashboard", "jobs", "net"],
  "openapi.ts": ["app.ts", "jobs", "net", "store"],
  "server.ts": ["app.ts", "auth", "config.ts", "log.ts", "jobs", "net", "store", "git"],
  "token-command.ts": ["auth", "config.ts", "schema", "store"],
  "doctor.ts": ["config.ts", "git", "history", "store"],
  "backup-command.ts": ["config.ts", "store"],
  demo: ["report", "schema"],
  "demo.ts": ["demo", "report", "schema"],
  "cli.ts": ["server.ts", "compiled-code.ts", "jobs", "openapi.ts", "doctor.ts", "demo.ts", "token-command.ts", "backup-command.ts"],
};

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
const partOf = (file: string) => file.split("/")[0] ?? file;

/** Relative imports of a module, static and dynamic, as paths below src. */
function importsOf(file: string, text: string): string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"(\.[^"]+)"/g)].map(([, specifier]) => specifier ?? "");
  return specifiers.map((specifier) => relative(SRC, resolve(dirname(join(SRC, file)), specifier)));
}

function violations(file: string, text: string): string[] {
  const part = partOf(file);
  const allowed = ALLOWED[part];
  if (allowed === undefined) return [`${file}: "${part}" is not a known part of src`];
  const wrong = importsOf(file, text).filter((target) => {
    if (target.startsWith("..")) return false;
    const other = partOf(target);
    return other !== part && other !== "problems.ts" && !allowed.includes(other);
  });
  return wrong.map((target) => `${file} must not import ${target}`);
}

test("imports go in one direction", () => {
  assert.ok(files.length > 30);
  assert.deepEqual(
    files.flatMap((file) => violations(file, readFileSync(join(SRC, file), "utf8"))),
    [],
  );
});

test("the check sees what it forbids", () => {
  assert.equal(violations("rules/a.ts", 'import { x } from "../git/process.ts";').length, 1);
  assert.equal(violations("git/a.ts", 'import type { X } from "../analysis/analyze.ts";').length, 1);
  assert.equal(violations("schema/a.ts", 'const m = await import("../jobs/jobs.ts");').length, 1);
  assert.equal(violations("report/a.ts", 'export * from "../store/trees.ts";').length, 1);
  assert.equal(violations("analysis/a.ts", 'import { x } from "../git/process.ts";\nimport { y } from "./b.ts";').length, 0);
});

test("files can be read in one sitting", () => {
  const long = files.filter((file) => readFileSync(join(SRC, file), "utf8").split("\n").length - 1 > MAX_LINES);
  assert.deepEqual(long, []);
});

test("the environment is read in three places, and the git binary is started in one folder", () => {
  const text = (file: string) => readFileSync(join(SRC, file), "utf8");
  const readers = files.filter((file) => /process\.env\b/.test(text(file)));
  assert.deepEqual(readers.sort(), ["cli.ts", "git/process.ts", "server.ts"]);
  const starters = files.filter((file) => /(?:spawn|spawnSync|execFile|execFileSync)\(\s*"git"/.test(text(file)));
  assert.deepEqual(
    starters.map(partOf),
    starters.map(() => "git"),
  );
});
