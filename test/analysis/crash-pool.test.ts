import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { expectedCrash } from "../../examples/expected.ts";
import { type Analysis, AnalysisOptions } from "../../src/schema/analysis.ts";
import { exampleSite } from "../support/example-service.ts";

/** Over HTTP: which commits a crash looks among, and what becomes of those that the target has. */
// `shipped` is a product that is based on the release with the fixes.
const site = exampleSite(({ service, trees }) => service.addTree("shipped", { remote: trees.mainline, ref: "v1.3", role: "vendor" }));
const CRASH = readFileSync(new URL("../../examples/crash-session.txt", import.meta.url), "utf8");

function nameOf(oid: string | null): string {
  return Object.entries(site.trees.commits).find(([, one]) => one === oid)?.[0] ?? String(oid);
}

const ask = (target: string, options: object = {}): Promise<Analysis> =>
  site.service.analyse({ crash: CRASH, target, options: AnalysisOptions.parse(options) }, () => {});
const post = (body: object) =>
  fetch(`${site.service.url}/v1/analyses`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("a fix that is in the target is shown apart, with its evidence, and the verdict says so", async () => {
  const analysis = await ask("shipped", { includePresent: 5 });
  const { candidates, alreadyPresent = [], coverage } = analysis;
  assert.deepEqual(candidates, [], "no upstream commit is missing");
  const order = alreadyPresent.map(({ oid }) => nameOf(oid));
  for (const fix of expectedCrash.fixes) assert.ok(order.includes(fix), `${fix} is among ${order.join(", ")}`);
  assert.deepEqual(
    alreadyPresent.map(({ rank }) => rank),
    [1, 2, 3, 4, 5],
  );
  for (const one of alreadyPresent) {
    // What the tree has and took back again is shown as such, and decides nothing.
    const state = nameOf(one.oid) === "parallel-queue" ? "reverted" : "present";
    assert.deepEqual([one.presence.state, one.presence.route], [state, "ancestor"]);
    assert.ok(one.evidence.length > 0);
  }
  assert.equal(analysis.verdict, "already_fixed");
  assert.equal(coverage?.commits, 0);
  assert.equal(coverage?.presentSearched, Object.keys(site.trees.commits).filter((name) => !isOfVendor(name)).length);
});

const isOfVendor = (name: string) => ["audit", "procfile-leak-backport", "release-7"].includes(name);

test("the text says what is already in the tree", async () => {
  const { url } = await ask("shipped");
  const text = await (await fetch(`${site.service.url}${url}`, { headers: { accept: "text/plain" } })).text();
  assert.match(text, /^# Verdict: already fixed/);
  assert.match(text, /## Already in shipped\n\n\| # +\| commit +\| subject/);
  assert.match(text, /- presence present: the commit is in the history of shipped/);
});

test("includePresent 0 looks for none of them, and they change nothing of the candidates", async () => {
  const without = await ask("vendor", { includePresent: 0 });
  const withThem = await ask("vendor");
  assert.equal(withThem.options.includePresent, 3);
  assert.notEqual(without.id, withThem.id);
  assert.deepEqual(without.alreadyPresent, []);
  assert.equal(without.coverage?.presentSearched, undefined);
  assert.deepEqual(withThem.candidates, without.candidates);
  assert.equal((await ask("shipped", { includePresent: 0 })).verdict, "no_candidate");
});

test("since and until limit what is searched, both ends included, and are part of the question", async () => {
  const whole = await ask("vendor");
  const fix = whole.candidates.find(({ oid }) => nameOf(oid) === "no-concurrent-cb");
  const date = fix?.date;
  assert.ok(fix && date);
  const only = await ask("vendor", { since: date, until: date });
  assert.deepEqual(
    only.candidates.map(({ oid }) => oid),
    [fix.oid],
  );
  assert.notEqual(only.id, whole.id);
  assert.deepEqual([only.options.since, only.options.until], [date, date]);
  assert.equal(only.coverage?.commits, 1);
  assert.equal((only.coverage?.outsideWindow ?? 0) + 1, whole.coverage?.commits);
  assert.equal(whole.coverage?.outsideWindow, undefined);
  const before = new Date(Date.parse(date) - 1000).toISOString();
  const earlier = await ask("vendor", { until: before });
  assert.ok(earlier.candidates.length > 0);
  assert.ok(earlier.candidates.every(({ oid }) => oid !== fix.oid));
  const present = await ask("shipped", { until: before });
  assert.ok((present.alreadyPresent ?? []).every(({ oid }) => oid !== fix.oid));
});

test("a time that cannot be, or that limits nothing, is refused with the field", async () => {
  const window = { since: "2020-01-02T00:00:00Z", until: "2020-01-01T23:00:00-02:00" };
  assert.equal((await post({ target: "vendor", crash: CRASH, options: window })).status, 202, "the same day with another offset");
  const refused = async (body: object) => {
    const answer = await post(body);
    assert.equal(answer.status, 400);
    const { code, errors } = (await answer.json()) as { code: string; errors: { pointer: string }[] };
    assert.equal(code, "invalid-request");
    return errors.map(({ pointer }) => pointer);
  };
  assert.deepEqual(await refused({ target: "vendor", crash: CRASH, options: { ...window, until: "2020-01-01T00:00:00Z" } }), [
    "/options/since",
  ]);
  assert.deepEqual(await refused({ target: "vendor", crash: CRASH, options: { since: "yesterday" } }), ["/options/since"]);
  const commits = ["abcdef123456"];
  assert.deepEqual(await refused({ target: "vendor", commits, options: { until: window.until } }), ["/options/until"]);
});
