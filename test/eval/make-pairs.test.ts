import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { run as adapt } from "../../eval/adapt.ts";
import { run as makePairs } from "../../eval/make-pairs.ts";
import { readPairs } from "../../eval/pairs.ts";
import { UsageError } from "../../eval/usage.ts";
import { type Fixture, fixture, textFile } from "./fixture.ts";

/** Two picks on a branch: of the file `a`, where git conflicts, and of `b`, where it does not. */
function picks(t: TestContext): Fixture & { readonly origins: readonly [string, string]; readonly backports: readonly [string, string] } {
  const repo = fixture(t);
  const lines = ["one(dev);", "two(dev);", "three(dev);", "four(dev);", ""].join("\n");
  repo.commit("base", { "a.c": lines, "b.c": lines });
  repo.git("branch", "stable");
  const origins = [
    repo.commit("fix a", { "a.c": lines.replace("two(dev);", "two(dev);\ncheck(dev);") }),
    repo.commit("fix b", { "b.c": lines.replace("four(dev);", "four(dev, 4);") }),
  ] as const;
  repo.git("checkout", "--quiet", "stable");
  const older = lines.replace("two(dev);", "two(dev, 2);");
  repo.commit("own", { "a.c": older });
  const said = (at: 0 | 1) => `\n\n(cherry picked from commit ${origins[at]})`;
  const backports = [
    repo.commit(`fix a${said(0)}`, { "a.c": older.replace("two(dev, 2);", "two(dev, 2);\ncheck(dev);") }),
    repo.commit(`fix b${said(1)}`, { "b.c": lines.replace("four(dev);", "four(dev, 4);") }),
  ] as const;
  return { ...repo, origins, backports };
}

test("pairs: origins of a table are left out, so that others can be measured", async (t) => {
  const { dir, origins, backports } = picks(t);
  const out = textFile(t, "pairs.tsv", "");
  const repo = join(dir, ".git");
  assert.deepEqual((await makePairs(["--repo", repo, "--out", out])).pairs, 2);
  const known = textFile(t, "known.tsv", `backport\torigin\tparent\n${backports[0]}\t${origins[0]}\t${backports[1]}\n`);
  assert.equal((await makePairs(["--repo", repo, "--out", out, "--without", known])).pairs, 1);
  assert.deepEqual(
    readPairs(out).map((pair) => pair.origin),
    [origins[1]],
  );
  assert.equal((await makePairs(["--repo", repo, "--out", out, "--sample", "1"])).commits, 1);
  await assert.rejects(makePairs(["--repo", repo, "--out", out, "--without", known, "--sample", "0"]), UsageError);
});

test("pairs: one that meets an object which the repository lacks is not replayed, the others are", async (t) => {
  const { dir, git, origins } = picks(t);
  const repo = join(dir, ".git");
  const blob = git("rev-parse", `${origins[0]}:a.c`);
  rmSync(join(repo, "objects", blob.slice(0, 2), blob.slice(2)));
  const out = textFile(t, "pairs.tsv", "");
  const figures = await makePairs(["--repo", repo, "--out", out]);
  assert.deepEqual([figures.commits, figures.pairs], [2, 1]);
  assert.match(readFileSync(out, "utf8"), new RegExp(`${origins[0]}.*\tnot-replayed\t`));
  assert.deepEqual(
    readPairs(out).map((pair) => pair.origin),
    [origins[1]],
  );
});

test("adapt: conflicts are judged against the human's files", async (t) => {
  const { dir } = picks(t);
  const repo = join(dir, ".git");
  const out = textFile(t, "pairs.tsv", "");
  await makePairs(["--repo", repo, "--out", out]);
  const figures = await adapt(["--repo", repo, "--pairs", out]);
  assert.deepEqual([figures.conflicts, figures.equal, figures.placedLoose, figures.refused], [1, 1, 1, 0]);
});

test("adapt: a file that was left out where the human changed another one is not in its place", async (t) => {
  const lines = "one(dev);\ntwo(dev);\nthree(dev);\n";
  for (const [elsewhere, placed] of [
    [{}, 1],
    [{ "d.c": "other(dev, 1);\n" }, 0],
  ] as const) {
    const { dir, git, commit } = fixture(t);
    commit("base", { "a.c": lines, "c.c": "int gone;\n", "d.c": "other(dev);\n" });
    git("branch", "stable");
    const origin = commit("fix", { "a.c": lines.replace("three", "four"), "c.c": "int gone = 1;\n" });
    git("checkout", "--quiet", "stable");
    git("rm", "--quiet", "c.c");
    commit("without c", {});
    commit(`fix\n\n(cherry picked from commit ${origin})`, { "a.c": lines.replace("three", "four"), ...elsewhere });
    const repo = join(dir, ".git");
    const out = textFile(t, "pairs.tsv", "");
    await makePairs(["--repo", repo, "--out", out]);
    const figures = await adapt(["--repo", repo, "--pairs", out]);
    assert.deepEqual([figures.conflicts, figures.equalLoose, figures.placedLoose], [1, 1, placed]);
  }
});
