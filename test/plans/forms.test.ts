import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { planCommits } from "../../src/analysis/plan.ts";
import { movePlan } from "../../src/analysis/plan-move.ts";
import { PlanOptions } from "../../src/schema/plan.ts";
import { source } from "../analysis/trees.ts";
import { buildRepository, type CommitSpec, file, git, temporaryDirectory } from "../git/fixture.ts";
import { gitAm, mboxOf, mirrorOf } from "./support.ts";

type Branch = "up" | "stable" | "vendor";

function commitTo(branch: Branch, message: string, files: Readonly<Record<string, string>>, parents: Branch[] = []): CommitSpec {
  const contents = new Map(Object.entries(files).map(([path, text]) => [path, file(text)]));
  return { ref: `refs/heads/${branch}`, parents: parents.map((parent) => `refs/heads/${parent}`), message, files: contents };
}

/** The id of the last of these commits; ids do not depend on what follows. */
function idOf(t: TestContext, commits: readonly CommitSpec[]): string {
  const ref = commits.at(-1)?.ref ?? "";
  return git(buildRepository(join(temporaryDirectory(t), "id"), commits), ["rev-parse", ref]);
}

const a = (change: Readonly<Record<number, string>>) => ({ "a.c": source("a", change) });

/** More files than anybody takes along with a fix. */
const MANY = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`f${i}.c`, source(`f${i}`)]));

/**
 * The vendor lacks a rename of line 21, which came in a commit too large to take. The commit `wanted` changes line 20 and conflicts with that; the
 * stable tree, which lacks the rename too, has a form of it.
 */
function history(t: TestContext): { readonly path: string; readonly wanted: string; readonly form: string } {
  const commits = [
    commitTo("up", "base\n", a({})),
    commitTo("vendor", "vendor\n", a({ 2: "\tvendor();\n" }), ["up"]),
    commitTo("stable", "Linux 1.0.1\n", a({ 3: "\tstable();\n" }), ["up"]),
    commitTo("up", "rename\n", { ...a({ 21: "\trenamed();\n" }), ...MANY }),
    commitTo("up", "a: what is wanted\n", { ...a({ 20: "\twanted();\n", 21: "\trenamed();\n" }), ...MANY }),
  ];
  const wanted = idOf(t, commits);
  commits.push(commitTo("stable", `a: what is wanted\n\ncommit ${wanted} upstream.\n`, a({ 3: "\tstable();\n", 20: "\twanted();\n" })));
  const form = idOf(t, commits);
  return { path: buildRepository(join(temporaryDirectory(t), "bare"), commits), wanted, form };
}

test("where a commit does not apply, the form that a stable tree has of it does, and its mail says so", async (t) => {
  const { path, wanted, form } = history(t);
  const { ctx, gitDir } = await mirrorOf(
    t,
    [
      [path, "up"],
      [path, "stable"],
    ],
    [path, "vendor"],
  );
  const plan = await planCommits(ctx, [wanted], PlanOptions.parse({}));
  assert.equal(plan.applies, true);
  assert.equal(plan.steps[0]?.form?.oid, form);
  const done = gitAm(t, gitDir, ctx.target.oid, mboxOf(ctx, plan));
  assert.equal(done.tree, plan.steps[0]?.treeOid);
  assert.match(done.log, new RegExp(`commit ${wanted} upstream\\.\n\n\\[ backportd: taken in the form of ${form.slice(0, 12)}`));
  assert.doesNotMatch(done.log, /upstream\.[\s\S]*upstream\./);
  const without = await mirrorOf(t, [[path, "up"]], [path, "vendor"]);
  assert.equal((await planCommits(without.ctx, [wanted], PlanOptions.parse({ adaptation: "none" }))).applies, false);
});

test("the steps of a plan are tried on another head, and the files that changed meanwhile are named", async (t) => {
  const { path, wanted } = history(t);
  const { ctx } = await mirrorOf(
    t,
    [
      [path, "up"],
      [path, "stable"],
    ],
    [path, "vendor"],
  );
  const step = { oid: wanted, role: "fix" as const, because: "asked for", neededBy: [] };
  const from = git(path, ["rev-parse", "stable~1"]);
  const moved = await movePlan(ctx, [step], ["a.c", "b.c"], from, "high");
  assert.deepEqual(moved, { files: ["a.c"], applies: true, failure: null });
  const same = await movePlan(ctx, [step], ["a.c"], ctx.target.oid, "high");
  assert.deepEqual(same.files, []);
});
