import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { MissingObject } from "../../src/git/missing-object.ts";
import { ABSENT, buildRepository, file, git, gitSucceeds, open, temporaryDirectory } from "./fixture.ts";
import { commitsOf, scenario } from "./merge-scenarios.ts";

const SCENARIOS = 300;

/** What git cherry-pick makes of it in a work tree: the tree, or null for a conflict. */
function cherryPick(workTree: string, at: number): string | null {
  git(workTree, ["checkout", "--quiet", "--force", "--detach", `ours${at}`]);
  const clean = gitSucceeds(workTree, ["cherry-pick", "--allow-empty", "--keep-redundant-commits", `theirs${at}`]);
  const tree = clean ? git(workTree, ["rev-parse", "HEAD^{tree}"]) : null;
  git(workTree, ["reset", "--quiet", "--hard"]);
  git(workTree, ["clean", "--quiet", "-ffdx"]);
  return tree;
}

test("a merge has the verdict and the tree of git cherry-pick", async (t) => {
  const directory = temporaryDirectory(t);
  const scenarios = fc.sample(scenario, { numRuns: SCENARIOS, seed: 20260101 });
  const bare = buildRepository(
    join(directory, "bare"),
    scenarios.flatMap((one, at) => commitsOf(at, one)),
  );
  const workTree = join(directory, "work");
  git(directory, ["clone", "--quiet", "--no-checkout", "--shared", "--mirror", bare, join(workTree, ".git")]);
  git(workTree, ["config", "core.bare", "false"]);
  const repository = open(t, bare);
  const treeOf = (ref: string) => git(bare, ["rev-parse", `${ref}^{tree}`]);

  const merges = await Promise.all(
    scenarios.map((_, at) => repository.merge(treeOf(`base${at}`), treeOf(`ours${at}`), treeOf(`theirs${at}`))),
  );
  const kinds = new Set<string>();
  let clean = 0;
  for (const [at, merge] of merges.entries()) {
    const picked = cherryPick(workTree, at);
    assert.equal(merge.clean ? merge.tree : null, picked, `scenario ${at}`);
    assert.equal(merge.conflicts.length > 0, picked === null, `scenario ${at} tells its conflicts`);
    for (const conflict of merge.conflicts) kinds.add(conflict.kind);
    if (picked !== null) clean += 1;
  }
  // The scenarios must not degenerate into one verdict or one kind of conflict.
  assert.ok(clean > SCENARIOS / 5 && clean < (SCENARIOS * 4) / 5, `${clean} clean`);
  for (const kind of ["contents", "add/add", "modify/delete", "rename/delete", "binary", "file/directory"]) {
    assert.ok(kinds.has(kind), `${kind} is among ${[...kinds]}`);
  }
});

test("a merge result is read, listed, compared and merged on", async (t) => {
  const directory = temporaryDirectory(t);
  const bare = buildRepository(join(directory, "bare"), [
    { ref: "refs/heads/base", parents: [], files: new Map([["f", file("1\n2\n3\n4\n5\n")]]) },
    { ref: "refs/heads/ours", parents: ["refs/heads/base"], files: new Map([["f", file("one\n2\n3\n4\n5\n")]]) },
    { ref: "refs/heads/theirs", parents: ["refs/heads/base"], files: new Map([["f", file("1\n2\n3\n4\nfive\n")]]) },
  ]);
  const repository = open(t, bare);
  const [base, ours, theirs] = ["base", "ours", "theirs"].map((ref) => git(bare, ["rev-parse", `${ref}^{tree}`])) as [
    string,
    string,
    string,
  ];
  const { tree, clean } = await repository.merge(base, ours, theirs);
  assert.equal(clean, true);
  const entry = await repository.entry(tree, "f");
  assert.ok(entry);
  assert.equal(String(await repository.blob(entry.oid)), "one\n2\n3\n4\nfive\n");
  assert.deepEqual(await repository.list(tree), [entry]);
  assert.match(await repository.diff(ours, tree), /^-5\n\+five$/m);
  assert.deepEqual(await repository.merge(ours, tree, ours), { clean: true, tree, conflicts: [] });
  assert.equal(gitSucceeds(bare, ["cat-file", "-e", tree]), false, "the mirror was not written");
});

test("a merge without one of its trees fails, and the merges beside it do not", async (t) => {
  const directory = temporaryDirectory(t);
  const bare = buildRepository(join(directory, "bare"), [{ ref: "refs/heads/main", parents: [], files: new Map([["f", file("1\n")]]) }]);
  const repository = open(t, bare);
  const tree = git(bare, ["rev-parse", "main^{tree}"]);
  const outcomes = await Promise.allSettled([
    repository.merge(tree, tree, tree),
    repository.merge(ABSENT, tree, tree),
    repository.merge(tree, tree, ABSENT),
    repository.merge(tree, tree, "HEAD"),
    repository.merge(tree, tree, tree),
  ]);
  assert.deepEqual(
    outcomes.map((one) => (one.status === "fulfilled" ? "merged" : one.reason.name)),
    ["merged", MissingObject.name, MissingObject.name, "TypeError", "merged"],
  );
});
