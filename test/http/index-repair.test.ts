import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readConfig } from "../../src/config.ts";
import { removeIndex } from "../../src/history/open-index.ts";
import { indexFile } from "../../src/jobs/index-file.ts";
import type { IndexFault } from "../../src/jobs/parts.ts";
import { TaskFailed } from "../../src/jobs/worker-pool.ts";
import { Analysis } from "../../src/schema/analysis.ts";
import { CommitList } from "../../src/schema/commits.ts";
import { createLog, startService } from "../../src/server.ts";
import {
  fakeMirror,
  fakeWorkers,
  gate,
  MAIN,
  NO_CANDIDATE,
  passed,
  startReadyService,
  startTestService,
  type TestService,
  temporaryDirectory,
  until,
} from "./support.ts";

const COMMITS = ["1111111", "2222222", "3333333", "4444444"];
const unusable = (code: string) => new TaskFailed(code, null, "IndexUnusable: gone");
const ask = async (service: TestService, commit: string) =>
  Analysis.parse(
    (await service.app.inject({ method: "POST", url: "/v1/analyses?wait=10", payload: { target: "vendor", commits: [commit] } })).json(),
  );
const indexed = (service: TestService) => service.workers.ran.filter((task) => task.kind === "index").length;

/** An index file that a test breaks; building it mends it. */
function brokenFile() {
  const file = { fault: null as IndexFault | null, anew: 0 };
  return {
    file,
    indexFile: {
      look: () => file.fault,
      startAnew: () => {
        file.anew += 1;
        file.fault = "behind";
      },
      finished: () => {
        file.fault = null;
      },
    },
  };
}

test("many analyses and commit checks that meet a broken index cause one build, and all are answered", async (t) => {
  const { file, indexFile } = brokenFile();
  const service = await startReadyService(t, { indexFile, limits: { concurrency: 3 } });
  const before = indexed(service);
  service.workers.answers.analyse = async () => {
    if (file.fault !== null) throw unusable("index-unusable");
    return NO_CANDIDATE;
  };
  service.workers.answers.commit = async () => {
    if (file.fault !== null) throw unusable("index-unusable");
    return { notFound: true };
  };
  const slow = gate();
  service.workers.answers.index = async (task, { report, signal }) => {
    report({ stage: "history", done: 7, total: 9 });
    await passed(slow.promise, signal);
    assert.deepEqual(
      task.trees.map(({ id }) => id),
      ["main", "vendor"],
    );
    return { commits: 3, patches: 3 };
  };
  file.fault = "unusable";
  const answers = Promise.all(COMMITS.map((commit) => ask(service, commit)));
  const check = service.app.inject("/v1/trees/vendor/commits/abcdef1");
  const tree = await until(
    async () => (await service.app.inject("/v1/trees/vendor")).json(),
    (row) => row.progress?.stage === "history",
  );
  assert.deepEqual([tree.state, tree.progress.done, tree.progress.total], ["ready", 7, 9]);
  const waiting = (await service.app.inject("/readyz")).json();
  assert.deepEqual([waiting.status, waiting.reason], ["not_ready", "the history index is being built anew"]);
  slow.open();
  for (const { conclusion } of await answers) assert.equal(conclusion, "success");
  assert.equal((await check).json().code, "commit-not-found");
  assert.deepEqual([indexed(service) - before, file.anew], [1, 1]);
  assert.equal((await service.app.inject("/v1/trees/vendor")).json().progress, null);
  assert.equal((await service.app.inject("/readyz")).statusCode, 200);
});

test("an index that lacks a pinned commit is only continued; one that stays broken fails the analysis, not the service", async (t) => {
  const { file, indexFile } = brokenFile();
  const service = await startReadyService(t, { indexFile });
  const before = indexed(service);
  let failures = 1;
  service.workers.answers.analyse = async () => {
    if (failures-- > 0) throw unusable("index-behind");
    return NO_CANDIDATE;
  };
  assert.equal((await ask(service, "1111111")).conclusion, "success");
  assert.deepEqual([indexed(service) - before, file.anew], [1, 0]);
  failures = 2;
  const failed = await ask(service, "2222222");
  assert.deepEqual([failed.conclusion, failed.problem?.code], ["failure", "index-failed"]);
  assert.doesNotMatch(JSON.stringify(failed.problem), /IndexUnusable/);
  assert.equal((await ask(service, "3333333")).conclusion, "success");
});

test("a repair that fails is told to those who wait, and the next question tries again", async (t) => {
  const { file, indexFile } = brokenFile();
  const service = await startReadyService(t, { indexFile });
  service.workers.answers.analyse = async () => {
    if (file.fault !== null) throw unusable("index-unusable");
    return NO_CANDIDATE;
  };
  service.workers.answers.index = async () => {
    throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  file.fault = "unusable";
  const failed = await ask(service, "1111111");
  assert.deepEqual([failed.conclusion, failed.problem?.code], ["failure", "disk-full"]);
  assert.equal((await service.app.inject("/readyz")).statusCode, 503);
  service.workers.answers.index = async () => ({ commits: 3, patches: 3 });
  assert.equal((await ask(service, "1111111")).conclusion, "success");
  assert.equal((await service.app.inject("/readyz")).statusCode, 200);
  assert.equal(file.anew, 1, "what the failed build left behind is continued");
});

test("a commit check whose time ends during a repair says that the service is busy", async (t) => {
  const { file, indexFile } = brokenFile();
  const service = await startReadyService(t, { indexFile, limits: { commitTimeout: 100 } });
  service.workers.answers.commit = async () => {
    throw unusable("index-unusable");
  };
  service.workers.answers.index = async (_task, { signal }) => passed(gate().promise, signal);
  file.fault = "unusable";
  const response = await service.app.inject("/v1/trees/vendor/commits/abcdef1");
  assert.deepEqual([response.statusCode, response.json().code, response.headers["retry-after"]], [503, "service-busy", "5"]);
  assert.match(response.json().detail, /built anew/);
});

test("at start an index that ready trees need is repaired before readyz says ready; a service stopped meanwhile repairs at the next start", async (t) => {
  const database = join(temporaryDirectory(t), "state.sqlite");
  const mirror = fakeMirror();
  const { file, indexFile } = brokenFile();
  await (await startReadyService(t, { database, mirror, indexFile })).stop();
  file.fault = "behind";
  const stuck = fakeWorkers();
  stuck.answers.index = async (_task, { signal }) => passed(gate().promise, signal);
  const second = await startTestService(t, { database, mirror, indexFile, workers: stuck });
  await until(
    () => indexed(second),
    (count) => count === 1,
  );
  assert.equal((await second.app.inject("/readyz")).statusCode, 503);
  await second.stop();
  assert.equal(file.fault, "behind");
  const third = await startTestService(t, { database, mirror, indexFile });
  await until(
    async () => (await third.app.inject("/readyz")).statusCode,
    (status) => status === 200,
  );
  assert.deepEqual([file.fault, indexed(third), mirror.fetched.length], [null, 1, 2], "and nothing was fetched for it");
});

test("a first start with an index file that is missing needs no repair", async (t) => {
  const { file, indexFile } = brokenFile();
  file.fault = "unusable";
  const service = await startTestService(t, { indexFile });
  assert.equal((await service.app.inject("/readyz")).statusCode, 200);
  await service.app.inject({ method: "PUT", url: "/v1/trees/main", payload: MAIN });
  await until(
    async () => (await service.app.inject("/v1/trees/main")).json(),
    (tree) => tree.state === "ready",
  );
  assert.deepEqual([file.anew, file.fault], [1, null]);
});

/** A repository with a vendor branch and a mainline that has a fix more. */
function buildRepository(t: TestContext): { readonly path: string; readonly fix: string } {
  const path = join(temporaryDirectory(t), "origin");
  mkdirSync(path);
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", path, "-c", "user.name=A", "-c", "user.email=a@example.org", ...args], { encoding: "utf8" }).trim();
  git("init", "-q", "-b", "main");
  for (let number = 0; number < 8; number++) {
    writeFileSync(join(path, `file${number % 3}.c`), `int f${number}(void)\n{\n\treturn ${number};\n}\n`);
    git("add", ".");
    git("commit", "-q", "-m", `subsystem: change ${number}`);
    if (number === 4) git("branch", "vendor");
  }
  return { path, fix: git("rev-parse", "HEAD") };
}

test("the real service mends its index: deleted, overwritten or emptied, and the same or half built while it was stopped", async (t) => {
  const { path, fix } = buildRepository(t);
  const data = join(temporaryDirectory(t), "data");
  const index = join(data, "index.sqlite");
  const start = async () => {
    const settings = { BACKPORTD_DATA: data, BACKPORTD_PORT: "0", BACKPORTD_ALLOW_FILE_REMOTES: "1" };
    const service = await startService(readConfig(settings), createLog("silent"));
    t.after(() => service.stop());
    return service;
  };
  let service = await start();
  const call = async (method: string, url: string, body?: object) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    return (await fetch(`${service.url}${url}`, { method, ...content })).json() as Promise<Record<string, unknown>>;
  };
  const ready = (id: string) =>
    until(
      () => call("GET", `/v1/trees/${id}`),
      (tree) => tree.state === "ready",
      60_000,
    );
  await call("PUT", "/v1/trees/main", { remote: path, ref: "main", role: "mainline" });
  await call("PUT", "/v1/trees/vendor", { remote: path, ref: "vendor", role: "vendor" });
  await Promise.all([ready("main"), ready("vendor")]);

  // Another option makes another question, so nothing is answered from what is stored.
  let option = 0;
  const question = () => call("POST", "/v1/analyses?wait=50", { target: "vendor", commits: [fix], options: { maxCandidates: ++option } });
  const expected = await question();
  assert.deepEqual([expected.conclusion, expected.verdict], ["success", "ready"], JSON.stringify(expected.problem));
  const { status: _, ...presence } = await call("GET", `/v1/trees/vendor/commits/${fix}`);
  const answersAsBefore = async (what: string) => {
    const [one, two, check] = await Promise.all([question(), question(), call("GET", `/v1/trees/vendor/commits/${fix}`)]);
    for (const answer of [one, two]) {
      assert.equal(answer.conclusion, "success", `${what}: ${JSON.stringify(answer.problem)}`);
      assert.deepEqual(
        [answer.verdict, answer.candidates, answer.coverage],
        [expected.verdict, expected.candidates, expected.coverage],
        what,
      );
    }
    assert.deepEqual(check, presence, what);
    const batch = CommitList.parse(await call("POST", "/v1/trees/vendor/commits", { oids: ["f".repeat(40), fix.slice(0, 12)] }));
    assert.deepEqual(
      batch.items.map((item) => [item.oid, item.presence?.state, item.problem?.code]),
      [
        [null, undefined, "commit-not-found"],
        [fix, "absent", undefined],
      ],
      what,
    );
    assert.equal(existsSync(`${index}.unfinished`), false, what);
    assert.equal((await fetch(`${service.url}/readyz`)).status, 200, what);
  };
  await answersAsBefore("whole");
  removeIndex(index);
  await answersAsBefore("deleted");
  writeFileSync(index, Buffer.alloc(300_000, "garbage"));
  await answersAsBefore("overwritten");
  writeFileSync(index, "");
  await answersAsBefore("emptied");
  const again = async (what: string, damage: () => void) => {
    await service.stop();
    damage();
    service = await start();
    await until(
      async () => (await fetch(`${service.url}/readyz`)).status,
      (status) => status === 200,
      30_000,
    );
    assert.ok(statSync(index).size > 50_000, what);
    await answersAsBefore(what);
  };
  await again("deleted while stopped", () => rmSync(index));
  await again("overwritten while stopped", () => writeFileSync(index, "garbage"));
  await again("unfinished", () => indexFile(index).startAnew());
});
