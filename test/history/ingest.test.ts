import assert from "node:assert/strict";
import { closeSync, copyFileSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import Database from "better-sqlite3";
import { type IngestOptions, type IngestTree, ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { IndexUnusable, isSound, openIndex } from "../../src/history/open-index.ts";
import type { Progress } from "../../src/schema/common.ts";
import { type GitFixture, gitFixture, importCommits, removeObject } from "./git-fixture.ts";
import { indexContents } from "./index-contents.ts";
import { contentAt, twoBranches, WORDS } from "./two-branches.ts";

/** Reads every page that holds something. */
function readAll(path: string, oids: readonly string[]): void {
  const index = openIndex(path);
  try {
    for (const oid of oids) {
      index.commit(oid);
      index.paths(oid);
      index.functions(oid);
      index.linksTo(oid);
      index.reachable(oid);
    }
    index.searchMessages(WORDS, 1000);
    index.searchIdentifiers(WORDS, 1000);
  } finally {
    index.close();
  }
}

describe("ingest", () => {
  let fixture: GitFixture;
  let progress: Progress[] = [];
  let logged: string[] = [];
  beforeEach(() => {
    fixture = gitFixture();
    progress = [];
    logged = [];
  });
  afterEach(() => fixture.remove());

  function options(name: string, main: string, vendor: string): IngestOptions {
    const trees: IngestTree[] = [
      { id: "mainline", role: "mainline", headOid: main },
      { id: "vendor", role: "vendor", headOid: vendor },
    ];
    const report = (step: Progress) => progress.push(step);
    return { gitDir: fixture.gitDir, indexPath: join(fixture.dir, name), trees, report, log: (message) => logged.push(message) };
  }
  async function build(name: string, main: string, vendor: string): Promise<string> {
    const built = options(name, main, vendor);
    await ingestHistory(built);
    await ingestPatches(built);
    return built.indexPath;
  }

  test("step by step gives the same index as at once, and only the new commits are read", async () => {
    const { main, vendor } = twoBranches(fixture, 60, 20);
    const at = (list: readonly string[], place: number) => list.at(place) ?? "";
    const whole = await build("whole.db", at(main, -1), at(vendor, -1));
    await build("steps.db", at(main, 29), at(vendor, 2));
    await build("steps.db", at(main, 29), at(vendor, -1));
    progress = [];
    const steps = await build("steps.db", at(main, -1), at(vendor, -1));
    assert.deepEqual(indexContents(steps, WORDS), indexContents(whole, WORDS));
    assert.deepEqual(
      progress.filter(({ done, total }) => done === total).map(({ stage, done }) => [stage, done]),
      [
        ["history", 30],
        ["patches", 30],
      ],
    );
    progress = [];
    await build("steps.db", at(main, -1), at(vendor, -1));
    assert.deepEqual(
      progress.map(({ done }) => done).filter((done) => done > 0),
      [],
    );
  });

  test("a rewound head keeps its commits, and the new head counts", async () => {
    const { main, vendor } = twoBranches(fixture, 30, 10);
    await build("index.db", main[29] ?? "", vendor[9] ?? "");
    const index = openIndex(await build("index.db", main[14] ?? "", vendor[9] ?? ""));
    assert.equal(index.reachable(main[14] ?? "").size, 15);
    assert.notEqual(index.commit(main[29] ?? ""), null);
    assert.equal(index.range([main[14] ?? ""], [vendor[9] ?? ""]).length, 5);
    index.close();
  });

  test("an index that lost its commits in the repository still takes new ones", async () => {
    const { main, vendor } = twoBranches(fixture, 12, 5);
    await build("index.db", main[11] ?? "", vendor[9] ?? "");
    removeObject(fixture, main[11] ?? "");
    const [next = ""] = importCommits(fixture, [{ parents: [main[9] ?? ""], changes: { x: "x\n" } }]);
    const index = openIndex(await build("index.db", next, vendor[9] ?? ""));
    assert.equal(index.reachable(next).size, 11);
    index.close();
  });

  test("an open index sees what is added", async () => {
    const { main, vendor } = twoBranches(fixture, 30, 10);
    const index = openIndex(await build("index.db", main[14] ?? "", vendor[9] ?? ""));
    assert.equal(index.reachable(main[12] ?? "").size, 13);
    await build("index.db", main[29] ?? "", vendor[9] ?? "");
    assert.equal(index.reachable(main[28] ?? "").size, 29);
    assert.equal(index.range([main[29] ?? ""], [vendor[9] ?? ""]).length, 20);
    index.close();
  });

  test("a commit whose blob is missing has no patch; it is read once the blob is there", async () => {
    const { main, vendor } = twoBranches(fixture, 12, 5);
    const blob = fixture.git(["rev-parse", `${main[8]}:dir1/file8.c`]).trim();
    removeObject(fixture, blob);
    const path = await build("index.db", main[11] ?? "", vendor[9] ?? "");
    const wanted = (index: ReturnType<typeof openIndex>) => index.range([main[11] ?? ""], [vendor[9] ?? ""]);
    const before = openIndex(path);
    assert.equal(before.withPatch(wanted(before)), 6);
    assert.match(logged.join(), /1 patches could not be read/);
    before.close();
    fixture.git(["hash-object", "-w", "--stdin"], contentAt(8));
    const repaired = openIndex(await build("index.db", main[11] ?? "", vendor[9] ?? ""));
    assert.equal(repaired.withPatch(wanted(repaired)), 7);
    repaired.close();
  });

  test("a moved shallow boundary builds the index anew", async () => {
    const { main, vendor } = twoBranches(fixture, 12, 5);
    const boundary = join(fixture.gitDir, "shallow");
    writeFileSync(boundary, `${main[3]}\n`);
    const path = await build("index.db", main[11] ?? "", vendor[9] ?? "");
    const shallow = openIndex(path);
    assert.equal(shallow.reachable(main[11] ?? "").size, 9);
    assert.deepEqual(shallow.paths(main[3] ?? ""), []);
    assert.equal(shallow.commit(main[0] ?? ""), null);
    shallow.close();
    rmSync(boundary);
    const full = openIndex(await build("index.db", main[11] ?? "", vendor[9] ?? ""));
    assert.equal(full.reachable(main[11] ?? "").size, 12);
    full.close();
  });

  test("a head that the repository does not have is told", async () => {
    const { main } = twoBranches(fixture, 12, 5);
    await assert.rejects(build("index.db", main[11] ?? "", "1".repeat(40)), RangeError);
  });

  test("stopping by signal leaves a file that the next run completes", async () => {
    const { main, vendor } = twoBranches(fixture, 40, 10);
    const stopped = { ...options("stopped.db", main[39] ?? "", vendor[9] ?? ""), signal: AbortSignal.abort() };
    await assert.rejects(ingestHistory(stopped), { name: "AbortError" });
    const whole = await build("whole.db", main[39] ?? "", vendor[9] ?? "");
    assert.deepEqual(indexContents(await build("stopped.db", main[39] ?? "", vendor[9] ?? ""), WORDS), indexContents(whole, WORDS));
  });

  test("a missing, foreign, cut or overwritten file is noticed, and ingest builds it anew", async () => {
    const { main, vendor } = twoBranches(fixture, 60, 10);
    const sound = await build("sound.db", main[59] ?? "", vendor[9] ?? "");
    assert.equal(isSound(sound), true);
    const damages: readonly (readonly [name: string, damage: (path: string) => void, atOpening: boolean])[] = [
      ["missing", (path) => rmSync(path), true],
      ["no database", (path) => writeFileSync(path, "not a database".repeat(1000)), true],
      ["empty", (path) => truncateSync(path, 0), true],
      ["another version", (path) => new Database(path).exec("PRAGMA user_version = 99").close(), true],
      ["an older version", (path) => new Database(path).exec("DROP TABLE renames; PRAGMA user_version = 1").close(), true],
      ["cut", (path) => truncateSync(path, 8192 * 9), false],
      [
        "overwritten",
        (path) => {
          const file = openSync(path, "r+");
          writeSync(file, Buffer.alloc(8192 * 6, 0xa5), 0, 8192 * 6, 8192 * 3);
          closeSync(file);
        },
        false,
      ],
    ];
    for (const [name, damage, atOpening] of damages) {
      const path = join(fixture.dir, "damaged.db");
      copyFileSync(sound, path);
      damage(path);
      assert.equal(isSound(path), false, name);
      if (atOpening) assert.throws(() => openIndex(path), IndexUnusable, name);
      else assert.throws(() => readAll(path, main), IndexUnusable, name);
    }
    for (const name of ["no database", "empty", "another version", "an older version", "cut"]) {
      const path = join(fixture.dir, `${name}.db`);
      copyFileSync(sound, path);
      damages.find(([each]) => each === name)?.[1](path);
      assert.deepEqual(indexContents(await build(`${name}.db`, main[59] ?? "", vendor[9] ?? ""), WORDS), indexContents(sound, WORDS));
    }
  });
});
