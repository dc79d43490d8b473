import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import openapiTS, { astToString } from "openapi-typescript";
import { ApiError, bodyOf, createApiClient } from "../../client/client.ts";
import { MAIN, readyTree, startReadyService, startTestService, type TestService, VENDOR } from "./support.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The client speaks with the service over HTTP, on a free port. */
async function connect({ app }: TestService) {
  return createApiClient(await app.listen({ host: "127.0.0.1", port: 0 }));
}

test("the types of the client are those of openapi.json; npm run openapi writes them", async () => {
  const types = astToString(await openapiTS(JSON.parse(read("openapi.json"))));
  assert.ok(read("client/schema.d.ts").endsWith(types));
});

test("the client asks, waits and reads; its answers have types", async (t) => {
  const client = await connect(await startReadyService(t));
  const trees = bodyOf(await client.GET("/v1/trees", { params: { query: { role: ["mainline", "vendor"], limit: 10 } } }));
  assert.deepEqual(
    trees.items.map(({ id, role }) => `${id} ${role}`),
    ["main mainline", "vendor vendor"],
  );
  const body = { target: "vendor", commits: ["abcdef1"] };
  const asked = await client.POST("/v1/analyses", { params: { query: { wait: 10 } }, body });
  assert.equal(asked.response.status, 202);
  const { id, verdict } = bodyOf(asked);
  assert.equal(verdict, "no_candidate");
  const again = bodyOf(await client.GET("/v1/analyses/{id}", { params: { path: { id } } }));
  assert.deepEqual(again.coverage?.complete, true);
  const batch = bodyOf(await client.POST("/v1/batches", { params: { query: { wait: 10 } }, body: { analyses: [body] } }));
  assert.equal(batch.counts.answered, 1);
});

test("a problem is an error with its document", async (t) => {
  const client = await connect(await startTestService(t));
  const wrong = await client.GET("/v1/trees/{tree}", { params: { path: { tree: "nope" } } });
  assert.throws(
    () => bodyOf(wrong),
    (error) => error instanceof ApiError && error.status === 404 && error.problem?.code === "tree-not-found",
  );
});

test("the examples of docs/examples.md answer what they say", async (t) => {
  const service = await startTestService(t);
  await readyTree(service, "mainline", MAIN);
  await readyTree(service, "vendor", VENDOR);
  const examples = [...read("docs/examples.md").matchAll(/```http\n([A-Z]+) (\S+)\n(?:(\{.*\})\n)?(\d{3})\n```/g)];
  assert.equal(examples.length, read("docs/examples.md").split("```http").length - 1);
  for (const [, method = "", url = "", body, status] of examples) {
    const content = body === undefined ? {} : { payload: body, headers: { "content-type": "application/json" } };
    const answer = await service.app.inject({ method: method as "GET" | "POST" | "PUT", url, ...content });
    assert.equal(String(answer.statusCode), status, `${method} ${url}: ${answer.body}`);
  }
});
