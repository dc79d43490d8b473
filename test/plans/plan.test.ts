import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildExampleTrees, type ExampleTrees } from "../../examples/build-trees.ts";
import { planCommits } from "../../src/analysis/plan.ts";
import { PlanOptions, PlanResult } from "../../src/schema/plan.ts";
import { gitAm, mboxOf, mirrorOf } from "./support.ts";

let dir = "";
let trees: ExampleTrees;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), "plan-test-"));
  trees = await buildExampleTrees(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

const DEFAULTS = PlanOptions.parse({});
const open = (t: Parameters<typeof mirrorOf>[0]) => mirrorOf(t, [[trees.mainline, "master"]], [trees.vendor, "vendor-1.0"]);
const oidOf = (name: string): string => trees.commits[name] ?? assert.fail(`no commit ${name}`);
const nameOf = (oid: string): string => Object.entries(trees.commits).find(([, one]) => one === oid)?.[0] ?? oid;
const names = (result: PlanResult): string[] => result.steps.map((step) => nameOf(step.oid));

test("a fix comes behind what it needs, in upstream order, and git am leaves the promised tree", async (t) => {
  const { ctx, gitDir } = await open(t);
  const plan = PlanResult.parse(await planCommits(ctx, [oidOf("no-concurrent-cb")], DEFAULTS));
  assert.deepEqual(names(plan), ["slot-helpers", "inflight", "run-cb-bool", "no-concurrent-cb"]);
  assert.deepEqual(
    plan.steps.map(({ role, position }) => [role, position]),
    [
      ["prerequisite", 1],
      ["prerequisite", 2],
      ["prerequisite", 3],
      ["fix", 4],
    ],
  );
  assert.equal(plan.applies, true);
  assert.deepEqual(plan.steps[0]?.neededBy, [oidOf("inflight")]);
  const done = gitAm(t, gitDir, ctx.target.oid, mboxOf(ctx, plan));
  assert.equal(done.tree, plan.steps.at(-1)?.treeOid);
  assert.match(done.log, new RegExp(`\n\ncommit ${oidOf("no-concurrent-cb")} upstream\\.\n`));
  assert.deepEqual(
    plan.followUps.map((one) => [nameOf(one.oid), one.relation]),
    [["clear-running", "fixes"]],
  );
});

test("follow-ups that apply are taken when asked for", async (t) => {
  const { ctx, gitDir } = await open(t);
  const plan = await planCommits(ctx, [oidOf("no-concurrent-cb")], { ...DEFAULTS, followUps: "take" });
  assert.deepEqual(names(plan).slice(-2), ["no-concurrent-cb", "clear-running"]);
  assert.equal(plan.steps.at(-1)?.role, "follow_up");
  assert.deepEqual(plan.followUps, []);
  assert.equal(gitAm(t, gitDir, ctx.target.oid, mboxOf(ctx, plan)).tree, plan.steps.at(-1)?.treeOid);
});

test("a commit that upstream took back is planned with a warning, and its revert is never taken along", async (t) => {
  const { ctx } = await open(t);
  const plan = await planCommits(ctx, [oidOf("parallel-queue")], { ...DEFAULTS, followUps: "take" });
  assert.deepEqual(names(plan), ["parallel-queue"]);
  assert.match(plan.warnings.join("\n"), /was reverted upstream by/);
});

test("what the target has is left out, and says why", async (t) => {
  const { ctx } = await open(t);
  const plan = await planCommits(ctx, [oidOf("procfile-leak")], DEFAULTS);
  assert.deepEqual([plan.steps, plan.applies], [[], true]);
  assert.match(plan.skipped[0]?.because ?? "", /and the two agree/);
});

test("a plan ends at the first step that does not apply, with its cause; what comes after it is not tried", async (t) => {
  const { ctx } = await open(t);
  const plan = await planCommits(ctx, [oidOf("probe-cleanup"), oidOf("dead-client")], { ...DEFAULTS, adaptation: "none" });
  assert.equal(plan.applies, false);
  const failing = plan.steps.find((step) => step.position === plan.failure?.position);
  assert.equal(nameOf(plan.failure?.oid ?? ""), "dead-client");
  assert.match(plan.failure?.cause ?? "", /exportd_send_offload\(\) does not exist in fs\/exportd\/state\.c/);
  assert.ok(failing?.applicability.files.some((file) => file.hunks.some((hunk) => hunk.state !== "clean" && hunk.cause !== null)));
  assert.deepEqual(plan.mails, []);
  for (const step of plan.steps.slice((plan.failure?.position ?? 0) + 0)) assert.equal(step.state, "unknown");
});

test("several fixes share their prerequisites, whatever the order of the question", async (t) => {
  const { ctx, gitDir } = await open(t);
  const wanted = ["no-concurrent-cb", "parallel-queue", "probe-cleanup"].map(oidOf);
  const plan = await planCommits(ctx, wanted, DEFAULTS);
  assert.deepEqual(await planCommits(ctx, [...wanted].reverse(), DEFAULTS), plan);
  assert.equal(new Set(names(plan)).size, plan.steps.length);
  assert.equal(plan.applies, true);
  assert.equal(gitAm(t, gitDir, ctx.target.oid, mboxOf(ctx, plan)).tree, plan.steps.at(-1)?.treeOid);
});

test("made to fit: a step that is accepted with any confidence carries the note of every change, and git am takes it", async (t) => {
  const { ctx, gitDir } = await open(t);
  const strict = await planCommits(ctx, [oidOf("wq-per-client")], DEFAULTS);
  assert.equal(strict.applies, false);
  const [shortest] = strict.alternatives;
  assert.deepEqual([shortest?.kind, shortest?.applies, shortest?.steps.length], ["shortest", true, 1]);
  const plan = await planCommits(ctx, [oidOf("wq-per-client")], { ...DEFAULTS, adaptation: "any" });
  assert.equal(plan.steps[0]?.state, "adapted");
  const done = gitAm(t, gitDir, ctx.target.oid, mboxOf(ctx, plan));
  assert.equal(done.tree, plan.steps[0]?.treeOid);
  for (const { note } of plan.steps[0]?.applicability.adaptation?.changes ?? []) assert.ok(done.log.includes(note), note);
  const complete = strict.alternatives.find((one) => one.kind === "complete");
  assert.ok(complete === undefined || complete.steps.every((step) => step.state === "clean" || step.state === "merge"));
});
