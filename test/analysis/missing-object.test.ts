import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { analyze } from "../../src/analysis/analyze.ts";
import { openContext } from "../../src/analysis/context.ts";
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { buildRepository, file, git, open, temporaryDirectory } from "../git/fixture.ts";

/** Takes one object out of a bare repository, as a partial clone or a damaged pack would. */
function lose(bare: string, oid: string): void {
  const folder = join(bare, "objects/pack");
  const packs = readdirSync(folder).filter((name) => name.endsWith(".pack"));
  const contents = packs.map((name) => readFileSync(join(folder, name)));
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
  for (const content of contents) git(bare, ["unpack-objects", "-q"], content);
  rmSync(join(bare, "objects", oid.slice(0, 2), oid.slice(2)));
}

test("a candidate whose objects the mirror lacks is unknown, and the others are answered", async (t) => {
  const directory = temporaryDirectory(t);
  const lines = (change: Record<number, string>) => Array.from({ length: 20 }, (_, i) => change[i] ?? `line ${i}\n`).join("");
  const files = (a: Record<number, string>, b: Record<number, string>) =>
    new Map([
      ["a.c", file(lines(a))],
      ["b.c", file(`b\n${lines(b)}`)],
    ]);
  const bare = buildRepository(join(directory, "bare"), [
    { ref: "refs/heads/up", parents: [], files: files({}, {}), message: "base\n" },
    { ref: "refs/heads/vendor", parents: ["refs/heads/up"], files: files({ 1: "own\n" }, {}), message: "own\n" },
    { ref: "refs/heads/up", parents: [], files: files({ 10: "fixed\n" }, {}), message: "a: fix\n" },
    { ref: "refs/heads/up", parents: [], files: files({ 10: "fixed\n" }, { 10: "fixed\n" }), message: "b: fix\n" },
  ]);
  const [both, onlyA] = [git(bare, ["rev-parse", "up"]), git(bare, ["rev-parse", "up~1"])];
  const trees = [
    { id: "up", role: "mainline" as const, headOid: both },
    { id: "vendor", role: "vendor" as const, headOid: git(bare, ["rev-parse", "vendor"]) },
  ];
  const options = { gitDir: bare, indexPath: join(directory, "index.sqlite"), trees, report: () => {} };
  await ingestHistory(options);
  await ingestPatches(options);
  lose(bare, git(bare, ["rev-parse", `${both}:b.c`]));

  const index = openIndex(options.indexPath);
  t.after(() => index.close());
  const pin = (tree: string, oid: string) => ({ tree, ref: tree, oid });
  const ctx = await openContext({
    repo: open(t, bare),
    index,
    target: pin("vendor", trees[1]?.headOid ?? ""),
    upstreams: [pin("up", both)],
  });
  const { candidates } = await analyze(ctx, { kind: "commits", oids: [both, onlyA] }, { maxCandidates: 10, includePresent: 0 });
  assert.deepEqual(
    candidates.map((one) => [one.subject, one.applicability.state, one.verdict]),
    [
      ["b: fix", "unknown", "inconclusive"],
      ["a: fix", "clean", "ready"],
    ],
  );
  assert.match(candidates[0]?.applicability.reason ?? "", /the mirror lacks an object/);
});
