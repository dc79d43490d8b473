import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { COMMIT_INDEXES, INDEX_VERSION, PAGE_SIZE, SCHEMA } from "../../src/history/index-schema.ts";

/** Of the tables of each version. A file that says a version must have its tables, so an entry never changes. */
const DIGESTS: Readonly<Record<number, string>> = {
  2: "3ada4eeba47263aa",
};

test("other tables have another version: raise INDEX_VERSION and add its digest here", () => {
  const digest = createHash("sha256").update([PAGE_SIZE, SCHEMA, COMMIT_INDEXES].join("\n")).digest("hex").slice(0, 16);
  assert.deepEqual([INDEX_VERSION, digest], [INDEX_VERSION, DIGESTS[INDEX_VERSION]]);
  assert.equal(Math.max(...Object.keys(DIGESTS).map(Number)), INDEX_VERSION);
});
