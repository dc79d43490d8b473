import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GitError } from "../../src/git/process.ts";
import { ABSENT, buildRepository, file, git, open, temporaryDirectory } from "./fixture.ts";

const COMMITS = 40;

/** A line of commits, each of which changes a text and a binary file. */
function lineOfCommits(t: TestContext): { bare: string; commits: string[] } {
  const specs = Array.from({ length: COMMITS }, (_, at) => ({
    ref: "refs/heads/main",
    parents: [],
    files: new Map([
      ["f", file(`${at}\n`.repeat(200))],
      ["binary", file(`\0${at}`)],
    ]),
  }));
  const bare = buildRepository(join(temporaryDirectory(t), "bare"), specs);
  return { bare, commits: git(bare, ["rev-list", "--reverse", "main"]).split("\n") };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 100 && !condition(); tries += 1) await sleep(50);
  return condition();
}

test("children that are killed are replaced, and what was under way is answered", async (t) => {
  const { bare, commits } = lineOfCommits(t);
  const repository = open(t, bare);
  // Both sides change the binary file, so git must merge.
  const [base = "", ours = "", theirs = ""] = git(bare, ["rev-parse", "main~2^{tree}", "main~1^{tree}", "main^{tree}"]).split("\n");
  const ask = async (commit: string) => [
    (await repository.commit(commit))?.tree,
    // What is not there is looked for each time.
    await repository.blob(ABSENT),
    await repository.patch(commit),
    (await repository.merge(base, ours, theirs)).tree,
  ];
  const undisturbed = await Promise.all(commits.map(ask));
  const before = repository.pids();
  assert.equal(before.length, 3);

  const answers = Promise.all(commits.map(ask));
  for (const pid of before) process.kill(pid, "SIGKILL");
  assert.deepEqual(await answers, undisturbed);
  assert.equal(repository.pids().filter((pid) => before.includes(pid)).length, 0);
});

test("a child killed while idle is replaced at the next request", async (t) => {
  const { bare, commits } = lineOfCommits(t);
  const repository = open(t, bare);
  const commit = commits[1] ?? "";
  const patch = await repository.patch(commit);
  for (const pid of repository.pids()) {
    process.kill(pid, "SIGKILL");
    assert.ok(await until(() => !alive(pid)));
  }
  assert.equal(await repository.patch(commit), patch);
});

test("a child that hangs fails the request at the time limit and no other", async (t) => {
  const { bare, commits } = lineOfCommits(t);
  const repository = open(t, bare, { timeLimitMs: 1500 });
  const [first = "", one = "", two = ""] = commits;
  await repository.commit(first);
  for (const pid of repository.pids()) process.kill(pid, "SIGSTOP");
  const [hung, next] = await Promise.allSettled([repository.commit(one), repository.commit(two)]);
  assert.ok(hung.status === "rejected" && hung.reason instanceof GitError);
  assert.match(hung.reason.detail, /no answer within 1500 ms/);
  assert.ok(next.status === "fulfilled" && next.value?.oid === two);
});

test("a request that git dies of fails alone", async (t) => {
  const { bare, commits } = lineOfCommits(t);
  const broken = git(bare, ["mktree", "--missing"], `100644 blob ${ABSENT}\tf\n`);
  const events: string[] = [];
  const repository = open(t, bare, { log: (event) => events.push(event) });
  const [base = "", tree = ""] = git(bare, ["rev-parse", "main~1^{tree}", "main^{tree}"]).split("\n");
  const [commit = ""] = commits;
  const expected = await repository.patch(commit);
  const outcomes = await Promise.allSettled([
    repository.diff(tree, tree),
    repository.diff(tree, broken),
    repository.patch(commit),
    repository.merge(tree, tree, tree),
    repository.merge(base, broken, tree),
    repository.merge(tree, tree, tree),
  ]);
  assert.deepEqual(
    outcomes.map((one) => (one.status === "fulfilled" ? "answered" : one.reason.name)),
    ["answered", "MissingObject", "answered", "answered", "MissingObject", "answered"],
  );
  assert.equal(outcomes[2]?.status === "fulfilled" && outcomes[2].value, expected);
  assert.equal(events.filter((event) => event === "git child died").length, 4, "each of the two was tried twice");
});

test("a git that cannot be started is a failed request", async (t) => {
  const { bare, commits } = lineOfCommits(t);
  const repository = open(t, bare);
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  process.env.PATH = "/nonexistent";
  await assert.rejects(repository.commit(commits[0] ?? ""), GitError);
  await assert.rejects(repository.list(commits[0] ?? ""), /ENOENT/);
  process.env.PATH = path;
  assert.equal((await repository.commit(commits[0] ?? ""))?.oid, commits[0]);
});

test("what is too large is left out, and the next is answered", async (t) => {
  const large = file("a line of a large file\n".repeat(3_000_000));
  const bare = buildRepository(join(temporaryDirectory(t), "bare"), [
    { ref: "refs/heads/main", parents: [], files: new Map([["f", file("small\n")]]) },
    { ref: "refs/heads/main", parents: [], files: new Map([["f", large]]) },
  ]);
  const [small = "", big = "", first = "", second = ""] = git(bare, ["rev-parse", "main~1:f", "main:f", "main~1", "main"]).split("\n");
  const repository = open(t, bare);
  const [none, some] = await Promise.all([repository.blob(big), repository.blob(small)]);
  assert.deepEqual([none, String(some)], [null, "small\n"]);
  const [refused, patch] = await Promise.allSettled([repository.patch(second), repository.patch(first)]);
  assert.ok(refused.status === "rejected" && refused.reason instanceof GitError);
  assert.match(patch.status === "fulfilled" ? patch.value : "", /^\+small$/m);
});

test("a closed repository refuses, ends its children and fails what is under way", async (t) => {
  const { bare, commits } = lineOfCommits(t);
  const closing = new AbortController();
  const repository = open(t, bare, { signal: closing.signal });
  await Promise.all(commits.map((commit) => repository.patch(commit)));
  const pids = repository.pids();
  const underWay = Promise.allSettled([...commits.map((commit) => repository.patch(commit)), repository.list(commits[0] ?? "")]);
  closing.abort();
  for (const one of await underWay) if (one.status === "rejected") assert.ok(one.reason instanceof GitError);
  await assert.rejects(repository.commit(commits[0] ?? ""), GitError);
  for (const pid of pids) assert.ok(await until(() => !alive(pid)));
});

test("a ping tells of every child, starts those that do not run and replaces one that hangs", async (t) => {
  const { bare } = lineOfCommits(t);
  const repository = open(t, bare);
  const first = await repository.ping();
  assert.deepEqual(
    first.map(({ problem }) => problem),
    [null, null, null, null],
  );
  assert.deepEqual(
    first.map(({ pid }) => pid),
    repository.pids(),
  );
  for (const { memory } of first) assert.ok(memory === null || (memory > 10_000 && memory < 100_000_000), `${memory} bytes`);
  const hung = repository.pids()[1] ?? 0;
  process.kill(hung, "SIGSTOP");
  const second = await repository.ping();
  assert.deepEqual(
    second.map(({ problem }) => problem === null),
    [true, false, true, true],
  );
  assert.ok(await until(() => !alive(hung)));
  assert.equal((await repository.ping()).filter(({ problem }) => problem !== null).length, 0);
});

test("a child that has grown beyond its memory is replaced between two requests, and every request is answered", async (t) => {
  const { bare, commits } = lineOfCommits(t);
  const events: string[] = [];
  const repository = open(t, bare, { memoryLimit: 1, log: (event) => events.push(event) });
  const commit = commits[1] ?? "";
  const patch = await repository.patch(commit);
  const [before] = repository.pids();
  const answers = await Promise.all(Array.from({ length: 600 }, () => repository.patch(commit)));
  assert.ok(answers.every((answer) => answer === patch));
  assert.deepEqual(new Set(events), new Set(["git child is replaced"]), "no child died");
  assert.ok(events.length >= 2);
  assert.ok(before !== undefined && (await until(() => !alive(before) || repository.pids().includes(before))));
});

test("no child outlives a service that is killed", async (t) => {
  const { bare, commits } = lineOfCommits(t);
  const script = fileURLToPath(new URL("hold-repository.ts", import.meta.url));
  const holder = spawn(process.execPath, ["--import", "tsx", script, bare, temporaryDirectory(t), ...commits.slice(0, 3)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => holder.kill("SIGKILL"));
  const [line] = await holder.stdout.take(1).toArray();
  const pids: number[] = JSON.parse(String(line));
  assert.equal(pids.length, 3);
  assert.ok(pids.every(alive));
  holder.kill("SIGKILL");
  for (const pid of pids) assert.ok(await until(() => !alive(pid)), `git ${pid} ended`);
});
