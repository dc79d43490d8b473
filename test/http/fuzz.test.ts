import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Problem } from "../../src/schema/problem.ts";
import { HEAD, MAIN, startReadyService } from "./support.ts";

type Responses = Record<string, unknown>;

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("main", "vendor", "nope", HEAD, "abcdef1", "", "..", "%00", "-x", "a".repeat(300), "refs/heads/x"),
);
const segment = text.map((value) => encodeURIComponent(value.toWellFormed()));
const body = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record(
      { target: text, crash: text, patch: text, commits: fc.array(text), upstreams: fc.array(text), options: fc.jsonValue() },
      { requiredKeys: [] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ remote: text, ref: text, role: fc.constantFrom("mainline", "stable", "vendor", "x") }, { requiredKeys: [] }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ target: "vendor", commits: ["abcdef1"] }, { target: "vendor", crash: "BUG" }, MAIN) },
  { weight: 2, arbitrary: fc.record({ crash: text, source: text, oids: fc.array(text) }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.constantFrom({ crash: "BUG" }, { crash: "BUG", source: "bot" }, { oids: ["abcdef1"] }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const query = fc.oneof(
  fc.constant(""),
  fc
    .tuple(fc.constantFrom("wait", "limit", "cursor", "target", "status", "kind", "fingerprint", "x"), segment)
    .map(([name, value]) => `?${name}=${value}`),
);
const route = fc.constantFrom(
  ["GET", "/v1/trees"],
  ["GET", "/v1/trees/{tree}"],
  ["PUT", "/v1/trees/{tree}"],
  ["DELETE", "/v1/trees/{tree}"],
  ["POST", "/v1/trees/{tree}/fetches"],
  ["GET", "/v1/trees/{tree}/fetches"],
  ["GET", "/v1/trees/{tree}/fetches/{fetch}"],
  ["GET", "/v1/trees/{tree}/commits/{oid}"],
  ["POST", "/v1/trees/{tree}/commits"],
  ["POST", "/v1/signatures"],
  ["GET", "/v1/signatures"],
  ["GET", "/v1/signatures/{fingerprint}"],
  ["POST", "/v1/crashes"],
  ["GET", "/v1/crashes"],
  ["GET", "/v1/crashes/{id}"],
  ["DELETE", "/v1/crashes/{id}"],
  ["POST", "/v1/analyses"],
  ["GET", "/v1/analyses"],
  ["GET", "/v1/analyses/{id}"],
  ["DELETE", "/v1/analyses/{id}"],
  ["POST", "/v1/webhooks"],
  ["GET", "/v1/webhooks"],
  ["GET", "/v1/webhooks/{webhook}"],
  ["DELETE", "/v1/webhooks/{webhook}"],
  ["GET", "/v1/webhooks/{webhook}/deliveries"],
  ["GET", "/v1/webhooks/{webhook}/deliveries/{delivery}"],
  ["POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/attempts"],
  ["GET", "/readyz"],
) as fc.Arbitrary<["GET" | "PUT" | "POST" | "DELETE", string]>;

test("whatever is asked, the answer is documented: status, media type and form, and never an internal error", async (t) => {
  const service = await startReadyService(t, { limits: { maxTrees: 1000, maxCrashes: 1000 } });
  const { app } = service;
  const document = app.swagger() as unknown as { paths: Record<string, Record<string, { responses: Responses }>> };
  await fc.assert(
    fc.asyncProperty(
      route,
      fc.array(segment, { minLength: 2, maxLength: 2 }),
      query,
      body,
      async ([method, path], segments, search, payload) => {
        let next = 0;
        const url = path.replace(/\{\w+\}/g, () => segments[next++] || "x") + search;
        const content =
          method === "PUT" || method === "POST"
            ? { payload: JSON.stringify(payload), headers: { "content-type": "application/json" } }
            : {};
        const response = await app.inject({ method, url, ...content });
        const documented = document.paths[path]?.[method.toLowerCase()]?.responses ?? {};
        const place = `${method} ${url} ${content.payload ?? ""}: ${response.statusCode} ${response.body}`;
        if (response.statusCode >= 400) Problem.parse(response.json());
        assert.ok(response.statusCode < 500, place);
        // A path that a bad percent encoding or a dot segment makes another one.
        if (response.statusCode === 404 && response.json().code === "not-found") return;
        assert.ok(String(response.statusCode) in documented, place);
      },
    ),
    { numRuns: 1500 },
  );
});

test("deep nesting and strange JSON are refused in linear time", async (t) => {
  const { app } = await startReadyService(t, { bodyLimit: 8 * 1024 * 1024 });
  const deep = "[".repeat(2_000_000) + "]".repeat(2_000_000);
  for (const payload of [
    deep,
    `{"target":"vendor","signature":${deep}}`,
    `{"target":${JSON.stringify("x".repeat(4_000_000))},"crash":"x"}`,
  ]) {
    const began = performance.now();
    const response = await app.inject({ method: "POST", url: "/v1/analyses", payload, headers: { "content-type": "application/json" } });
    assert.equal(response.statusCode, 400, response.body.slice(0, 300));
    assert.ok(response.body.length < 5000, `${response.body.length} characters of problem`);
    // Quadratic time would be hours.
    assert.ok(performance.now() - began < 30_000);
  }
});
