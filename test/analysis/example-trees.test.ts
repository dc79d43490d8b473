import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type ExpectedFix, expectedCrash, expectedFixes } from "../../examples/expected.ts";
import type { Analysis, Candidate } from "../../src/schema/analysis.ts";
import type { SearchResults } from "../../src/schema/search.ts";
import { exampleSite } from "../support/example-service.ts";

/** The whole service over HTTP on the example trees, held against what git says of them (examples/expected.ts). */
const site = exampleSite();

function oidOf(name: string): string {
  const oid = site.trees.commits[name];
  assert.ok(oid, `the example trees have a commit ${name}`);
  return oid;
}

function nameOf(oid: string | null): string {
  return Object.entries(site.trees.commits).find(([, one]) => one === oid)?.[0] ?? String(oid);
}

function checkCandidate(candidate: Candidate, expected: ExpectedFix): void {
  const about = `${expected.commit}: ${expected.why}`;
  assert.equal(candidate.presence.state, expected.presence.state, about);
  assert.equal(candidate.presence.route, expected.presence.route, about);
  assert.equal(candidate.presence.by === null ? null : nameOf(candidate.presence.by.oid), expected.presence.by, about);
  const { state } = candidate.applicability;
  assert.equal(state === "adapted" ? "conflict" : state, expected.applicability, about);
  const conflicting = candidate.applicability.files.filter((file) => file.state === "conflict" || file.state === "adapted");
  assert.deepEqual(
    conflicting.map((file) => file.path),
    expected.conflictingFiles,
    about,
  );
  for (const file of conflicting)
    for (const hunk of file.hunks) if (hunk.state === "conflict") assert.ok(hunk.cause, `${about}: ${hunk.header} has a cause`);
  for (const one of expected.prerequisites) {
    const found = candidate.prerequisites.find((prerequisite) => nameOf(prerequisite.oid) === one.commit);
    assert.ok(found, `${about}: ${one.commit} is named`);
    assert.equal(found.kind, one.kind, `${about}: ${one.commit}`);
    assert.ok(one.need.includes(found.need), `${about}: ${one.commit} is ${found.need}: ${found.proof.summary}`);
  }
  const required = candidate.prerequisites
    .filter((prerequisite) => prerequisite.need === "required")
    .map((prerequisite) => nameOf(prerequisite.oid));
  const expectedRequired = expected.prerequisites.filter((one) => one.need[0] === "required").map((one) => one.commit);
  assert.deepEqual(required.sort(), [...expectedRequired].sort(), about);
  assert.deepEqual(
    candidate.followUps.map((followUp) => ({ commit: nameOf(followUp.oid), relation: followUp.relation })),
    expected.followUps,
    about,
  );
  assert.ok(expected.verdict.includes(candidate.verdict), `${about}: verdict ${candidate.verdict}`);
}

test("each named commit has the presence, applicability, prerequisites and verdict that git proves", async () => {
  const analysis = await site.service.analyse({ target: "vendor", commits: expectedFixes.map((one) => oidOf(one.commit)) }, () => {});
  assert.equal(analysis.candidates.length, expectedFixes.length);
  for (const [i, expected] of expectedFixes.entries()) {
    const candidate = analysis.candidates[i];
    assert.ok(candidate);
    checkCandidate(candidate, expected);
  }
});

test("a conflict that only moved code is adapted, a hunk for missing code is left out; both say so, and a person decides", async () => {
  const [moved, missing] = ["wq-per-client", "dead-client"].map(oidOf);
  const { candidates } = await site.service.analyse({ target: "vendor", commits: [moved ?? "", missing ?? ""] }, () => {});
  const adapted = candidates.find((candidate) => candidate.oid === moved);
  assert.equal(adapted?.applicability.state, "adapted");
  assert.equal(adapted.verdict, "needs_adaptation");
  assert.notEqual(adapted.applicability.adaptation?.confidence, "high");
  const [change, ...others] = adapted.applicability.adaptation?.changes.filter((one) => one.rule === "moved_function") ?? [];
  assert.deepEqual([change?.path, others], ["fs/exportd/client.c", []]);
  assert.match(change?.note ?? "", /its lines stand in free_client\(\)/);
  const dropped = candidates.find((candidate) => candidate.oid === missing);
  assert.equal(dropped?.applicability.state, "adapted");
  assert.equal(dropped.verdict, "needs_adaptation");
  assert.notEqual(dropped.applicability.adaptation?.confidence, "high");
  assert.deepEqual(
    dropped.applicability.adaptation?.changes.map((one) => one.rule),
    ["feature_absent"],
  );
});

for (const file of ["crash.txt", "crash-session.txt"]) {
  test(`${file} leads to its fixes, and the cleanup of the crashing function stands below them`, async () => {
    const crash = readFileSync(new URL(`../../examples/${file}`, import.meta.url), "utf8");
    const analysis: Analysis = await site.service.analyse({ target: "vendor", crash }, () => {});
    assert.ok(analysis.signature?.title.endsWith(` in ${expectedCrash.crashingFunction}`), analysis.signature?.title);
    const order = analysis.candidates.map((candidate) => nameOf(candidate.oid));
    for (const fix of expectedCrash.fixes) {
      const rank = order.indexOf(fix);
      assert.ok(rank >= 0 && rank < 5, `${fix} is among the first five of ${order.join(", ")}`);
      const decoy = order.indexOf(expectedCrash.decoy);
      assert.ok(decoy === -1 || rank < decoy, `${fix} stands above ${expectedCrash.decoy} in ${order.join(", ")}`);
      const candidate = analysis.candidates[rank];
      const expected = expectedFixes.find((one) => one.commit === fix);
      assert.ok(candidate && expected);
      checkCandidate(candidate, expected);
      assert.ok(candidate.evidence.length > 0);
    }
  });
}

test("a commit is found by an abbreviated id, and one in the vendor tree under another id is equivalent", async () => {
  const oid = oidOf("procfile-leak");
  const status = await site.service.commit("vendor", oid.slice(0, 12));
  assert.equal(status.oid, oid);
  assert.equal(status.presence.state, "equivalent");
  assert.equal(nameOf(status.presence.by?.oid ?? null), "procfile-leak-backport");
});

test("the same question has the same id and is answered once", async () => {
  const request = { target: "vendor", commits: [oidOf("dead-client")] };
  const first = await site.service.analyse(request, () => {});
  const second = await site.service.analyse(request, () => {});
  assert.equal(second.id, first.id);
  assert.equal(second.completedAt, first.completedAt);
});

test("a search answers from a worker thread, with the presence of each hit by identity", async () => {
  const subject = "procfile-leak";
  const search = async (query: string, headers: Record<string, string> = {}) =>
    (await fetch(`${site.service.url}/v1/search?target=vendor&${query}`, { headers })).text();
  const { items } = JSON.parse(await search(`q=${oidOf(subject)}`)) as SearchResults;
  const hit = items.find((item) => item.oid === oidOf(subject));
  assert.equal(hit?.presence.state, "equivalent");
  assert.ok(hit.matched.includes("id"));
  assert.equal(((await (await fetch(`${site.service.url}${hit.url}`)).json()) as { oid: string }).oid, hit.oid);
  const text = await search(`q=${expectedCrash.crashingFunction}&limit=2`, { accept: "text/plain" });
  const lines = text.trimEnd().split("\n");
  assert.ok(lines.length > 0);
  for (const line of lines) assert.match(line, /^(?:present|equivalent|partial|reverted|absent|unknown) \d{4}-\d\d-\d\d [0-9a-f]{12} \S/);
});
