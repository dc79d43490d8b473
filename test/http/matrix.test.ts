import assert from "node:assert/strict";
import { test } from "node:test";
import { Matrix } from "../../src/schema/matrix.ts";
import { HEAD, readyTree, startReadyService, type TestService, VENDOR } from "./support.ts";

const [FIX, OTHER] = ["a".repeat(40), "b".repeat(40)];

const status = (oid: string, state: "present" | "absent") => ({
  oid,
  upstreamOid: null,
  subject: oid === FIX ? '=cmd|"fix"' : "other",
  author: "A",
  date: "2026-01-01T00:00:00Z",
  presence: { state, route: null, by: null, because: `it is ${state}` },
  affected: { state: "unknown" as const, because: "-" },
});

/** Tree `vendor` has OTHER and lacks FIX; no tree knows anything else. */
async function startMatrixService(t: Parameters<typeof startReadyService>[0]): Promise<TestService> {
  const service = await startReadyService(t);
  service.workers.answers.commits = async ({ ids }) =>
    ids.map((id) =>
      id === FIX || id === OTHER ? { id, ...status(id, id === FIX ? "absent" : "present") } : { id, notFound: true as const },
    );
  service.workers.answers.commit = async ({ oid, target }) => ({
    ...status(oid, "absent"),
    tree: target,
    applicability: { state: "conflict" as const, reason: "fs/a.c conflicts", files: [], warnings: [] },
  });
  return service;
}

const QUERY = `commits=${FIX}&commits=${OTHER}&commits=1234567`;

test("fixes by trees: presence in every cell, and why nothing is known of a commit", async (t) => {
  const { app } = await startMatrixService(t);
  const matrix = Matrix.parse((await app.inject(`/v1/matrix?${QUERY}`)).json());
  assert.deepEqual(
    matrix.trees.map(({ id, pinned }) => [id, pinned?.oid]),
    [
      ["main", HEAD],
      ["vendor", HEAD],
    ],
  );
  const cells = matrix.rows.map(({ cells }) => cells.map(({ presence, applicability }) => [presence, applicability]));
  const twice = (cell: unknown) => [cell, cell];
  assert.deepEqual(cells, [twice(["absent", null]), twice(["present", null]), twice(["unknown", null])]);
  assert.match(matrix.rows[2]?.cells[0]?.because ?? "", /No commit of the mirror/);
  assert.deepEqual([matrix.rows[0]?.oid, matrix.rows[2]?.oid], [FIX, null]);
});

test("with applicability what is not there is tried, and nothing else", async (t) => {
  const { app, workers } = await startMatrixService(t);
  const matrix = Matrix.parse((await app.inject(`/v1/matrix?${QUERY}&trees=vendor&applicability=true`)).json());
  assert.deepEqual(
    matrix.rows.map(({ cells }) => cells[0]?.applicability),
    ["conflict", null, null],
  );
  assert.equal(matrix.rows[0]?.cells[0]?.because, "fs/a.c conflicts");
  assert.equal(workers.ran.filter(({ kind }) => kind === "commit").length, 1);
});

test("a tree that cannot be used spoils its own column only", async (t) => {
  const service = await startMatrixService(t);
  service.mirror.failure = new Error("down");
  await service.app.inject({ method: "PUT", url: "/v1/trees/late", payload: VENDOR });
  const matrix = Matrix.parse((await service.app.inject(`/v1/matrix?commits=${FIX}&trees=vendor&trees=late&trees=nope`)).json());
  assert.deepEqual(
    matrix.trees.map(({ problem }) => problem?.code ?? null),
    [null, "tree-not-ready", "tree-not-found"],
  );
  assert.deepEqual(
    matrix.rows[0]?.cells.map(({ presence }) => presence),
    ["absent", "unknown", "unknown"],
  );
});

test("a trial that ends badly is unknown and says so; too many are refused", async (t) => {
  const service = await startMatrixService(t);
  service.workers.answers.commit = async () => {
    throw new Error("broken");
  };
  const matrix = Matrix.parse((await service.app.inject(`/v1/matrix?commits=${FIX}&trees=vendor&applicability=true`)).json());
  assert.equal(matrix.rows[0]?.cells[0]?.applicability, "unknown");
  for (const id of ["t1", "t2", "t3"]) await readyTree(service, id, VENDOR);
  const many = Array.from({ length: 100 }, (_, at) => `commits=${(at + 0x1000000).toString(16)}`).join("&");
  const refused = await service.app.inject(`/v1/matrix?${many}&applicability=true`);
  assert.equal(refused.statusCode, 400);
  assert.equal(refused.json().errors[0].pointer, "/commits");
});

test("as text a table, as CSV fields that no spreadsheet takes for a formula", async (t) => {
  const { app } = await startMatrixService(t);
  const as = async (accept: string) => (await app.inject({ url: `/v1/matrix?${QUERY}&trees=vendor`, headers: { accept } })).body;
  assert.match(await as("text/plain"), /\| aaaaaaaaaaaa \| absent +\| =cmd\\\|"fix" +\|/);
  assert.deepEqual((await as("text/csv")).split("\r\n"), [
    '"commit","upstream","subject","vendor presence","vendor applicability"',
    `"${FIX}","","'=cmd|""fix""","absent",""`,
    `"${OTHER}","","other","present",""`,
    '"1234567","","","unknown",""',
    "",
  ]);
});
