/** What the demo prints, and that it notices an answer which is not as promised. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ExampleTrees } from "../../examples/build-trees.ts";
import { expectedFixes } from "../../examples/expected.ts";
import { differencesOfCrash, differencesOfFixes } from "../../src/demo/check.ts";
import { createProgressLine } from "../../src/demo/progress-line.ts";
import { renderDemoReport } from "../../src/report/demo-report.ts";
import type { Analysis, Candidate } from "../../src/schema/analysis.ts";

/** A made-up id for every name that expected.ts mentions. */
const names = new Set(
  expectedFixes.flatMap((fix) => [fix.commit, ...fix.prerequisites.map((p) => p.commit), ...fix.followUps.map((f) => f.commit)]),
);
const commits = Object.fromEntries([...names].map((name, at) => [name, (at + 1).toString(16).padStart(40, "a")]));
const trees: ExampleTrees = { mainline: "", vendor: "", commits };
const oid = (name: string): string => commits[name] ?? assert.fail(name);

/** The candidates exactly as expected.ts promises them. */
function promised(): Candidate[] {
  return expectedFixes.map((fix, at) => ({
    oid: oid(fix.commit),
    upstreamOid: oid(fix.commit),
    subject: `dir: ${fix.why}`,
    author: "A",
    date: null,
    rank: at + 1,
    score: 1,
    confidence: "high",
    evidence: [{ rule: "asked", weight: 1, text: "named in the question" }],
    presence: { ...fix.presence, by: null, because: "because" },
    affected: { state: "affected", because: "because" },
    applicability: { state: fix.applicability, reason: null, files: [], warnings: [] },
    prerequisites: fix.prerequisites.map(({ commit, kind, need }) => ({
      oid: oid(commit),
      upstreamOid: null,
      subject: commit,
      kind,
      need: need[0],
      proof: { summary: "proved", neededBy: oid(fix.commit), files: [], symbols: [], trials: [] },
    })),
    followUps: fix.followUps.map(({ commit, relation }) => ({
      oid: oid(commit),
      upstreamOid: null,
      subject: commit,
      relation,
      of: oid(fix.commit),
      presence: { state: "absent", route: null, by: null, because: "because" },
    })),
    verdict: fix.verdict[0],
  }));
}

function analysisOf(candidates: Candidate[]): Analysis {
  return {
    id: "a1",
    kind: "analysis",
    url: "/v1/analyses/a1",
    status: "completed",
    conclusion: "success",
    verdict: "ready",
    target: { tree: "vendor", ref: "refs/heads/v", oid: "b".repeat(40) },
    upstreams: [{ tree: "mainline", ref: "refs/heads/m", oid: "c".repeat(40) }],
    options: { maxCandidates: 10, includePresent: 3 },
    rulesVersion: "1",
    engineVersion: "1",
    progress: null,
    problem: null,
    signature: null,
    candidates,
    coverage: { commits: 21, commitsWithPatch: 21, complete: true, notes: [] },
    createdAt: "2026-01-01T00:00:00Z",
    updatedAt: "2026-01-01T00:00:00Z",
    completedAt: null,
  };
}

/** The promised candidates with one of them changed. */
function changed(name: string, change: (candidate: Candidate) => Partial<Candidate>): Analysis {
  return analysisOf(promised().map((candidate) => (candidate.oid === oid(name) ? { ...candidate, ...change(candidate) } : candidate)));
}

describe("differences from the promise", () => {
  it("there are none when all is as promised", () => {
    assert.deepEqual(differencesOfFixes(analysisOf(promised()), trees), []);
    assert.deepEqual(differencesOfCrash(analysisOf(promised()), trees), []);
  });

  const wrong: readonly (readonly [string, Analysis, RegExp])[] = [
    ["a missing commit", analysisOf(promised().slice(1)), /^wq-per-client: missing/],
    ["a wrong verdict", changed("no-concurrent-cb", () => ({ verdict: "ready" })), /verdict is ready, not ready_with_prerequisites/],
    ["a wrong presence", changed("parallel-queue", (c) => ({ presence: { ...c.presence, state: "present" } })), /presence is present/],
    [
      "a wrong route",
      changed("procfile-leak", (c) => ({ presence: { ...c.presence, route: "subject" } })),
      /found by subject, not reference/,
    ],
    [
      "a conflict called clean",
      changed("dead-client", (c) => ({ applicability: { ...c.applicability, state: "clean" } })),
      /is clean, not conflict/,
    ],
    [
      "a prerequisite left out",
      changed("no-concurrent-cb", (c) => ({ prerequisites: c.prerequisites.slice(1) })),
      /slot-helpers is not named/,
    ],
    [
      "context called required",
      changed("wq-per-client", (c) => ({ prerequisites: c.prerequisites.map((p) => ({ ...p, need: "required" })) })),
      /client-refcount is required, not context_only/,
    ],
    [
      "a needless requirement",
      changed("probe-cleanup", () => ({ prerequisites: promised()[1]?.prerequisites.slice(0, 1) ?? [] })),
      /slot-helpers is called required, and is not/,
    ],
    ["a follow-up left out", changed("parallel-queue", () => ({ followUps: [] })), /parallel-queue-revert is not named/],
  ];
  for (const [what, analysis, expected] of wrong) {
    it(`${what} is told`, () => assert.match(differencesOfFixes(analysis, trees).join("\n"), expected));
  }

  it("a fix below the decoy, or below the first five, is told", () => {
    assert.match(
      differencesOfCrash(
        changed("no-concurrent-cb", () => ({ rank: 7 })),
        trees,
      ).join("\n"),
      /first five[\s\S]*below probe-cleanup/,
    );
  });
});

describe("the report", () => {
  it("stays within 110 columns and names every commit with its reasons", () => {
    const long = changed("dead-client", (c) => ({
      subject: "x".repeat(300),
      applicability: {
        ...c.applicability,
        files: [
          {
            path: "fs/exportd/state.c",
            targetPath: "fs/exportd/state.c",
            state: "conflict",
            reason: null,
            hunks: [
              {
                header: "@@ -1,2 +1,3 @@ f()",
                state: "conflict",
                offset: null,
                cause: `the function is absent ${"y".repeat(200)}`,
                commits: [],
              },
            ],
          },
        ],
      },
    }));
    const text = renderDemoReport("What about these?", long);
    for (const line of text.split("\n")) assert.ok(line.length <= 110, line);
    for (const candidate of long.candidates) assert.equal(text.split(`${candidate.rank}. ${candidate.oid?.slice(0, 12)}`).length, 2);
    assert.match(text, /@@ -1,2 \+1,3 @@ f\(\): conflict, the function is absent/);
    assert.match(text, /needs +required \(symbol\): \w{12} run-cb-bool: proved/);
    assert.match(text, /parallel-queue-revert \(reverts it; absent in the tree\)/);
  });
});

describe("progress", () => {
  const written = (isTTY: boolean): string => {
    let text = "";
    const line = createProgressLine({ isTTY, write: (piece: string) => (text += piece) });
    line.show("indexing 1/9");
    line.show("indexing 2/9");
    line.done("ready");
    return text;
  };

  it("is one line per step in a log", () => assert.equal(written(false), "indexing\nready\n"));
  it("overwrites itself on a terminal", () => {
    assert.match(written(true), /^\rindexing 1\/9 +\rindexing 2\/9 +\r +\rready\n$/);
  });
});
