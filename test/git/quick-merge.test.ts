import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { openAddedFiles } from "../../src/git/added-files.ts";
import { openLostFiles } from "../../src/git/lost-files.ts";
import { openMerger } from "../../src/git/merger.ts";
import { openObjectReader } from "../../src/git/object-reader.ts";
import { type QuickMergeStore, quickMerge } from "../../src/git/quick-merge.ts";
import { openScratchStore } from "../../src/git/scratch-store.ts";
import { buildRepository, git, temporaryDirectory } from "./fixture.ts";
import { commitsOf, scenario } from "./merge-scenarios.ts";

const SCENARIOS = 900;

test("where the quick merge answers, git's merge of the whole trees says the same", async (t) => {
  const directory = temporaryDirectory(t);
  const scenarios = fc.sample(scenario, { numRuns: SCENARIOS, seed: 4711 });
  const bare = buildRepository(
    join(directory, "bare"),
    scenarios.flatMap((one, at) => commitsOf(at, one)),
  );
  const scratch = openScratchStore(bare, join(directory, "scratch"));
  const options = { gitDir: bare, env: scratch.env };
  const merger = openMerger(options, scratch);
  const reader = openObjectReader(options, {}, scratch);
  const additions = openAddedFiles(options);
  t.after(() => Promise.all([merger.close(), reader.close(), additions.close()]));
  const store: QuickMergeStore = {
    read: async (tree) => {
      const found = await reader.tree(tree);
      assert.ok(found);
      return found;
    },
    write: scratch.writeTree,
    readBlob: reader.blob,
    writeBlob: scratch.writeBlob,
    areGone: openLostFiles({
      added: (from, to) => additions.between(from, to),
      sizes: (oids) => Promise.all(oids.map(reader.size)),
      readBlob: reader.blob,
    }).areGone,
    merge: merger.merge,
  };
  const trees = git(bare, ["for-each-ref", "--format=%(refname:short) %(tree)"]).split("\n");
  const treeOf = new Map(trees.map((line) => line.split(" ") as [string, string]));
  let quick = 0;
  let conflicts = 0;
  let disputed = 0;
  for (const at of scenarios.keys()) {
    const [base = "", ours = "", theirs = ""] = ["base", "ours", "theirs"].map((side) => treeOf.get(`${side}${at}`));
    const answer = await quickMerge(store, base, ours, theirs);
    if (answer === null) continue;
    const whole = await merger.merge(base, ours, theirs);
    quick++;
    assert.equal(answer.clean, whole.clean, `scenario ${at}`);
    if (whole.clean) assert.equal(answer.tree, whole.tree, `scenario ${at}`);
    else conflicts++;
    if (answer.conflicts.some(({ kind }) => kind === "modify/delete")) disputed++;
    assert.deepEqual(
      new Set(answer.conflicts.map(({ path, kind }) => `${kind} ${path}`)),
      new Set(whole.conflicts.map(({ path, kind }) => `${kind} ${path}`)),
    );
  }
  assert.ok(quick > SCENARIOS / 5, `${quick} of ${SCENARIOS} were answered`);
  assert.ok(conflicts > 10, `${conflicts} conflicts among them`);
  assert.ok(disputed > 10, `${disputed} of them of files that one side removed`);
});
