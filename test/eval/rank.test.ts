import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fitWeights } from "../../eval/linear-softmax.ts";
import { run } from "../../eval/rank.ts";
import { fitPlatt } from "../../eval/rank-calibrate.ts";
import { readCases } from "../../eval/rank-cases.ts";
import { run as runFit } from "../../eval/rank-fit.ts";
import { meanReciprocalRank, pairedChance, rankFigures, rankOf, recallAt } from "../../eval/ranks.ts";
import { withoutBody, withoutTraceLines } from "../../eval/trace-lines.ts";
import { type Fixture, fixture } from "./fixture.ts";

const MESSAGE = `net: fix a crash in ring_close

The queue may be gone when the device closes:

BUG: unable to handle kernel NULL pointer dereference at 00000018
IP: [<c0101010>] ring_close+0x1a/0x40
Modules linked in: ring bus
more_bus other_bus

Call Trace:
 [<c0101010>] ? dev_close+0x10/0x80
 something that nobody knows
 [<c0202020>] sys_close+0x5/0x9

so check it in ring_close() first.

Signed-off-by: A <a@example.org>
`;

test("prose keeps what people wrote and nothing that the kernel printed", () => {
  const kept = withoutTraceLines(MESSAGE);
  for (const part of ["fix a crash in ring_close", "may be gone", "check it in ring_close() first", "Signed-off-by"])
    assert.ok(kept.includes(part));
  for (const part of ["NULL", "c0101010", "more_bus", "dev_close", "nobody knows", "sys_close"]) assert.ok(!kept.includes(part), part);
  assert.equal(withoutTraceLines("BUG: in a subject\n\nbody\n"), "BUG: in a subject\n\nbody\n");
});

test("hidden keeps the subject alone", () => {
  assert.equal(withoutBody(MESSAGE), "net: fix a crash in ring_close");
  assert.equal(withoutBody("\n\na subject of\ntwo lines\n\nbody"), "\n\na subject of\ntwo lines");
});

test("figures of lists", () => {
  const ranks = { name: "a", ranks: [1, 10, 11, null] };
  assert.equal(recallAt(ranks, 1), 0.25);
  assert.equal(recallAt(ranks, 10), 0.5);
  assert.equal(meanReciprocalRank(ranks), (1 + 1 / 10 + 1 / 11) / 4);
  assert.deepEqual(Object.keys(rankFigures(ranks, "baselineGrep")), [
    "baselineGrepRecall1",
    "baselineGrepRecall10",
    "baselineGrepRecall50",
    "baselineGrepMrr",
  ]);
  assert.equal(
    rankOf(["x", "y"], (one) => one === "y"),
    2,
  );
  assert.equal(
    rankOf(["x"], (one) => one === "y"),
    null,
  );
});

test("the paired test is the exact binomial one", () => {
  const won = { name: "a", ranks: [1, 1, 1, 1, 1, null, 3] };
  const lost = { name: "b", ranks: [null, null, null, null, null, 1, 3] };
  // 1 of 6 or worse on either side: 2 * (1 + 6) / 2^6
  assert.equal(pairedChance(won, lost), (2 * 7) / 64);
  assert.equal(pairedChance(won, won), 1);
});

function driver(check: string): string {
  return `int ring_open(struct ring *r)\n{\n\treturn 0;\n}\n\nint ring_close(struct ring *r)\n{\n${check}\tr->queue->count = 0;\n\treturn 0;\n}\n`;
}

/** Four releases; the fix comes after v1.1. */
function releases(repo: Fixture): { readonly fix: string; readonly index: string } {
  repo.commit("ring: a driver", { "ring.c": driver("") });
  repo.git("tag", "v1.0");
  repo.commit("docs: say more", { README: "more\n" });
  repo.git("tag", "v1.1");
  repo.commit("docs: an unrelated change", { README: "other\n" });
  const fix = repo.commit(MESSAGE, { "ring.c": driver("\tif (!r->queue)\n\t\treturn 0;\n") });
  repo.git("tag", "--annotate", "--message", "rc", "v1.2-rc1");
  repo.commit("docs: v1.2", { README: "1.2\n" });
  repo.git("tag", "--annotate", "--message", "release", "v1.2");
  repo.commit("docs: v1.3", { README: "1.3\n" });
  repo.git("tag", "v1.3");
  repo.commit("docs: v1.4", { README: "1.4\n" });
  repo.git("tag", "v1.4");
  repo.git("checkout", "--quiet", "-b", "stable", "v1.1");
  repo.commit("docs: a stable release", { README: "1.1.1\n" });
  repo.git("tag", "v1.1.1");
  const data = join(repo.dir, ".git", "eval-data");
  mkdirSync(data);
  const crash = MESSAGE.split("\n").slice(4, 14).join("\n");
  writeFileSync(join(data, "a.txt"), crash);
  const one = (sha: string) => ({ file: "a.txt", fixCommit: { sha, subject: "" } });
  writeFileSync(join(data, "index.json"), JSON.stringify({ cases: [one(fix), one("1".repeat(40))] }));
  return { fix, index: join(data, "index.json") };
}

test("a case begins at the newest release that lacks the fix and ends two releases on, or at the last", async (t) => {
  const repo = fixture(t);
  const { fix, index } = releases(repo);
  const oid = (tag: string) => repo.git("rev-parse", `${tag}^{commit}`);
  t.mock.method(console, "log", () => {});
  const gitDir = join(repo.dir, ".git");
  const capped = await readCases(gitDir, index, "capped");
  assert.deepEqual(
    capped.cases.map((one) => [one.fix, one.target, one.upstream]),
    [[fix, oid("v1.1"), oid("v1.3")]],
  );
  assert.deepEqual(capped.releases, ["v1.1", "v1.2", "v1.3", "v1.4"].map(oid));
  const full = await readCases(gitDir, index, "full");
  assert.equal(full.cases[0]?.upstream, oid("v1.4"));
});

test("rank finds the fix without its body, and keeps the indexes", async (t) => {
  const repo = fixture(t);
  const { index } = releases(repo);
  const cache = join(repo.dir, ".git", "eval-cache");
  t.mock.method(console, "log", () => {});
  for (const bodies of ["prose", "hidden", "whole"]) {
    const figures = await run(["--repo", join(repo.dir, ".git"), "--index", index, "--bodies", bodies, "--cache", cache]);
    assert.equal(figures.cases, 1);
    assert.equal(figures.recall1, 1, bodies);
    assert.equal(figures.baselineGrepRecall1, 1, `the subject names the function: ${bodies}`);
  }
  assert.equal(readdirSync(cache).filter((name) => name.endsWith(".sqlite")).length, 3);
});

test("with its fix out of the pool a crash has no commit to be sure of; fit and ablation run on the same cases", async (t) => {
  const repo = fixture(t);
  const { index } = releases(repo);
  t.mock.method(console, "log", () => {});
  const options = ["--repo", join(repo.dir, ".git"), "--index", index, "--cache", join(repo.dir, ".git", "eval-cache")];
  const figures = await run([...options, "--without-fix", "--no-baselines"]);
  assert.deepEqual([figures.highWithoutFix, figures.noCandidateWithoutFix], [0, 1]);
  const fitted = await runFit(options);
  assert.deepEqual([fitted.cases, fitted.proseRecall1, fitted.hiddenRecall1], [1, 1, 1]);
  const ablated = await run([...options, "--ablate"]);
  assert.deepEqual([ablated.proseRecall10, ablated.withoutFunctionsProseRecall10], [1, 1]);
});

test("weights go to what marks the right choices, and never to the side where a rule makes no sense", () => {
  const choice = (values: Readonly<Record<string, number>>) => new Map(Object.entries(values));
  const questions = Array.from({ length: 20 }, (_, at) => ({
    values: [choice({ good: 1, noise: at % 2, odd: 1 }), choice({ noise: (at + 1) % 2, bad: 1 }), choice({ good: 0.2, bad: 1 })],
    right: [true, false, false],
  }));
  const weights = fitWeights(questions, new Set(["bad", "odd"]));
  const weight = (name: string) => weights.get(name) ?? Number.NaN;
  assert.ok(weight("good") > 1 && weight("bad") < -0.5, JSON.stringify([...weights]));
  assert.equal(weight("odd"), 0, "it marks the right ones, but may only speak against");
  assert.ok(Math.abs(weight("noise")) < 0.5 * weight("good"));
  assert.deepEqual([...fitWeights([{ ...questions[0], right: [false, false, false] } as (typeof questions)[number]])].length, 4);
});

test("Platt scaling finds the curve that the answers were drawn from", () => {
  const shares = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98];
  const chance = (share: number) => 1 / (1 + Math.exp(-(0.3 + 0.6 * Math.log(share / (1 - share)))));
  const signals = shares.flatMap((share) =>
    Array.from({ length: 1000 }, (_, at) => ({ share, right: at < Math.round(1000 * chance(share)) })),
  );
  const { intercept, slope } = fitPlatt(signals);
  assert.ok(Math.abs(intercept - 0.3) < 0.01 && Math.abs(slope - 0.6) < 0.01, `${intercept} ${slope}`);
});
