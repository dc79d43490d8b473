import assert from "node:assert/strict";
import { test } from "node:test";
import { renderAnalysisText } from "../../src/report/text.ts";
import type { Analysis, Candidate } from "../../src/schema/analysis.ts";
import { HEAD, NEW_HEAD } from "./support.ts";

const FIX: Candidate = {
  oid: HEAD,
  upstreamOid: NEW_HEAD,
  subject: "exportd: hold a reference | while\n\u001b[31mcalling back",
  author: "A <a@example.org>",
  date: "2026-01-01T00:00:00Z",
  rank: 1,
  score: 3,
  confidence: "high",
  evidence: [{ rule: "frame-modified", weight: 2, text: "changes run_cb(), the innermost frame" }],
  presence: { state: "absent", route: null, by: null, because: "no commit of the target has it" },
  affected: { state: "affected", because: "the target has the commit that it fixes" },
  applicability: {
    state: "conflict",
    reason: null,
    files: [
      {
        path: "fs/exportd/callback.c",
        targetPath: "fs/exportd/callback.c",
        state: "conflict",
        reason: null,
        hunks: [
          {
            header: "@@ -10,6 +10,7 @@ run_cb",
            state: "conflict",
            offset: null,
            cause: "the context was changed upstream",
            commits: [{ oid: HEAD, upstreamOid: null, subject: "exportd: rename" }],
          },
        ],
      },
      { path: "fs/exportd/ok.c", targetPath: "fs/exportd/ok.c", state: "clean", reason: null, hunks: [] },
    ],
    warnings: ["a hunk lands 200 lines away"],
  },
  prerequisites: [
    {
      oid: HEAD,
      upstreamOid: null,
      subject: "exportd: rename",
      kind: "textual",
      need: "context_only",
      proof: { summary: "the fix applies by adaptation without it", neededBy: HEAD, files: [], symbols: [], trials: [] },
    },
  ],
  followUps: [],
  verdict: "needs_adaptation",
};

const ANALYSIS: Analysis = {
  id: "1",
  kind: "analysis",
  url: "/v1/analyses/1",
  status: "completed",
  conclusion: "success",
  verdict: "needs_adaptation",
  target: { tree: "vendor", ref: "v1", oid: HEAD },
  upstreams: [{ tree: "main", ref: "master", oid: NEW_HEAD }],
  options: { maxCandidates: 10, includePresent: 3 },
  rulesVersion: "r",
  engineVersion: "e",
  progress: null,
  problem: null,
  signature: null,
  candidates: [FIX],
  coverage: { commits: 5, commitsWithPatch: 4, complete: false, notes: ["one patch was too large"] },
  createdAt: "",
  updatedAt: "",
  completedAt: "",
};

test("the text has the verdict first, the table, and the reason of every statement", () => {
  assert.equal(
    renderAnalysisText(ANALYSIS),
    `# Verdict: needs adaptation

Target: vendor, v1 at 111111111111
Upstream: main, master at 222222222222
Analysis: /v1/analyses/1, rules r, engine e

| #   | commit       | subject                                             | verdict          | presence | applies  | required first | confidence |
|-----|--------------|-----------------------------------------------------|------------------|----------|----------|----------------|------------|
| 1   | 222222222222 | exportd: hold a reference \\| while [31mcalling back | needs_adaptation | absent   | conflict | 0              | high       |

## 1. 222222222222 ("exportd: hold a reference | while [31mcalling back")

- evidence (2): changes run_cb(), the innermost frame
- presence absent: no commit of the target has it
- affected affected: the target has the commit that it fixes
- applies conflict
  - fs/exportd/callback.c conflict
    - @@ -10,6 +10,7 @@ run_cb conflict: the context was changed upstream (111111111111 ("exportd: rename"))
  - warning: a hunk lands 200 lines away
- prerequisite context only (textual): 111111111111 ("exportd: rename"): the fix applies by adaptation without it

Searched: 5 upstream commits, 4 with their changes; not complete.
- one patch was too large
`,
  );
});

test("an analysis without an answer says where it stands and why", () => {
  const none = { ...ANALYSIS, verdict: null, candidates: [], coverage: null };
  assert.match(
    renderAnalysisText({ ...none, status: "in_progress", conclusion: null, progress: { stage: "presence", done: 1, total: 2 } }),
    /^# Not completed: presence\n/,
  );
  const problem = {
    type: "",
    title: "The analysis failed",
    status: 500,
    detail: "See the log.",
    instance: null,
    code: "analysis-failed",
    requestId: null,
    retryable: true,
    errors: [],
  };
  assert.match(
    renderAnalysisText({ ...none, conclusion: "failure", problem }),
    /^# No verdict: failure\n[\s\S]*The analysis failed: See the log\./,
  );
});
