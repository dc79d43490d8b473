import assert from "node:assert/strict";
import { request, type Server } from "node:http";
import { test } from "node:test";
import { fastify } from "fastify";
import { streamEvents } from "../../src/routes/event-stream.ts";
import { gate, NO_CANDIDATE, passed, startReadyService, type TestService, until } from "./support.ts";

interface Event {
  readonly id: number;
  readonly event: string;
  readonly data: { readonly progress?: { readonly stage: string }; readonly conclusion?: string };
}

function parseEvents(text: string): Event[] {
  const events: Event[] = [];
  for (const block of text.split("\n\n")) {
    const fields = Object.fromEntries(
      block.split("\n").map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
    );
    if (fields.id !== undefined) events.push({ id: Number(fields.id), event: fields.event ?? "", data: JSON.parse(fields.data ?? "") });
  }
  return events;
}

const read = async (base: string, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${base}${path}`, { headers: { accept: "text/event-stream", ...headers } });
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
};

const listen = (service: TestService) => service.app.listen({ host: "127.0.0.1", port: 0 });
const QUESTION = { target: "vendor", commits: ["abcdef1"] };

test("a stream tells what was, then what comes, and ends after completed; Last-Event-ID resumes it", async (t) => {
  const service = await startReadyService(t);
  const base = await listen(service);
  const slow = gate();
  service.workers.answers.analyse = async (_task, { report, signal }) => {
    report({ stage: "candidates", done: 0, total: 5 });
    await passed(slow.promise, signal);
    report({ stage: "presence", done: 1, total: 5 });
    return NO_CANDIDATE;
  };
  const { id } = (await service.app.inject({ method: "POST", url: "/v1/analyses", payload: QUESTION })).json();
  await until(
    async () => (await service.app.inject(`/v1/analyses/${id}`)).json(),
    (analysis) => analysis.progress?.stage === "candidates",
  );
  const live = read(base, `/v1/analyses/${id}/events`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  slow.open();
  const { status, type, text } = await live;
  assert.deepEqual([status, type], [200, "text/event-stream"]);
  const events = parseEvents(text);
  assert.deepEqual(
    events.map(({ event, data }) => data.progress?.stage ?? event),
    ["queued", "candidates", "presence", "completed"],
  );
  assert.equal(events.at(-1)?.data.conclusion, "success");
  const ids = events.map((event) => event.id);
  assert.deepEqual(
    ids,
    [...new Set(ids)].sort((a, b) => a - b),
  );
  const resumed = await read(base, `/v1/analyses/${id}/events`, { "last-event-id": String(ids[1]) });
  assert.deepEqual(parseEvents(resumed.text), events.slice(2));
  assert.equal((await read(base, `/v1/analyses/${id}/events`, { "last-event-id": String(ids.at(-1)) })).status, 204);
  assert.equal(parseEvents((await read(base, `/v1/analyses/${id}/events`, { "last-event-id": "x" })).text).length, 4);
});

test("the stream of a tree tells of its latest run", async (t) => {
  const service = await startReadyService(t);
  const base = await listen(service);
  const first = parseEvents((await read(base, "/v1/trees/main/events")).text);
  assert.equal(first.at(-1)?.event, "completed");
  const { url } = (await service.app.inject({ method: "POST", url: "/v1/trees/main/fetches" })).json();
  const second = parseEvents((await read(base, "/v1/trees/main/events", { "last-event-id": String(first.at(-1)?.id) })).text);
  assert.equal(second.at(-1)?.event, "completed");
  assert.ok((second[0]?.id ?? 0) > (first.at(-1)?.id ?? Infinity));
  assert.equal((await service.app.inject(url)).json().status, "completed");
});

test("a stream ends when its resource is removed and when the service stops", async (t) => {
  const service = await startReadyService(t);
  const base = await listen(service);
  service.mirror.gate = gate().promise;
  await service.app.inject({ method: "POST", url: "/v1/trees/main/fetches" });
  await service.app.inject({ method: "POST", url: "/v1/trees/vendor/fetches" });
  const removed = read(base, "/v1/trees/main/events");
  const stopped = read(base, "/v1/trees/vendor/events");
  await until(
    () => service.logged().split("/events").length - 1,
    (requests) => requests >= 2,
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  await service.app.inject({ method: "DELETE", url: "/v1/trees/main" });
  assert.notEqual(parseEvents((await removed).text).at(-1)?.event, "completed");
  await service.stop();
  assert.equal((await stopped).status, 200);
});

test("a client that goes away leaves nobody waiting, and silence is filled with heartbeats", async (t) => {
  const service = await startReadyService(t);
  service.mirror.gate = gate().promise;
  await service.app.inject({ method: "POST", url: "/v1/trees/main/fetches" });
  let heard = 0;
  const { changes } = service.jobs;
  const counted = {
    ...service.jobs,
    changes: {
      ...changes,
      listen: (resource: string) => {
        heard++;
        const listener = changes.listen(resource);
        return {
          ...listener,
          stop: () => {
            heard--;
            listener.stop();
          },
        };
      },
    },
  };
  const app = fastify();
  app.get("/events", (request, reply) => streamEvents(counted, "trees/main", request, reply, 20));
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.close());
  let text = "";
  const client = request(`${base}/events`, (response) => {
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      text += chunk;
    });
    response.on("error", () => {});
  });
  client.on("error", () => {});
  client.end();
  await until(
    () => text,
    (seen) => /(?:: still here\n\n){3}$/.test(seen),
  );
  assert.equal(heard, 1);
  client.destroy();
  await until(
    () => heard,
    (count) => count === 0,
  );
  assert.ok((app.server as Server).listening);
});
