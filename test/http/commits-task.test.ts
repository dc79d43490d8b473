import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import type { CommitsResult } from "../../src/jobs/task-types.ts";
import { openWorkers } from "../../src/jobs/worker-pool.ts";
import type { Progress } from "../../src/schema/common.ts";
import { commitTo, source } from "../analysis/trees.ts";
import { buildRepository, git, temporaryDirectory } from "../git/fixture.ts";

const LOCK = (name: string) => `\tmutex_lock(&dev->${name}_lock);\n`;
const FILES = ["net/a.c", "net/b.c", "fs/c.c"];
const BASE = Object.fromEntries(FILES.map((path) => [path, source(path.slice(-3, -2))]));
const GONE = "0123456789abcdef0123456789abcdef01234567";

/** Thirty upstream commits that change three files in turn; the vendor's tree has every fifth of them. */
async function start(t: TestContext) {
  const directory = temporaryDirectory(t);
  const changes: Record<string, Record<number, string>> = {};
  const contents = (taken: (at: number) => boolean) =>
    Array.from({ length: 30 }, (_, at) => {
      const path = FILES[at % FILES.length] ?? "";
      if (taken(at)) changes[path] = { ...changes[path], [Math.floor(at / 3) * 5 + 3]: LOCK(`part${at}`) };
      return {
        ...BASE,
        ...Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, source(name.slice(-3, -2), change)])),
      };
    });
  const upstream = contents(() => true).map((files, at) => commitTo("up", `net: lock part ${at}\n`, files));
  for (const path of FILES) delete changes[path];
  const vendor = contents((at) => at % 5 === 0).at(-1) ?? {};
  const gitDir = buildRepository(join(directory, "bare"), [
    commitTo("up", "base\n", BASE),
    commitTo("vendor", `fork\n\n[ Upstream commit ${GONE} ]\n`, { ...vendor, own: "own\n" }, ["refs/heads/up"]),
    ...upstream,
  ]);
  const oid = (ref: string) => git(gitDir, ["rev-parse", ref]);
  const trees = [
    { id: "up", role: "mainline" as const, headOid: oid("up") },
    { id: "vendor", role: "vendor" as const, headOid: oid("vendor") },
  ];
  const options = { gitDir, indexPath: join(directory, "index.sqlite"), trees, report: () => {} };
  await ingestHistory(options);
  await ingestPatches(options);
  const workers = openWorkers({ entry: new URL("../../src/jobs/worker.ts", import.meta.url), threads: 1 });
  t.after(() => workers.close());
  const pin = (tree: string) => ({ tree, ref: tree, oid: oid(tree) });
  const progress: Progress[] = [];
  const check = (ids: readonly string[], signal = new AbortController().signal): Promise<CommitsResult> => {
    const paths = { gitDir, indexPath: options.indexPath, scratchRoot: join(directory, "scratch") };
    const task = { kind: "commits", ...paths, ids, target: pin("vendor"), upstreams: [pin("up")] } as const;
    return workers.run(task, { report: (step) => void progress.push(step), signal });
  };
  return { check, oids: Array.from({ length: 30 }, (_, at) => oid(`up~${29 - at}`)), vendor: oid("vendor"), progress };
}

test("the commits task answers in the order of the ids, each as if it were asked alone", async (t) => {
  const { check, oids, vendor, progress } = await start(t);
  const ids = [...oids.toReversed(), "fedcba9", (oids[5] ?? "").slice(0, 12), oids[5] ?? "", GONE.slice(0, 10), oids[5] ?? ""];
  const answers = await check(ids);
  assert.deepEqual(
    answers.map(({ id }) => id),
    ids,
  );
  const states = answers.slice(0, 30).map((answer) => ("presence" in answer ? answer.presence.state : "no answer"));
  assert.deepEqual(states, oids.map((_, at) => (at % 5 === 0 ? "equivalent" : "absent")).toReversed());
  assert.deepEqual(answers[30], { id: "fedcba9", notFound: true });
  const withoutId = (at: number) => ({ ...answers[at], id: "" });
  assert.deepEqual([withoutId(31), withoutId(34)], [withoutId(32), withoutId(32)]);
  const [carrier] = answers.slice(33, 34);
  assert.equal(carrier !== undefined && "oid" in carrier && carrier.oid, vendor);
  assert.equal(progress.at(-1)?.stage, "commits");
  for (const at of [0, 4, 30, 32]) assert.deepEqual(await check([ids[at] ?? ""]), [answers[at]]);
});

test("the commits task ends when nobody waits for it any more", async (t) => {
  const { check, oids } = await start(t);
  const stop = new AbortController();
  const many = Array.from({ length: 1000 }, (_, at) => oids[at % 30] ?? "");
  const running = check(many, stop.signal);
  stop.abort("gone");
  await assert.rejects(running, (reason) => reason === "gone");
  assert.equal((await check(oids.slice(0, 1))).length, 1);
});
