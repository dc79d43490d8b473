import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Candidate } from "../../src/schema/analysis.ts";
import { Plan } from "../../src/schema/plan.ts";
import { startTestService, type TestService } from "../support/service.ts";

/**
 * The case the project was founded on: a null pointer dereference in nfsd4_probe_callback on 4.19.90. BACKPORTD_CASE names a folder with the
 * git trees `upstream` (master) and `vendor` (vendor-4.19), and beside or above them dmesg.txt and crash-session.txt.
 */
const folder = process.env.BACKPORTD_CASE;
const skip = folder === undefined ? "BACKPORTD_CASE does not name the folder with the trees" : false;
const texts = process.env.BACKPORTD_CASE_TEXTS ?? folder ?? "";

const REQUIRED = ["12357f1b2c8e", "2bbfed98a4d8", "b95239ca4954"];
const SKIPPABLE = ["59f8e91b75ec", "d76cc46b37e1"];

let service: TestService;
before(async () => {
  if (folder === undefined) return;
  service = await startTestService();
  await service.addTree("upstream", { remote: join(folder, "upstream"), ref: "master", role: "mainline" });
  await service.addTree("vendor", { remote: join(folder, "vendor"), ref: "vendor-4.19", role: "vendor" });
});
after(async () => service?.stop());

function find(candidates: readonly Candidate[], id: string): Candidate {
  const found = candidates.slice(0, 3).find((candidate) => candidate.upstreamOid?.startsWith(id));
  assert.ok(found, `${id} is among the first three of ${candidates.map((one) => one.upstreamOid).join(", ")}`);
  return found;
}

function needs(candidate: Candidate): Map<string, string> {
  return new Map(candidate.prerequisites.map((one) => [one.upstreamOid?.slice(0, 12) ?? one.oid, one.need]));
}

for (const file of ["dmesg.txt", "crash-session.txt"]) {
  test(`${file}: both fixes are found, with the needs that the engineer proved`, { skip }, async () => {
    const analysis = await service.analyse({ target: "vendor", crash: readFileSync(join(texts, file), "utf8") }, () => {});

    assert.ok(!["inconclusive", "no_candidate"].includes(analysis.verdict ?? ""), `it is decided: ${analysis.verdict}`);
    const running = find(analysis.candidates, "1054e8ffc5c4");
    const perClient = find(analysis.candidates, "38f080f3cd19");
    for (const fix of [running, perClient]) {
      assert.equal(fix.presence.state, "absent");
      assert.ok(["conflict", "adapted"].includes(fix.applicability.state), fix.applicability.state);
      const failing = fix.applicability.files.flatMap((one) =>
        one.hunks.filter(({ state }) => state === "conflict" || state === "adapted"),
      );
      assert.ok(failing.length > 0);
      for (const hunk of failing) assert.ok(hunk.cause, `${hunk.header} has a cause`);
    }

    const required = [...needs(running)].filter(([, need]) => need === "required").map(([id]) => id);
    assert.deepEqual(required.sort(), REQUIRED);
    const boolReturn = running.prerequisites.find((one) => one.upstreamOid?.startsWith("b95239ca4954"));
    assert.equal(boolReturn?.kind, "symbol");
    assert.match(boolReturn?.proof.summary ?? "", /nfsd4_run_cb\(\), which returns bool/);

    const perClientNeeds = needs(perClient);
    for (const id of SKIPPABLE) assert.ok(perClientNeeds.has(id), `${id} is named`);
    assert.ok(![...perClientNeeds.values()].includes("required"), `nothing is required: ${JSON.stringify([...perClientNeeds])}`);
  });
}

test("a commit known only by an abbreviated reference is found", { skip }, async () => {
  const status = await service.commit("vendor", "b95239ca4954");
  assert.equal(status.upstreamOid?.slice(0, 12), "b95239ca4954");
  assert.equal(status.presence.state, "absent");
});

async function plan(commit: string): Promise<Plan> {
  const body = JSON.stringify({ target: "vendor", commits: [commit] });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${service.url}/v1/plans?wait=60`, { method: "POST", headers, body });
  return Plan.parse(await answer.json());
}

test("the plan is the three commits that are needed, in order, then the fix, with the hunks that have no place named", {
  skip,
}, async () => {
  const made = await plan("1054e8ffc5c4");
  assert.equal(made.conclusion, "success");
  assert.deepEqual(
    made.steps.map((step) => step.upstreamOid?.slice(0, 12)),
    [...REQUIRED, "1054e8ffc5c4"],
  );
  assert.deepEqual(
    made.steps.map((step) => step.role),
    ["prerequisite", "prerequisite", "prerequisite", "fix"],
  );
  const fix = made.steps.at(-1);
  // After the three only nfs4callback.c takes its hunks; the other files have hunks for code that 4.19 lacks.
  const open = fix?.applicability.files.filter((file) => file.state !== "clean" && file.state !== "merge").map((file) => file.path);
  assert.deepEqual(open?.sort(), ["fs/nfsd/nfs4proc.c", "fs/nfsd/nfs4state.c", "fs/nfsd/state.h"]);
  const causes = fix?.applicability.files.flatMap((file) => file.hunks.flatMap((hunk) => hunk.cause ?? [])) ?? [];
  for (const name of ["nfsd4_send_cb_offload", "nfs4_cb_getattr", "deleg_reaper"]) {
    assert.ok(
      causes.some((cause) => cause.startsWith(`${name}() does not exist`)),
      name,
    );
  }
  for (const step of made.steps.slice(0, 3)) assert.ok(step.treeOid, `${step.subject} applies`);
  assert.equal(made.failure === null, fix?.treeOid !== null);
});

test("2bbfed98a4d8 needs 12357f1b2c8e alone, and the mails are two", { skip }, async () => {
  const made = await plan("2bbfed98a4d8");
  assert.deepEqual([made.applies, made.steps.map((step) => step.upstreamOid?.slice(0, 12))], [true, ["12357f1b2c8e", "2bbfed98a4d8"]]);
  const mbox = await (await fetch(`${service.url}${made.mboxUrl}`)).text();
  assert.deepEqual(
    [...mbox.matchAll(/^commit ([0-9a-f]{12})[0-9a-f]* upstream\.$/gm)].map(([, id]) => id),
    ["12357f1b2c8e", "2bbfed98a4d8"],
  );
});
