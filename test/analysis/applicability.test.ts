import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { tryChange, tryPatch } from "../../src/analysis/applicability.ts";
import { type Change, isChange, readChange } from "../../src/analysis/change.ts";
import type { Repository } from "../../src/git/repository.ts";
import { parsePatch } from "../../src/patch/parse.ts";
import { buildRepository, file, git, open, temporaryDirectory } from "../git/fixture.ts";
import { commitsOf, scenario } from "../git/merge-scenarios.ts";

const SCENARIOS = 200;

/** `git apply --check --cached` on the tree of a ref. */
function gitApplies(bare: string, index: string, ref: string, patch: string): boolean {
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: "/dev/null", GIT_INDEX_FILE: index };
  const read = spawnSync("git", ["read-tree", ref], { cwd: bare, env });
  assert.equal(read.status, 0, read.stderr.toString());
  return spawnSync("git", ["apply", "--check", "--cached", "-"], { cwd: bare, env, input: Buffer.from(patch, "latin1") }).status === 0;
}

async function changeOf(repo: Repository, oid: string): Promise<Change> {
  const change = await readChange(repo, oid);
  assert.ok(isChange(change));
  return change;
}

test("the strict tier agrees with git apply, the verdict with git's merge, on random trees", async (t) => {
  const directory = temporaryDirectory(t);
  const scenarios = fc.sample(scenario, { numRuns: SCENARIOS, seed: 42 });
  const bare = buildRepository(
    join(directory, "bare"),
    scenarios.flatMap((one, at) => commitsOf(at, one)),
  );
  const repo = open(t, bare);
  const seen = new Map<string, number>();
  for (const at of scenarios.keys()) {
    const change = await changeOf(repo, git(bare, ["rev-parse", `theirs${at}`]));
    const target = git(bare, ["rev-parse", `ours${at}^{tree}`]);
    const patch = await repo.patch(change.oid);
    const binary = change.patch.files.some((one) => one.unsupported !== null);
    // Symbolic links and binary files are decided by the merge alone.
    const plain = !binary && !/^(?:new|old|deleted)(?: file)? mode 120000|^index \w+\.\.\w+ 120000/m.test(patch);
    if (plain && patch !== "") {
      const strict = (await tryPatch(repo, parsePatch(patch), target)).applicability;
      assert.equal(strict.state === "clean", gitApplies(bare, join(directory, "index"), `ours${at}`, patch), `scenario ${at}\n${patch}`);
    }
    const trial = await tryChange(repo, change, target);
    const merge = await repo.merge(change.baseTree, target, change.fixTree);
    const { state } = trial.applicability;
    seen.set(state, (seen.get(state) ?? 0) + 1);
    assert.equal(["clean", "merge", "empty"].includes(state), merge.clean, `scenario ${at}: ${state}`);
    if (merge.clean) assert.equal(trial.merge.tree, merge.tree);
    if (!merge.clean)
      assert.ok(
        trial.applicability.files.some((one) => one.state === "conflict" || one.state === "unsupported") ||
          trial.applicability.warnings.length > 0,
      );
  }
  for (const state of ["clean", "merge", "conflict", "empty"]) assert.ok((seen.get(state) ?? 0) > 0, `${state} is among ${[...seen]}`);
});

const LINES = Array.from({ length: 40 }, (_, i) => `line ${i}\n`);

async function trialOf(t: Parameters<typeof open>[0], base: string[], ours: string[], theirs: string[]) {
  const directory = temporaryDirectory(t);
  const files = (lines: string[]) => new Map([["f.c", file(lines.join(""))]]);
  const bare = buildRepository(join(directory, "bare"), commitsOf(0, { base: files(base), ours: files(ours), theirs: files(theirs) }));
  const repo = open(t, bare);
  return tryChange(repo, await changeOf(repo, git(bare, ["rev-parse", "theirs0"])), git(bare, ["rev-parse", "ours0^{tree}"]));
}

test("a hunk that only moved is clean and tells its offset; a far one is a warning too", async (t) => {
  const near = await trialOf(t, LINES, ["new\n", "new\n", ...LINES], LINES.with(20, "fixed\n"));
  assert.equal(near.applicability.state, "clean");
  assert.equal(near.applicability.files[0]?.hunks[0]?.offset, 2);
  assert.deepEqual(near.applicability.warnings, []);
  const far = await trialOf(t, LINES, [...Array.from({ length: 300 }, (_, i) => `x ${i}\n`), ...LINES], LINES.with(20, "fixed\n"));
  assert.equal(far.applicability.state, "clean");
  assert.match(far.applicability.warnings.join(), /300 lines away/);
});

test("where git apply refuses and cherry-pick merges, the merge wins and the difference is told", async (t) => {
  const trial = await trialOf(t, LINES, LINES.with(18, "other\n"), LINES.with(20, "fixed\n"));
  assert.equal(trial.applicability.state, "merge");
  assert.equal(trial.applicability.files[0]?.hunks[0]?.state, "merge");
  assert.match(trial.applicability.warnings.join(), /git apply refuses/);
});

test("a change that the target already has is empty", async (t) => {
  const fixed = LINES.with(20, "fixed\n");
  const trial = await trialOf(t, LINES, fixed, fixed);
  assert.equal(trial.applicability.state, "empty");
  assert.equal(trial.applicability.files[0]?.hunks[0]?.state, "empty");
});

test("a conflict names the hunk that has no place and leaves the others alone", async (t) => {
  const trial = await trialOf(t, LINES, LINES.with(20, "other\n"), LINES.with(20, "fixed\n").with(2, "also\n"));
  assert.equal(trial.applicability.state, "conflict");
  assert.deepEqual(
    trial.applicability.files[0]?.hunks.map((hunk) => hunk.state),
    ["clean", "conflict"],
  );
  assert.equal(trial.failures[0]?.hunks.length, 1);
});
