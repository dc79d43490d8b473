import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { MissingObject } from "../../src/git/missing-object.ts";
import { CommitStatus } from "../../src/schema/analysis.ts";
import type { TreeRole } from "../../src/schema/common.ts";
import type { Fetch, Tree } from "../../src/schema/tree.ts";
import { git, gitSucceeds, open, temporaryDirectory } from "../git/fixture.ts";
import { until } from "../http/support.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { type Entry, hostileRepository } from "./hostile-repository.ts";

let service: TestService;
before(async () => {
  service = await startTestService();
});
after(() => service.stop());

/** Anything but a line feed that a terminal would obey, and what is not seen. */
const STEERING = /[^\P{Cc}\n]|\p{Cf}/u;
const code = (value: number) => `int f(void)\n{\n\treturn ${value};\n}\n`;
const JSON_TYPE = { "content-type": "application/json" };

async function textOfAnalysis(target: string, oid: string, upstream: string): Promise<string> {
  const body = JSON.stringify({ target, commits: [oid], upstreams: [upstream] });
  const posted = await fetch(`${service.url}/v1/analyses?wait=60`, {
    method: "POST",
    headers: { ...JSON_TYPE, accept: "text/markdown" },
    body,
  });
  assert.equal(posted.status, 202);
  return posted.text();
}

async function commitStatus(tree: string, oid: string): Promise<CommitStatus> {
  const answer = await fetch(`${service.url}/v1/trees/${tree}/commits/${oid}`);
  const body: unknown = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  return CommitStatus.parse(body);
}

const register = (id: string, remote: string, ref: string, role: TreeRole) => service.addTree(id, { remote, ref, role });

test("names of files, links, messages and authors that are meant to harm are data, and come out harmless", async (t) => {
  const repository = hostileRepository(t);
  const { blob, tree, commit } = repository;
  const plain = (value: number): Entry => ({ mode: "100644", name: "a.c", oid: blob(code(value)) });
  const base = commit(tree([plain(1)]), [], "base\n");
  const names = [
    "-x.c",
    "--upload-pack=touch x",
    "a\nb.c",
    "a\tb.c",
    "\x1b[2J.c",
    "<script>.c",
    "..",
    ".git",
    "\u202ecod.c",
    "`id`.c",
    "$(id).c",
    'a"b\\.c',
    "n".repeat(3000),
  ];
  const evil = names.map((name) => ({ mode: "100644", name, oid: blob(code(7)) }));
  const named = commit(tree([plain(2), ...evil]), [base], "names\n");
  const links = [
    { mode: "120000", name: "a.c", oid: blob("/etc/passwd") },
    { mode: "160000", name: "module", oid: base },
  ];
  const linked = commit(tree(links), [named], "links\n");
  const message =
    "red \x1b[31m\x07 <script>alert(1)</script> [x](javascript:alert(1)) \u202e\n\nbody \0 nul\n\ncommit ffffffffffff upstream.\n";
  const spoken = commit(tree([plain(3)]), [linked], message, "E\x1b[31m <evil\x07@x> 99999999999999999999 +9999");
  const empty = commit(tree([plain(4)]), [spoken], "", "");
  repository.branch("main", empty);
  repository.branch("vendor", base);
  await register("evil", repository.path, "main", "mainline");
  await register("target", repository.path, "vendor", "vendor");
  for (const oid of [named, linked, spoken, empty]) {
    const status = await commitStatus("target", oid);
    assert.equal(status.oid, oid);
    const text = await textOfAnalysis("target", oid, "evil");
    assert.match(text, /^# Verdict: /, text);
    assert.doesNotMatch(text, STEERING);
    assert.doesNotMatch(text, /(?<!\\)<[a-z/!?]|\]\(/i, text);
  }
  assert.match((await commitStatus("target", spoken)).subject, /script/);
});

test("a commit that writes to a path outside of the tree is unsupported", async (t) => {
  const repository = hostileRepository(t);
  const { blob, tree, commit } = repository;
  const entry = (name: string, value: number): Entry => ({ mode: "100644", name, oid: blob(code(value)) });
  const base = commit(tree([entry("a.c", 1)]), [], "base\n");
  const fix = commit(tree([entry("a.c", 2), entry("../../etc/cron.d/x", 3)]), [base], "fix\n");
  const other = commit(tree([entry("a.c", 1), entry("b.c", 1)]), [base], "other\n");
  repository.branch("main", fix);
  repository.branch("vendor", other);
  await register("slash", repository.path, "main", "mainline");
  await register("slash-target", repository.path, "vendor", "vendor");
  const { applicability } = await commitStatus("slash-target", fix);
  assert.equal(applicability.state, "unsupported");
  assert.match(applicability.reason ?? "", /cron\.d.* a path that git refuses to write/);
  assert.match(await textOfAnalysis("slash-target", fix, "slash"), /^# Verdict: /);
});

test("a patch that would fill the memory is unknown, and what does not need it is answered", async (t) => {
  const repository = hostileRepository(t);
  const { blob, tree, commit } = repository;
  const entry = (name: string, content: string | Buffer): Entry => ({ mode: "100644", name, oid: blob(content) });
  const base = commit(tree([entry("a.c", code(1))]), [], "base\n");
  // 66 MiB of text, some KB on the wire.
  const huge = Buffer.alloc(66 << 20, `int ${"x".repeat(1000)};\n`);
  const bomb = commit(tree([entry("a.c", code(1)), entry("huge.c", huge)]), [base], "bomb\n");
  const fix = commit(tree([entry("a.c", code(2)), entry("huge.c", huge)]), [bomb], "fix\n");
  repository.branch("main", fix);
  repository.branch("vendor", base);
  await register("bomb", repository.path, "main", "mainline");
  await register("bomb-target", repository.path, "vendor", "vendor");
  const { applicability } = await commitStatus("bomb-target", bomb);
  assert.equal(applicability.state, "unknown");
  assert.match(applicability.reason ?? "", /patch larger than/);
  assert.equal((await commitStatus("bomb-target", fix)).applicability.state, "clean");
});

test("an answer that git crashes at is a problem of the object, and the next one is answered", async (t) => {
  const path = join(temporaryDirectory(t), "deep.git");
  git("/", ["init", "--quiet", "--bare", path]);
  const commitOf = (ref: string, file: string) =>
    `commit ${ref}\ncommitter A <a@example.org> 1 +0000\ndata 2\nx\n\nM 100644 inline ${file}\ndata 2\nx\n\n`;
  git(path, ["fast-import", "--quiet"], commitOf("refs/heads/deep", `${"d/".repeat(20_000)}f.c`) + commitOf("refs/heads/good", "f.c"));
  const [deep = "", good = ""] = git(path, ["rev-parse", "deep", "good"]).split("\n");
  const repository = open(t, path);
  await assert.rejects(repository.patch(deep), (error) => error instanceof MissingObject);
  assert.match(await repository.patch(good), /^diff --git a\/f\.c /);
});

test("a history that makes git crash fails its own tree, with a named problem, and no other", async (t) => {
  const path = join(temporaryDirectory(t), "deep.git");
  git("/", ["init", "--quiet", "--bare", path]);
  const commitOf = (ref: string, file: string, from = "") =>
    `commit refs/heads/${ref}\ncommitter A <a@example.org> 1600000000 +0000\ndata 2\nx\n\n${from}M 100644 inline ${file}\ndata 2\nx\n\n`;
  const deep = `${"d/".repeat(20_000)}f.c`;
  git(
    path,
    ["fast-import", "--quiet"],
    commitOf("deep", deep) + commitOf("good", "f.c") + commitOf("late", "g.c") + commitOf("last", "h.c"),
  );
  // A git with a limit of its own (core.maxTreeDepth, 2.43) may also read what it can: then there is nothing to fail.
  const crashes = !gitSucceeds(path, ["log", "--raw", "deep"]);
  const stateOf = async (id: string) => (await (await fetch(`${service.url}/v1/trees/${id}`)).json()) as Tree;

  await register("good", path, "good", "stable");
  await register("deep", path, "deep", "stable").catch(() => {});
  assert.equal((await stateOf("deep")).problem?.code, crashes ? "index-failed" : undefined);
  await register("late", path, "late", "stable");

  // A tree that was ready moves to such a history: it stays as it was.
  const { headOid } = await stateOf("good");
  git(path, ["fast-import", "--quiet"], commitOf("good", deep, "from refs/heads/good^0\n"));
  const { url } = (await (await fetch(`${service.url}/v1/trees/good/fetches`, { method: "POST" })).json()) as Fetch;
  const fetched = await until(
    async () => (await (await fetch(`${service.url}${url}`)).json()) as Fetch,
    ({ status }) => status === "completed",
    60_000,
  );
  assert.equal(fetched.conclusion, crashes ? "failure" : "success");
  const after = await stateOf("good");
  assert.equal(after.state, "ready");
  if (crashes) assert.equal(after.headOid, headOid);
  await register("last", path, "last", "stable");
});
