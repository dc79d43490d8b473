import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { packageVersion } from "../../src/jobs/versions.ts";
import { openapiDocument } from "../../src/openapi.ts";

interface Operation {
  readonly summary?: string;
  readonly responses?: Record<string, unknown>;
}

const document = JSON.parse(JSON.stringify(await openapiDocument(packageVersion()))) as {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown> };
};

test("openapi.json is what the code says; npm run openapi writes it", () => {
  const checkedIn: unknown = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));
  assert.deepEqual(checkedIn, document);
});

test("every operation has a summary and its answers, and every reference resolves", () => {
  assert.equal(document.openapi, "3.1.0");
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );
  assert.deepEqual(
    operations
      .map(({ name }) => name)
      .filter((name) => name.includes("/v1/"))
      .sort(),
    [
      "delete /v1/analyses/{id}",
      "delete /v1/batches/{id}",
      "delete /v1/crashes/{id}",
      "delete /v1/plans/{id}",
      "delete /v1/trees/{tree}",
      "delete /v1/webhooks/{webhook}",
      "get /v1/analyses",
      "get /v1/analyses/{id}",
      "get /v1/analyses/{id}/events",
      "get /v1/batches",
      "get /v1/batches/{id}",
      "get /v1/batches/{id}/events",
      "get /v1/batches/{id}/items",
      "get /v1/crashes",
      "get /v1/crashes/{id}",
      "get /v1/crashes/{id}/report.txt",
      "get /v1/events",
      "get /v1/matrix",
      "get /v1/plans",
      "get /v1/plans/{id}",
      "get /v1/plans/{id}/events",
      "get /v1/plans/{id}/graph",
      "get /v1/plans/{id}/mbox",
      "get /v1/rules",
      "get /v1/search",
      "get /v1/signatures",
      "get /v1/signatures/{fingerprint}",
      "get /v1/trees",
      "get /v1/trees/{tree}",
      "get /v1/trees/{tree}/commits/{oid}",
      "get /v1/trees/{tree}/events",
      "get /v1/trees/{tree}/fetches",
      "get /v1/trees/{tree}/fetches/{fetch}",
      "get /v1/webhooks",
      "get /v1/webhooks/{webhook}",
      "get /v1/webhooks/{webhook}/deliveries",
      "get /v1/webhooks/{webhook}/deliveries/{delivery}",
      "post /v1/analyses",
      "post /v1/batches",
      "post /v1/crashes",
      "post /v1/plans",
      "post /v1/signatures",
      "post /v1/trees/{tree}/commits",
      "post /v1/trees/{tree}/fetches",
      "post /v1/webhooks",
      "post /v1/webhooks/{webhook}/deliveries/{delivery}/attempts",
      "put /v1/trees/{tree}",
    ],
  );
  for (const { name, operation } of operations) {
    assert.ok(operation.summary, name);
    assert.ok(Object.keys(operation.responses ?? {}).length > 0, name);
    if (name.includes("/v1/")) assert.ok(operation.responses?.["406"], name);
  }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "");
  assert.ok(references.length > 50);
  for (const name of references) assert.ok(name in document.components.schemas, name);
});
