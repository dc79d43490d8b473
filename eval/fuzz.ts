/**
 * Requests made from the OpenAPI document of the service, sent to a service on the example trees: valid ones, almost valid ones and
 * hostile ones. Every answer must have a documented status, media type and form, and none may be 5xx but for the documented refusals of
 * a busy service.
 */
import { type ApiDocument, createChecker, type Operation, readDocument } from "./reliability/fuzz-check.ts";
import { plantSeeds, type Seeds } from "./reliability/fuzz-seeds.ts";
import { makeValue, type Pool, type Schema } from "./reliability/fuzz-values.ts";
import { createRandom, type Random } from "./reliability/random.ts";
import { type Answer, addTrees, createSite } from "./reliability/service.ts";
import { readOptions, wholeNumber } from "./usage.ts";

const STREAM_MS = 300;
const ANSWER_MS = 90_000;
const SHOWN = 40;
const PATCH = "--- a/lib/ringlog.c\n+++ b/lib/ringlog.c\n@@ -1,1 +1,1 @@\n-x\n+y\n";
const MOST_TEXTS = 400;
const ACCEPT: readonly string[] = [
  "application/json",
  "text/plain",
  "text/markdown",
  "*/*",
  "text/csv",
  "image/png",
  "application/json;q=x",
];
/** What stays registered, so that questions find something. */
const KEPT = new Set(["/v1/trees/mainline", "/v1/trees/vendor"]);

interface Known extends Pool {
  readonly urls: string[];
  readonly seeds: Seeds;
}

interface Request {
  readonly url: string;
  readonly init: RequestInit;
  readonly stream: boolean;
}

/** A path of the operation that an answer has named. */
function knownPath(operation: Operation, pool: Known, random: Random): string | null {
  if (!operation.path.includes("{") || !random.chance(0.7)) return null;
  const pattern = new RegExp(`^${operation.path.replace(/\{\w+\}/g, "[^/?]+")}$`);
  const ending = operation.path.slice(operation.path.lastIndexOf("}") + 1);
  const { urls, kept } = pool.seeds;
  // What hangs below a resource is rarely named itself.
  const paths = [...urls, ...kept, ...pool.urls].flatMap((url) => [url, `${url}${ending}`]).filter((path) => pattern.test(path));
  return paths.length === 0 ? null : random.pick(paths);
}

function pathOf(operation: Operation, values: ReadonlyMap<string, string>): string {
  return operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent((values.get(name) ?? "x").toWellFormed()) || "x");
}

function makeRequest(operation: Operation, document: ApiDocument, random: Random, pool: Known): Request {
  const wildness = random.pick([0, 0.02, 0.1, 0.4]);
  const make = (name: string, schema: Schema) => makeValue(name, schema, document.schemas, random, pool, wildness);
  const path = new Map<string, string>();
  const query = new URLSearchParams();
  const headers = new Headers();
  for (const parameter of operation.parameters) {
    if (!parameter.required && random.chance(0.6)) continue;
    // Waiting is not what is tried here.
    const value = parameter.name === "wait" ? random.pick(["0", "0.01", "-1", "x", "61"]) : make(parameter.name, parameter.schema);
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = (typeof one === "string" ? one : JSON.stringify(one)).toWellFormed();
      if (parameter.in === "path") path.set(parameter.name, text);
      else query.append(parameter.name, text);
    }
  }
  if (random.chance(wildness)) query.append(random.pick(["x", "limit", "cursor"]), "x");
  if (random.chance(0.15)) headers.set("accept", random.pick(ACCEPT));
  const etag = random.chance(0.1) ? pool.texts.find((text) => text.startsWith('"')) : undefined;
  if (etag !== undefined) headers.set("if-none-match", etag);
  for (const { name, in: place, schema } of operation.parameters) {
    const value = place === "header" ? make(name, schema) : null;
    if (value !== null) headers.set(name, (typeof value === "string" ? value : JSON.stringify(value)).replace(/[^\x20-\x7e]/g, "") || "x");
  }
  const init: { method: string; headers: Headers; body?: string } = { method: operation.method, headers };
  if (operation.body !== null && !random.chance(wildness / 4)) {
    headers.set("content-type", random.chance(wildness / 4) ? "text/xml" : operation.bodyType);
    const body = JSON.stringify(make("", operation.body)) ?? "null";
    init.body = random.chance(wildness / 4) ? body.slice(0, -1) : body;
  }
  const search = query.size === 0 ? "" : `?${query}`;
  const stream = operation.path.endsWith("/events") && operation.path !== "/v1/events";
  const made = knownPath(operation, pool, random) ?? pathOf(operation, path);
  const changes = operation.method === "DELETE" || operation.method === "PUT";
  const target = changes && (KEPT.has(made) || pool.seeds.kept.includes(made)) ? "/v1/trees/other" : made;
  return { url: `${target}${search}`, init, stream };
}

async function send(base: string, { url, init, stream }: Request): Promise<Answer> {
  const enough = new AbortController();
  const response = await fetch(new URL(url, base), { ...init, signal: AbortSignal.any([enough.signal, AbortSignal.timeout(ANSWER_MS)]) });
  const { status, headers } = response;
  if (!stream || status !== 200) return { status, headers, body: await response.text() };
  // A stream goes on until its resource is complete; its beginning is enough.
  setTimeout(() => enough.abort(), STREAM_MS);
  await response.text().catch(() => "");
  return { status, headers, body: "" };
}

/** Ids and entity tags in answers make the next requests meet something. */
function learn(pool: Known, { status, headers, body }: Answer, random: Random): void {
  if (status >= 300 || (status === 200 && !random.chance(0.1))) return;
  const found = [...body.slice(0, 20_000).matchAll(/"(?:id|oid|upstreamOid|fingerprint|nextCursor)":"([^"]{1,100})"/g)].map(
    ([, id]) => id ?? "",
  );
  const etag = headers.get("etag");
  const urls = [...body.slice(0, 20_000).matchAll(/"(?:url|itemsUrl|reportUrl)":"(\/v1\/[^"]{1,200})"/g)].map(([, url]) => url ?? "");
  for (const url of urls.slice(0, 3)) remember(pool.urls, url, random);
  for (const text of [...found.slice(0, 3), ...(etag === null ? [] : [etag])]) remember(pool.texts, text, random);
}

function remember(texts: string[], text: string, random: Random): void {
  if (texts.length < MOST_TEXTS) texts.push(text);
  else texts[random.below(MOST_TEXTS)] = text;
}

export async function run(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, { requests: { type: "string" }, seed: { type: "string" }, clients: { type: "string" } });
  const total = wholeNumber("requests", options.requests, 100_000);
  const random = createRandom(wholeNumber("seed", options.seed, 1));
  const clients = wholeNumber("clients", options.clients, 16);
  const site = await createSite();
  const service = await site.start({ BACKPORTD_MAX_TREES: "16", BACKPORTD_PRIVATE_NETWORKS: "127.0.0.0/8" });
  try {
    await addTrees(service.url, site.trees);
    const document = readDocument(await (await fetch(new URL("/openapi.json", service.url))).text());
    const check = createChecker(document);
    const { oids } = site;
    const remotes = Object.values(site.trees).map(({ remote }) => remote);
    const ids = [...oids, ...oids.map((oid) => oid.slice(0, 9))];
    const trees = ["vendor", "vendor", "mainline", "other", "nope"];
    const named = {
      tree: trees,
      target: trees,
      trees,
      upstreams: ["mainline"],
      oid: ids,
      oids: ids,
      commits: ids,
      crash: [site.crash, "BUG: unable to handle kernel NULL pointer dereference", "no crash"],
      patch: [PATCH, "no diff"],
      remote: [...remotes, "https://git.invalid/linux.git", "git://127.0.0.1:9/x", "ssh://host.invalid/x"],
      ref: ["master", "vendor-1.0", "refs/heads/nope", "-x"],
      endpoint: ["http://127.0.0.1:9/hook", "https://hooks.invalid/x"],
      "idempotency-key": ["a", "b", "c", "d"],
      q: ["callback", "exportd", "session client", oids[0] ?? "x"],
    };
    const seeds = await plantSeeds(service.url, site);
    const pool: Known = { texts: [...ids, "mainline", "vendor"], named, urls: ["/v1/trees/vendor", "/v1/trees/mainline"], seeds };
    const wrong = new Map<string, number>();
    const statuses = new Map<number, number>();
    const times = new Map<string, number>();
    const touched = new Set<string>();
    let sent = 0;
    const began = performance.now();
    const client = async () => {
      while (sent < total) {
        sent += 1;
        const operation = random.pick(document.operations);
        const request = makeRequest(operation, document, random, pool);
        const name = `${operation.method} ${operation.path}`;
        const asked = performance.now();
        const answer = await send(service.url, request).catch((error: unknown) => String(error));
        times.set(name, (times.get(name) ?? 0) + performance.now() - asked);
        const fault = typeof answer === "string" ? `no answer: ${answer}` : check(operation, answer);
        if (typeof answer !== "string") {
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          if (answer.status < 300) touched.add(name);
          // A dot segment or an encoded slash makes another path of it, which is not this operation's.
          learn(pool, answer, random);
        }
        if (fault === null) continue;
        const key = `${name} ${fault}`.slice(0, 400);
        if (!wrong.has(key) && wrong.size < SHOWN) console.log(`${request.url} ${String(request.init.body ?? "").slice(0, 300)}\n  ${key}`);
        wrong.set(key, (wrong.get(key) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    const seconds = (performance.now() - began) / 1000;
    const log = service.logTail();
    if (log !== "") console.log(log);
    for (const [status, count] of [...statuses].sort()) console.log(`${status}  ${count}`);
    const slowest = [...times].sort(([, a], [, b]) => b - a).slice(0, 10);
    console.log(`most time: ${slowest.map(([name, ms]) => `${name} ${(ms / 1000).toFixed(0)} s`).join(", ")}`);
    const untouched = document.operations.map(({ method, path }) => `${method} ${path}`).filter((name) => !touched.has(name));
    console.log(`operations that never succeeded: ${untouched.join(", ") || "none"}`);
    return {
      requests: sent,
      operations: document.operations.length,
      succeededOperations: touched.size,
      serverErrors: countOf(statuses, (status) => status >= 500 && status !== 503),
      busy: statuses.get(503) ?? 0,
      faults: [...wrong.values()].reduce((sum, count) => sum + count, 0),
      seconds,
    };
  } finally {
    await service.stop();
    await site.remove();
  }
}

function countOf(statuses: ReadonlyMap<number, number>, wanted: (status: number) => boolean): number {
  let sum = 0;
  for (const [status, count] of statuses) if (wanted(status)) sum += count;
  return sum;
}
