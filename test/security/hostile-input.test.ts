import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { looksLikePatch, PatchSyntaxError, parsePatch } from "../../src/patch/parse.ts";
import { isSafePath, requireSafePaths } from "../../src/patch/safe-paths.ts";
import { ApiProblem } from "../../src/problems.ts";
import { readReferences } from "../../src/rules/read-references.ts";
import { git, temporaryDirectory } from "../git/fixture.ts";
import { startReadyService } from "../http/support.ts";
import { startTestService } from "../support/service.ts";

const newFile = (path: string) => `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+x\n`;
const TRAVERSING = ["../x", "a/../../x", "/etc/passwd", ".git/hooks/post-checkout", "a/.GIT/config", "a//b", "./x", "a/.", ".."];
const HARMLESS = ["a/b.c", "...", "a/..b", ".gitignore", ".github/x", "a.git/x", "dir/file name", "-x"];

test("a patch whose paths lead out of the tree is refused, as git refuses it", (t) => {
  const repository = join(temporaryDirectory(t), "work");
  git("/", ["init", "--quiet", repository]);
  for (const path of [...TRAVERSING, ...HARMLESS]) {
    const expected = HARMLESS.includes(path);
    assert.equal(isSafePath(path), expected, path);
    const patch = newFile(path);
    const judged = spawnSync("git", ["apply", "--index", "-"], { cwd: repository, input: patch }).status === 0;
    assert.equal(judged, expected, `git about ${path}`);
    const check = () => requireSafePaths(parsePatch(patch));
    if (expected) check();
    else assert.throws(check, (error) => error instanceof ApiProblem && error.code === "patch-unsafe", path);
  }
  const renamed = "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to ../../y\n";
  assert.throws(() => requireSafePaths(parsePatch(renamed)), { code: "patch-unsafe" });
  assert.throws(() => requireSafePaths(parsePatch(newFile("x").replace("+++ b/x", '+++ "b/\\056\\056/x"'))), { code: "patch-unsafe" });
});

test("the service says so by name when a patch that leads out of the tree is uploaded", async (t) => {
  const repository = join(temporaryDirectory(t), "work");
  git("/", ["init", "--quiet", "--bare", repository]);
  const commit = (branch: string) =>
    `commit refs/heads/${branch}\ncommitter A <a@example.org> 1600000000 +0000\ndata 2\nx\n\nM 100644 inline a.c\ndata 2\nx\n\n`;
  git(repository, ["fast-import", "--quiet"], commit("main") + commit("vendor"));
  const service = await startTestService();
  t.after(() => service.stop());
  await service.addTree("main", { remote: repository, ref: "main", role: "mainline" });
  await service.addTree("vendor", { remote: repository, ref: "vendor", role: "vendor" });
  const body = JSON.stringify({ target: "vendor", patch: newFile("../../etc/cron.d/x") });
  const answer = await fetch(`${service.url}/v1/analyses?wait=30`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const analysis = (await answer.json()) as { conclusion: string; problem: { code: string; status: number } };
  assert.deepEqual([analysis.conclusion, analysis.problem.code, analysis.problem.status], ["failure", "patch-unsafe", 422]);
});

test("arguments, helpers and other protocols are no remotes; options are no refs", async (t) => {
  const { app, mirror } = await startReadyService(t);
  const before = mirror.fetched.length;
  for (const remote of [
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=x",
    "ext::sh -c id",
    "ext::sh",
    "fd::0",
    "file:///etc",
    "/etc",
    "http://git.example.org/x",
    "ssh://-oProxyCommand=id/x",
    "git@-oProxyCommand=id:x",
  ]) {
    const response = await app.inject({ method: "PUT", url: "/v1/trees/x", payload: { remote, ref: "main", role: "stable" } });
    assert.equal(response.statusCode, 400, remote);
    assert.ok(["remote-not-allowed", "invalid-request"].includes(response.json().code), remote);
  }
  for (const ref of ["--upload-pack=x", "-x", "a..b", "a b", "refs/heads/x:refs/heads/y", "+refs/heads/*", "x\n", "@{u}", "x.lock", "^x"]) {
    const response = await app.inject({
      method: "PUT",
      url: "/v1/trees/x",
      payload: { remote: "https://git.example.org/x", ref, role: "stable" },
    });
    assert.deepEqual([response.statusCode, response.json().code], [400, "invalid-request"], ref);
  }
  assert.equal(mirror.fetched.length, before);
});

/** Texts that make careless expressions and parsers slow: long runs of what they look for, without the end. */
const REPEATED = [
  "diff --git ",
  "diff --git a/x b/x\n",
  "--- a/x\n",
  "--- a\n+++ b\n",
  "@@ -1 +1 @@\n",
  "@@ -1,999999999 +1,999999999 @@\n",
  "rename from x\n",
  '"',
  '"\\',
  " ",
  "\n",
  "\t",
  "commit ",
  "[ Upstream commit ",
  "Fixes: ",
  "0123456789abcdef",
  "cherry picked from commit ",
  "(",
  "upstream.\n",
];
const LENGTH = 2_000_000;
/** Linear time is well below a second; quadratic time would be hours. */
const LIMIT_MS = 60_000;

test("patches and messages that are made to be slow are read in linear time", () => {
  for (const fragment of REPEATED) {
    for (const start of ["", "diff --git a/x b/x\n", "subject\n\n"]) {
      const text = start + fragment.repeat(LENGTH / fragment.length);
      const began = performance.now();
      looksLikePatch(text);
      try {
        parsePatch(text);
      } catch (error) {
        assert.ok(error instanceof PatchSyntaxError, String(error));
      }
      readReferences(text);
      const took = performance.now() - began;
      assert.ok(took < LIMIT_MS, `${JSON.stringify(start + fragment)}: ${took} ms`);
    }
  }
});
