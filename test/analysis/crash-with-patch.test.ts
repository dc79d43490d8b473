import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Analysis, AnalysisOptions } from "../../src/schema/analysis.ts";
import { git } from "../git/fixture.ts";
import { exampleSite } from "../support/example-service.ts";

/** Over HTTP: patches that come with a crash are ranked among the upstream commits. */
const site = exampleSite();
const CRASH = readFileSync(new URL("../../examples/crash-session.txt", import.meta.url), "utf8");

/** A commit of mainline as the mail that git makes of it. */
function mailOf(name: string): string {
  return git(site.trees.mainline, ["format-patch", "-1", "--stdout", site.trees.commits[name] ?? ""]);
}

const ask = (request: { readonly patch?: string }, options: object = {}): Promise<Analysis> =>
  site.service.analyse({ target: "vendor", crash: CRASH, ...request, options: AnalysisOptions.parse(options) }, () => {});

test("a patch that is the fix stands where the fix stands, with the same evidence", async () => {
  const fix = site.trees.commits["no-concurrent-cb"];
  const { candidates, signature } = await ask({ patch: mailOf("no-concurrent-cb") }, { maxCandidates: 20 });
  assert.ok(signature?.title.includes("probe_callback"));
  const [uploaded, ...more] = candidates.filter(({ oid }) => oid === null);
  const committed = candidates.find(({ oid }) => oid === fix);
  assert.ok(uploaded && committed);
  assert.equal(more.length, 0);
  assert.equal(uploaded.group, committed.group, "two forms of one change");
  const rules = ({ evidence }: typeof uploaded) => new Set(evidence.map(({ rule }) => rule));
  for (const rule of ["functions-focused", "file-of-frame", "message-matches", "shared-words"])
    assert.ok(!rules(committed).has(rule) || rules(uploaded).has(rule), rule);
  assert.ok(rules(committed).size > 8 && rules(uploaded).size > 8);
  assert.ok(rules(uploaded).has("uploaded-by-caller"));
  assert.ok(Math.abs(uploaded.score - committed.score) < 0.25 * committed.score, `${uploaded.score} is about ${committed.score}`);
  assert.deepEqual(
    candidates.map(({ rank }) => rank),
    candidates.map((_, at) => at + 1),
  );
  assert.ok(["adapted", "conflict"].includes(uploaded.applicability.state), "it is tried on the target as well");
});

test("a patch that has nothing to do with the crash is told behind all others, however few are asked for", async () => {
  const { candidates } = await ask({ patch: mailOf("ringlog-comment") }, { maxCandidates: 1 });
  assert.equal(candidates.length, 2);
  const [first, last] = candidates;
  assert.equal(last?.oid, null);
  assert.ok((last?.rank ?? 0) > 2);
  assert.ok((last?.score ?? 0) < (first?.score ?? 0) / 2);
  assert.notEqual(last?.confidence, "high");
});

test("the mails of a series are candidates each, and the patch is part of the question", async () => {
  const plain = await ask({});
  const series = await ask({ patch: mailOf("wq-per-client") + mailOf("no-concurrent-cb") });
  assert.notEqual(series.id, plain.id);
  assert.equal(series.candidates.filter(({ oid }) => oid === null).length, 2);
  const others = series.candidates.filter(({ oid }) => oid !== null).map(({ oid }) => oid);
  assert.deepEqual(
    others,
    plain.candidates.map(({ oid }) => oid).filter((oid) => others.includes(oid)),
    "the order of the commits stays",
  );
});

test("with commits a patch is refused, as before", async () => {
  const body = JSON.stringify({ target: "vendor", commits: ["abcdef123456"], patch: mailOf("wq-per-client") });
  const answer = await fetch(`${site.service.url}/v1/analyses`, { method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal(answer.status, 400);
  const { errors } = (await answer.json()) as { errors: { pointer: string }[] };
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    ["/commits", "/patch"],
  );
});
