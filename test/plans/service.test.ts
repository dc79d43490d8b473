import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type Plan, Plan as PlanSchema } from "../../src/schema/plan.ts";
import { git } from "../git/fixture.ts";
import { until } from "../http/support.ts";
import { exampleSite } from "../support/example-service.ts";
import { gitAm } from "./support.ts";

/** The whole service over HTTP, with real workers, on the example trees. */
const site = exampleSite();

const oidOf = (name: string): string => site.trees.commits[name] ?? assert.fail(name);
const get = (path: string, accept = "*/*") => fetch(`${site.service.url}${path}`, { headers: { accept } });

async function plan(commits: string[]): Promise<Plan> {
  const body = JSON.stringify({ target: "vendor", commits });
  const answer = await fetch(`${site.service.url}/v1/plans?wait=60`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  assert.equal(answer.status, 202);
  return PlanSchema.parse(await answer.json());
}

test("a plan is made, drawn, exported and taken by git am; when the target has it, the plan is stale and its steps still apply", async (t) => {
  const made = await plan([oidOf("no-concurrent-cb").slice(0, 12)]);
  assert.deepEqual([made.conclusion, made.applies, made.steps.length, made.stale], ["success", true, 4, false]);

  const svg = await get(`${made.graphUrl}?format=svg`);
  assert.equal(svg.headers.get("content-type"), "image/svg+xml; charset=utf-8");
  assert.match(await svg.text(), /<svg[\s\S]*step 4: /);

  const mbox = Buffer.from(await (await get(made.mboxUrl)).arrayBuffer());
  const done = gitAm(t, join(site.trees.vendor, ".git"), made.target.oid, mbox);
  assert.equal(done.tree, made.steps.at(-1)?.treeOid);

  // The vendor takes a change beside the plan.
  const identity = ["-c", "user.name=E", "-c", "user.email=e@example.org"];
  git(site.trees.vendor, [...identity, "commit", "--quiet", "--allow-empty", "--message=vendor: an empty change"]);
  await fetch(`${site.service.url}/v1/trees/vendor/fetches`, { method: "POST" });
  const head = git(site.trees.vendor, ["rev-parse", "HEAD"]);
  await until(
    () => get(made.url).then((answer) => answer.json()),
    (shown) => PlanSchema.parse(shown).stale,
    60_000,
  );
  const checked = await until(
    () => get(`${made.url}?check=true`),
    (answer) => answer.status === 200,
    60_000,
  );
  const moved = PlanSchema.parse(await checked.json());
  assert.deepEqual(moved.moved, { from: made.target.oid, to: head, files: [], applies: true, failure: null });
  assert.equal(moved.stale, true);
  assert.notEqual((await plan([oidOf("no-concurrent-cb")])).id, made.id);
});

test("a commit that nobody knows ends the plan with its problem", async () => {
  const made = await plan(["fedcba9876543210"]);
  assert.deepEqual([made.conclusion, made.problem?.code], ["failure", "commit-not-found"]);
  assert.equal((await get(made.mboxUrl)).status, 409);
});

test("candidates of an analysis carry their plan in few words", async () => {
  const { candidates } = await site.service.analyse(
    { target: "vendor", commits: [oidOf("no-concurrent-cb"), oidOf("procfile-leak")] },
    () => {},
  );
  const [needy, present] = candidates;
  assert.deepEqual(
    needy?.plan?.steps.map(({ role, state }) => [role, state !== "conflict"]),
    [
      ["prerequisite", true],
      ["prerequisite", true],
      ["prerequisite", true],
      ["fix", true],
    ],
  );
  assert.equal(needy?.verdict, "ready_with_prerequisites");
  assert.equal(present?.plan, null);
});
