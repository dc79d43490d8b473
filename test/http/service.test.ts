import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryDirectory, until } from "./support.ts";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** A repository with a vendor branch of `base` commits and a mainline that has some more. */
function buildRepository(test: TestContext): { readonly path: string; readonly fixes: string[] } {
  const path = join(temporaryDirectory(test), "origin");
  mkdirSync(path);
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", path, "-c", "user.name=A", "-c", "user.email=a@example.org", ...args], { encoding: "utf8" }).trim();
  git("init", "-q", "-b", "main");
  const commit = (number: number) => {
    writeFileSync(join(path, `file${number % 7}.c`), `int f${number}(void)\n{\n\treturn ${number};\n}\n`);
    git("add", ".");
    git("commit", "-q", "-m", `subsystem: change ${number}`);
    return git("rev-parse", "HEAD");
  };
  for (let number = 0; number < 20; number++) commit(number);
  git("branch", "vendor");
  const fixes: string[] = [];
  for (let number = 20; number < 40; number++) fixes.push(commit(number));
  return { path, fixes };
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
  readonly exit: Promise<number | null>;
}

async function startProcess(test: TestContext, data: string, environment: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), CLI, "serve"], {
    env: { PATH: process.env.PATH, BACKPORTD_PORT: "0", BACKPORTD_DATA: data, BACKPORTD_ALLOW_FILE_REMOTES: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  test.after(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const ended = exit.then(() => "");
  const listening = until(
    () => /"url":"([^"]+)","msg":"listening"/.exec(output)?.[1] ?? "",
    (url) => url !== "" || child.exitCode !== null,
    60_000,
  );
  return { child, url: await Promise.race([listening, ended]), output: () => output, exit };
}

const JSON_TYPE = { "content-type": "application/json" };
type Call = (method: string, path: string, body?: object) => Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;

const callerOf =
  (url: string): Call =>
  async (method, path, body) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: JSON_TYPE };
    const response = await fetch(`${url}${path}`, { method, ...content });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

const ready = (call: Call, id: string) =>
  until(
    async () => (await call("GET", `/v1/trees/${id}`)).body,
    (tree) => tree.state === "ready",
    60_000,
  );

test("kill -9 at any moment loses nothing that was accepted", async (t) => {
  const origin = buildRepository(t);
  const data = join(temporaryDirectory(t), "data");
  const trees = {
    main: { remote: origin.path, ref: "main", role: "mainline" },
    vendor: { remote: origin.path, ref: "vendor", role: "vendor" },
  };
  const accepted = new Set<string>();
  const accept = async (call: Call, method: string, path: string, body?: object) => {
    // Killed before it answered: then nothing was accepted.
    const answer = await call(method, path, body).catch(() => null);
    if (answer !== null && answer.status < 300) accepted.add(String(answer.body.url));
  };
  const random = mulberry(20_261_122);
  for (let round = 0; round < 6; round++) {
    const service = await startProcess(t, data);
    const call = callerOf(service.url);
    for (const url of accepted) assert.equal((await call("GET", url)).status, 200, url);
    // The first rounds are killed while trees are cloned and indexed, the later ones during analyses.
    if (round >= 3) {
      for (const id of ["main", "vendor"] as const) await accept(call, "PUT", `/v1/trees/${id}`, trees[id]);
      await Promise.all([ready(call, "main"), ready(call, "vendor")]);
    }
    const killed = new Promise<void>((resolve) => {
      setTimeout(() => {
        service.child.kill("SIGKILL");
        resolve();
      }, random() * 400);
    });
    await accept(call, "PUT", "/v1/trees/main", trees.main);
    await accept(call, "PUT", "/v1/trees/vendor", trees.vendor);
    await accept(call, "POST", "/v1/trees/main/fetches");
    for (const oid of origin.fixes.slice(round * 3, round * 3 + 3)) {
      await accept(call, "POST", "/v1/analyses", { target: "vendor", commits: [oid] });
    }
    await killed;
    await service.exit;
  }
  const service = await startProcess(t, data);
  const call = callerOf(service.url);
  assert.ok(
    [...accepted].some((url) => url.includes("/analyses/")) && [...accepted].some((url) => url.includes("/fetches/")),
    [...accepted].join(),
  );
  for (const url of accepted) {
    const done = await until(
      async () => (await call("GET", url)).body,
      (body) => body.status === "completed" || body.state === "ready",
      60_000,
    );
    assert.ok(done.kind === "tree" || done.conclusion === "success", JSON.stringify(done));
  }
  service.child.kill("SIGTERM");
  assert.equal(await service.exit, 0);
});

/** A small random generator with a seed, so that a failure can be repeated. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("two services never share a data directory, and SIGTERM ends a service with code 0", async (t) => {
  const data = join(temporaryDirectory(t), "data");
  const first = await startProcess(t, data);
  const second = await startProcess(t, data);
  assert.equal(await second.exit, 1);
  assert.match(second.output(), /^backportd: .*in use by another backportd/m);
  await fetch(`${first.url}/v1/trees`);
  first.child.kill("SIGTERM");
  assert.equal(await first.exit, 0);
});

test("a wrong setting ends the start with one line and code 1", async (t) => {
  const data = join(temporaryDirectory(t), "data");
  const open = await startProcess(t, data, { BACKPORTD_HOST: "0.0.0.0" });
  assert.equal(await open.exit, 1);
  assert.match(open.output(), /^backportd: BACKPORTD_HOST: 0\.0\.0\.0 is not a loopback address/);
  assert.doesNotMatch(open.output(), /\n {4}at /);
});

test("the command says what it can do, and what it cannot", () => {
  const run = (...args: string[]) => {
    try {
      return {
        code: 0,
        text: execFileSync(process.execPath, ["--import", import.meta.resolve("tsx"), CLI, ...args], { encoding: "utf8", stdio: "pipe" }),
      };
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string };
      return { code: status, text: stderr };
    }
  };
  assert.deepEqual([run("help").code, /serve.*\n.*demo/.test(run("help").text)], [0, true]);
  assert.equal(run("dance").code, 2);
});
