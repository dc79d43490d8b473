/**
 * Many clients at once: each reads, in turn from the service and from a bare Fastify that answers the same bytes, and now and then asks
 * for an analysis. Both servers so stand under the same load of the same machine. On the example trees, or on real ones:
 * --mainline REPO --mainline-ref REF --vendor REPO --vendor-ref REF --crash FILE
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordedAnswer } from "./reliability/bare-server.ts";
import { createRandom, type Random } from "./reliability/random.ts";
import { addTrees, call, createSite, realGround, type Site, until } from "./reliability/service.ts";
import { TREE_OPTIONS, twoTrees } from "./two-trees.ts";
import { readOptions, required, wholeNumber } from "./usage.ts";

/** Between two requests of one client, on average. */
const THINK_MS = 250;
/** One request in so many is a question. */
const QUESTIONS = 20;
const SEED_ANALYSES = 12;
/** Of one of them, on a kernel. */
const SEED_MS = 1_800_000;
/** Left out of the comparison of memory: caches fill and code is compiled. */
const WARM_SHARE = 0.3;
const MiB = 1024 * 1024;

interface Times {
  readonly service: number[];
  readonly bare: number[];
  readonly questions: number[];
  busy: number;
  readonly errors: string[];
}

export async function run(args: string[]): Promise<Record<string, number>> {
  const counts = { clients: { type: "string" }, seconds: { type: "string" }, seed: { type: "string" } } as const;
  const options = readOptions(args, { ...counts, ...TREE_OPTIONS, crash: { type: "string" } });
  const clients = wholeNumber("clients", options.clients, 200);
  const seconds = wholeNumber("seconds", options.seconds, 300);
  const random = createRandom(wholeNumber("seed", options.seed, 1));
  const real = options.mainline !== undefined || options.vendor !== undefined;
  const site = await createSite(real ? await realGround(twoTrees(options), required("crash", options.crash)) : undefined);
  const service = await site.start();
  try {
    await addTrees(service.url, site.trees);
    const paths = await seed(service.url, site);
    const bare = await startBare(site, service.url, paths);
    try {
      const memory: number[] = [];
      const watch = setInterval(() => memory.push(residentMiB(service.pid)), 1000);
      const times = await drive({ service: service.url, bare: bare.url }, paths, site, random, clients, seconds);
      clearInterval(watch);
      return summarize(times, memory, seconds);
    } finally {
      bare.stop();
    }
  } finally {
    await service.stop();
    await site.remove();
  }
}

const questionOf = (site: Site, random: Random) => {
  const commits = Array.from({ length: 1 + random.below(2) }, () => random.pick(site.oids));
  return { target: "vendor", commits, options: { maxCandidates: 1 + random.below(20) } };
};

/** Fills the service with something to read. Returns the paths that are read. */
async function seed(base: string, site: Site): Promise<string[]> {
  const random = createRandom(2);
  const analyses: string[] = [];
  for (let count = 0; count < SEED_ANALYSES; count += 1) {
    const { headers } = await call(base, "POST", "/v1/analyses?wait=30", questionOf(site, random));
    analyses.push(headers.get("location") ?? "");
  }
  const byCrash = await call(base, "POST", "/v1/analyses?wait=60", { target: "vendor", crash: site.crash });
  const crash = await call(base, "POST", "/v1/crashes", { crash: site.crash });
  analyses.push(byCrash.headers.get("location") ?? "");
  for (const url of analyses) await until(async () => JSON.parse((await call(base, "GET", url)).body).status === "completed", SEED_MS);
  const resources = [...new Set(analyses), crash.headers.get("location") ?? ""];
  return [...resources, "/v1/trees", "/v1/trees/vendor", "/v1/analyses?limit=20&target=mainline", "/v1/rules", "/v1/signatures"];
}

async function startBare(site: Site, base: string, paths: readonly string[]): Promise<{ readonly url: string; stop(): void }> {
  const answers: Record<string, RecordedAnswer> = {};
  for (const path of paths) {
    const { headers, body } = await call(base, "GET", path);
    answers[path] = { type: headers.get("content-type") ?? "", body };
  }
  const file = join(site.directory, "answers.json");
  await writeFile(file, JSON.stringify(answers));
  const script = join(import.meta.dirname, "reliability/bare-server.ts");
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), script, file], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return { url: `http://127.0.0.1:${port.toString().trim()}`, stop: () => child.kill() };
}

async function drive(
  servers: { readonly service: string; readonly bare: string },
  paths: readonly string[],
  site: Site,
  random: Random,
  clients: number,
  seconds: number,
): Promise<Times> {
  const times: Times = { service: [], bare: [], questions: [], busy: 0, errors: [] };
  const agent = new Agent({ keepAlive: true, maxSockets: clients, maxFreeSockets: clients });
  // Node accepts one connection in each turn of its loop: 200 at once take a while, and none comes later.
  for (const server of [servers.service, servers.bare]) {
    await Promise.all(Array.from({ length: clients }, () => ask(agent, `${server}${paths[0]}`, undefined)));
  }
  const end = performance.now() + seconds * 1000;
  const timed = async (list: number[], url: string, body?: unknown) => {
    const began = performance.now();
    const { status, retryAfter } = await ask(agent, url, body);
    list.push(performance.now() - began);
    if ((status === 429 || status === 503) && retryAfter) times.busy += 1;
    else if (status >= 400) times.errors.push(`${status} ${url}`);
  };
  const client = async () => {
    // They do not all begin in the same moment.
    await sleep(random.below(2 * THINK_MS));
    for (let turn = random.below(2); performance.now() < end; turn += 1) {
      try {
        const path = random.pick(paths);
        if (random.below(QUESTIONS) === 0) await timed(times.questions, `${servers.service}/v1/analyses`, questionOf(site, random));
        else if (turn % 2 === 0) await timed(times.service, `${servers.service}${path}`);
        else await timed(times.bare, `${servers.bare}${path}`);
      } catch (error) {
        times.errors.push(String(error));
      }
      await sleep(random.below(2 * THINK_MS));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return times;
}

function ask(agent: Agent, url: string, body: unknown): Promise<{ readonly status: number; readonly retryAfter: boolean }> {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" } };
    const sent = request(url, { agent, ...content }, (response) => {
      response.resume();
      response.once("end", () => resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] !== undefined }));
      response.once("error", reject);
    });
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Of the service's own process, worker threads included; 0 where the system does not tell. */
function residentMiB(pid: number | undefined): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return (Number(kilobytes ?? 0) * 1024) / MiB;
  } catch {
    return 0;
  }
}

function summarize(times: Times, memory: readonly number[], seconds: number): Record<string, number> {
  const share = (list: readonly number[], part: number) => [...list].sort((a, b) => a - b)[Math.floor(list.length * part)] ?? 0;
  const warm = memory.slice(Math.floor(memory.length * WARM_SHARE));
  const half = Math.floor(warm.length / 2);
  for (const error of times.errors.slice(0, 10)) console.log(error);
  const [service, bare] = [share(times.service, 0.99), share(times.bare, 0.99)];
  return {
    seconds,
    reads: times.service.length,
    readsPerSecond: (times.service.length + times.bare.length) / seconds,
    readMs50: share(times.service, 0.5),
    readMs99: service,
    bareMs50: share(times.bare, 0.5),
    bareMs99: bare,
    ratio99: service / bare,
    questions: times.questions.length,
    questionMs99: share(times.questions, 0.99),
    busy: times.busy,
    errors: times.errors.length,
    memoryMiBFirst: share(warm.slice(0, half), 0.5),
    memoryMiBSecond: share(warm.slice(half), 0.5),
    memoryMiBMost: Math.max(...memory),
  };
}
