import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { planCommits } from "../../src/analysis/plan.ts";
import { PlanOptions } from "../../src/schema/plan.ts";
import { commitTo, source } from "../analysis/trees.ts";
import { buildRepository, git, temporaryDirectory } from "../git/fixture.ts";
import { gitAm, mboxOf, mirrorOf } from "./support.ts";

const CHAIN = 6;
const version = (n: number) => ({ "a.c": source("a", { 20: `\tversion(${n});\n` }) });

test("where the search for prerequisites ends before the chain does, the complete plan has the whole chain, and nothing beside it", async (t) => {
  const chain = Array.from({ length: CHAIN }, (_, i) => commitTo("up", `a: version ${i + 1}\n`, version(i + 1)));
  const path = buildRepository(join(temporaryDirectory(t), "bare"), [
    commitTo("up", "base\n", version(0)),
    commitTo("vendor", "vendor\n", { ...version(0), "v.c": source("v") }, ["refs/heads/up"]),
    ...chain,
    commitTo("up", "a: elsewhere, not needed\n", { "a.c": source("a", { 20: `\tversion(${CHAIN});\n`, 50: "\telsewhere();\n" }) }),
    commitTo("up", "a: the fix\n", { "a.c": source("a", { 20: "\tversion(fixed);\n", 50: "\telsewhere();\n" }) }),
  ]);
  const { ctx, gitDir } = await mirrorOf(t, [[path, "up"]], [path, "vendor"]);
  const fix = git(path, ["rev-parse", "up"]);
  const plan = await planCommits(ctx, [fix], PlanOptions.parse({}));
  assert.equal(plan.applies, false);
  const complete = plan.alternatives.find(({ kind }) => kind === "complete");
  assert.deepEqual(
    complete?.steps.map(({ subject, state }) => [subject, state]),
    [...Array.from({ length: CHAIN }, (_, i) => [`a: version ${i + 1}`, "clean"]), ["a: the fix", "clean"]],
  );
  assert.equal(complete?.applies, true);
  const asWritten = await planCommits(ctx, [fix], PlanOptions.parse({ adaptation: "none" }));
  assert.deepEqual([asWritten.applies, asWritten.steps.length, asWritten.mails.length], [true, CHAIN + 1, CHAIN + 1]);
  assert.ok(!asWritten.alternatives.some(({ kind }) => kind === "complete"));
  assert.equal(gitAm(t, gitDir, ctx.target.oid, mboxOf(ctx, asWritten)).tree, asWritten.steps.at(-1)?.treeOid);
});
