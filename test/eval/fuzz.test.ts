import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { createChecker, type Operation, readDocument } from "../../eval/reliability/fuzz-check.ts";
import { makeValue } from "../../eval/reliability/fuzz-values.ts";
import { createRandom } from "../../eval/reliability/random.ts";

const document = readDocument(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));
const operation = (method: string, path: string): Operation =>
  document.operations.find((one) => one.method === method && one.path === path) ?? assert.fail(path);
const answer = (status: number, type: string, body: unknown) => ({
  status,
  headers: new Headers({ "content-type": type }),
  body: typeof body === "string" ? body : JSON.stringify(body),
});

test("the same seed gives the same numbers", () => {
  const draw = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 5 }, () => random.below(1000));
  };
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
});

test("tame values follow their schema, wild ones often do not", () => {
  const { body } = operation("PUT", "/v1/trees/{tree}");
  const name = body?.$ref === undefined ? "" : String(body.$ref).split("/").at(-1);
  const $defs = JSON.parse(JSON.stringify(document.schemas).replaceAll("#/components/schemas/", "#/$defs/"));
  const valid = z.fromJSONSchema({ $ref: `#/$defs/${name}`, $defs });
  const random = createRandom(1);
  const pool = { texts: ["x"], named: { remote: ["https://a.example/x.git"], ref: ["master"] } };
  const share = (wildness: number) => {
    let fits = 0;
    for (let count = 0; count < 300; count += 1) {
      const value = makeValue("", { $ref: `#/components/schemas/${name}` }, document.schemas, random, pool, wildness);
      if (valid.safeParse(value).success) fits += 1;
    }
    return fits / 300;
  };
  assert.ok(share(0) > 0.7, "tame");
  assert.ok(share(0.5) < 0.3, "wild");
});

test("the check passes what the document says and names what it does not", () => {
  const check = createChecker(document);
  const ready = operation("GET", "/healthz");
  assert.equal(check(ready, answer(200, "application/json", { status: "ok" })), null);
  assert.match(check(ready, answer(200, "application/json", { status: "fine" })) ?? "", /against its schema/);
  assert.match(check(ready, answer(200, "text/html", "<p>")) ?? "", /as "text\/html"/);
  assert.match(check(ready, answer(418, "application/json", {})) ?? "", /418, which is not documented/);
  assert.match(check(operation("GET", "/v1/trees"), answer(500, "application/problem+json", {})) ?? "", /answers 500/);
  assert.equal(check(operation("GET", "/v1/trees"), answer(304, "", "")), null);
});
