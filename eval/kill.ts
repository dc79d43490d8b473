/**
 * kill -9 at random moments under load: analyses, commit checks, batches and fetches are asked, the service is killed and started again on
 * the same data. What it had accepted must be there and must end; what it had completed must not be done again.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, type Random } from "./reliability/random.ts";
import { addTrees, call, createSite, until } from "./reliability/service.ts";
import { readOptions, wholeNumber } from "./usage.ts";

const READY_MS = 30_000;
const CLIENTS = 3;
/** Between two requests of one client, on average: little more is asked than gets done between two kills. */
const THINK_MS = 200;
/** When nothing more has ended for so long, what is open is stuck. */
const STUCK_MS = 120_000;

/** What the service has said so far. */
interface Told {
  /** Url of an accepted resource, and the state it was last seen in: `completedAt`, or null while it was not completed. */
  readonly accepted: Map<string, string | null>;
  readonly changed: string[];
}

interface Receiver {
  readonly url: string;
  /** Webhook ids by the resource that they speak of. */
  readonly heard: Map<string, Set<string>>;
  readonly server: Server;
}

export async function run(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, { kills: { type: "string" }, seed: { type: "string" } });
  const kills = wholeNumber("kills", options.kills, 200);
  const random = createRandom(wholeNumber("seed", options.seed, 1));
  const site = await createSite();
  const receiver = await listen();
  const settings = { BACKPORTD_PRIVATE_NETWORKS: "127.0.0.0/8", BACKPORTD_RATE_LIMIT: "0" };
  const record: Told = { accepted: new Map(), changed: [] };
  const readyMs: number[] = [];
  try {
    let service = await site.start(settings);
    await addTrees(service.url, site.trees);
    await subscribe(service.url, receiver.url);
    const { oids } = site;
    for (let round = 0; round < kills; round += 1) {
      const stop = new AbortController();
      const clients = Array.from({ length: CLIENTS }, () => load(service.url, oids, random, record, stop.signal));
      await sleep(random.below(1500));
      if (service.pid !== undefined) process.kill(service.pid, "SIGKILL");
      stop.abort();
      await Promise.all([service.exited, ...clients]);
      const began = performance.now();
      service = await site.start(settings);
      await until(() => answers(service.url), READY_MS).catch((error: unknown) => {
        throw new Error(`after kill ${round + 1}: ${String(error)}\n${service.logTail()}`);
      });
      readyMs.push(performance.now() - began);
      if ((round + 1) % 20 === 0) console.log(`${round + 1} kills, ${record.accepted.size} accepted`);
    }
    const unfinished = await settle(service.url, record);
    const heard = [...receiver.heard.values()];
    await service.stop();
    readyMs.sort((a, b) => a - b);
    return {
      kills,
      accepted: record.accepted.size,
      lost: unfinished.lost.length,
      unfinished: unfinished.open.length,
      doneTwice: record.changed.length + unfinished.twice.length,
      webhooks: heard.length,
      webhooksTwice: heard.filter((ids) => ids.size > 1).length,
      readyMsMedian: readyMs[Math.floor(readyMs.length / 2)] ?? 0,
      readyMsMost: readyMs.at(-1) ?? 0,
    };
  } finally {
    receiver.server.close();
    await site.remove();
  }
}

/** A connection that breaks is no answer; who ended the process stands in its log. */
const answers = (base: string): Promise<boolean> =>
  call(base, "GET", "/healthz").then(
    ({ status }) => status === 200,
    () => false,
  );

/** Takes webhooks, and answers them slowly enough that some are under way when the service is killed. */
async function listen(): Promise<Receiver> {
  const heard: Receiver["heard"] = new Map();
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { data } = JSON.parse(text) as { data: { url: string } };
    const id = String(request.headers["webhook-id"]);
    heard.set(data.url, (heard.get(data.url) ?? new Set()).add(id));
    setTimeout(() => response.writeHead(204).end(), 20);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard, server };
}

async function subscribe(base: string, endpoint: string): Promise<void> {
  const headers = { "content-type": "application/json", "idempotency-key": "kill" };
  const body = JSON.stringify({ endpoint, events: ["analysis.completed", "analysis.failed"] });
  const response = await fetch(new URL("/v1/webhooks", base), { method: "POST", headers, body });
  if (response.status !== 201) throw new Error(`webhook: ${response.status} ${await response.text()}`);
}

/** Asks and reads until the service is gone. Only what was answered counts as accepted. */
async function load(base: string, oids: readonly string[], random: Random, record: Told, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      await act(base, oids, random, record, stop);
      await sleep(random.below(2 * THINK_MS));
    } catch {
      // The connection broke: nothing was said.
    }
  }
}

async function act(base: string, oids: readonly string[], random: Random, record: Told, stop: AbortSignal): Promise<void> {
  const some = () => Array.from({ length: 1 + random.below(2) }, () => random.pick(oids));
  const question = () => ({ target: "vendor", commits: some(), options: { maxCandidates: 1 + random.below(100) } });
  const choice = random.below(10);
  if (choice < 3) await accept("POST", "/v1/analyses", question());
  else if (choice < 4) await accept("POST", "/v1/plans", { target: "vendor", commits: some() });
  else if (choice < 5) await accept("POST", "/v1/batches", { analyses: [question(), question(), question()] });
  else if (choice < 6) await accept("POST", `/v1/trees/${random.pick(["mainline", "vendor"])}/fetches`);
  else if (choice < 7) await call(base, "GET", `/v1/trees/vendor/commits/${random.pick(oids)}`, undefined, stop);
  else await look(base, random.pick([...record.accepted.keys(), "/v1/trees/vendor"]), record, stop);

  async function accept(method: string, path: string, body?: unknown): Promise<void> {
    const { status, headers } = await call(base, method, path, body, stop);
    const url = headers.get("location");
    if (status === 202 && url !== null && !record.accepted.has(url)) record.accepted.set(url, null);
  }
}

/** Reads a resource: once completed it stays as it was. */
async function look(base: string, url: string, record: Told, stop?: AbortSignal): Promise<{ status: number; completed: boolean }> {
  const { status, body } = await call(base, "GET", url, undefined, stop);
  if (status !== 200 || !record.accepted.has(url)) return { status, completed: false };
  const { completedAt, conclusion } = JSON.parse(body) as { completedAt: string | null; conclusion: string | null };
  const before = record.accepted.get(url);
  if (typeof before === "string" && before !== completedAt) record.changed.push(`${url}: ${before}, then ${completedAt}`);
  if (completedAt !== null) record.accepted.set(url, completedAt);
  return { status, completed: conclusion === "success" };
}

interface Unsettled {
  readonly lost: string[];
  readonly open: string[];
  readonly twice: string[];
}

/** Waits for everything that was accepted; then counts how often each ended, by the feed of events. */
async function settle(base: string, record: Told): Promise<Unsettled> {
  const lost: string[] = [];
  let open = [...record.accepted.keys()];
  for (let moved = performance.now(); open.length > 0 && performance.now() - moved < STUCK_MS; ) {
    const left: string[] = [];
    for (const url of open) {
      const { status, completed } = await look(base, url, record);
      if (status === 404) lost.push(url);
      else if (!completed) left.push(url);
    }
    if (left.length < open.length) moved = performance.now();
    open = left;
    await sleep(500);
  }
  const ends = new Map<string, number>();
  for (let cursor = ""; ; ) {
    const { body } = await call(base, "GET", `/v1/events?type=completed&limit=200${cursor}`);
    const { items, nextCursor } = JSON.parse(body) as { items: { url: string }[]; nextCursor: string };
    for (const { url } of items) ends.set(url, (ends.get(url) ?? 0) + 1);
    if (items.length === 0) break;
    cursor = `&cursor=${nextCursor}`;
  }
  const twice = [...record.accepted.keys()].filter((url) => !url.startsWith("/v1/trees/") && (ends.get(url) ?? 0) > 1);
  for (const url of [...lost, ...open, ...twice, ...record.changed].slice(0, 20)) console.log(url);
  return { lost, open, twice };
}
