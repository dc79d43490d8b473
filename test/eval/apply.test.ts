import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../eval/apply.ts";
import { cherryPick } from "../../eval/cherry-pick.ts";
import { mergeOutcomes } from "../../eval/git-truth.ts";
import { joinRepositories } from "../../eval/repos.ts";
import { type Fixture, fixture, textFile } from "./fixture.ts";

const lines = (...replaced: (readonly [number, string])[]) => {
  const text = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  for (const [at, line] of replaced) text[at] = line;
  return `${text.join("\n")}\n`;
};

/** A history with a fix that applies to an older branch, one that conflicts there, one that is there already, and a merge. */
function history(repo: Fixture) {
  const base = repo.commit("base", { a: lines(), b: lines() });
  repo.git("branch", "vendor");
  const clean = repo.commit("clean", { a: lines([2, "fixed"]) });
  const conflict = repo.commit("conflict", { b: lines([10, "upstream"]) });
  const taken = repo.commit("taken", { a: lines([2, "fixed"], [17, "taken"]) });
  repo.git("checkout", "--quiet", "-b", "side");
  repo.commit("side", { c: "side\n" });
  repo.git("checkout", "--quiet", "main");
  repo.commit("main", { d: "main\n" });
  repo.git("merge", "--quiet", "--no-edit", "side");
  const merge = repo.git("rev-parse", "HEAD");
  repo.git("checkout", "--quiet", "vendor");
  const vendor = repo.commit("vendor", { a: lines([17, "taken"]), b: lines([10, "vendor"]) });
  const pair = (origin: string, parent = vendor) => ({ backport: vendor, origin, parent });
  return { base, clean: pair(clean), conflict: pair(conflict), taken: pair(taken), merge: pair(merge), absent: pair("1".repeat(40)) };
}

test("git's verdicts on synthetic commits are those of git cherry-pick", async (t) => {
  const repo = fixture(t);
  const { clean, conflict, taken, merge, absent } = history(repo);
  const joined = await joinRepositories([`${repo.dir}/.git`]);
  t.after(joined.remove);
  const pairs = [clean, conflict, taken];
  const merged = await mergeOutcomes(joined.gitDir, [absent, ...pairs, merge]);
  assert.deepEqual([merged[0], merged[4]], [null, null]);
  const outcomes = merged.slice(1, 4);
  assert.deepEqual(
    outcomes.map((outcome) => outcome?.applies),
    [true, false, true],
  );
  const picked = await cherryPick(joined.workDir, pairs);
  assert.ok(picked.seconds > 0);
  for (const [at, outcome] of picked.outcomes.entries()) {
    assert.equal(outcome.applies, outcomes[at]?.applies);
    if (outcome.applies) assert.equal(outcome.tree, outcomes[at]?.tree);
  }
  assert.equal(outcomes[2]?.tree, repo.git("rev-parse", "vendor^{tree}"));
});

test("apply compares every pair and leaves out what cannot be replayed", async (t) => {
  const repo = fixture(t);
  const { clean, conflict, taken, merge, absent } = history(repo);
  const rows = [clean, conflict, taken, merge, absent].map(({ backport, origin, parent }) => `${backport}\t${origin}\t${parent}\n`);
  const pairs = textFile(t, "pairs.tsv", `backport\torigin\tparent\n${rows.join("")}`);
  t.mock.method(console, "log", () => {});
  const figures = await run(["--repo", `${repo.dir}/.git`, "--pairs", pairs, "--sample", "2"]);
  assert.equal(figures.pairs, 3);
  assert.equal(figures.verdictAgreement, 1);
  assert.equal(figures.treeAgreement, 1);
  assert.ok((figures.pairsPerSecond ?? 0) > 0 && (figures.ratioToCherryPick ?? 0) > 0);
});
