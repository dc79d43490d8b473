import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { drawSvg } from "../../src/jobs/draw.ts";
import { planGraph, renderDot } from "../../src/report/graph.ts";
import type { FollowUp, Prerequisite } from "../../src/schema/analysis.ts";
import type { Plan } from "../../src/schema/plan.ts";

const oid = (digit: string) => digit.repeat(40);
const clean = { state: "clean" as const, reason: null, files: [], warnings: [] };

function step(digit: string, position: number, subject: string): Plan["steps"][number] {
  return {
    position,
    oid: oid(digit),
    upstreamOid: oid(digit),
    subject,
    role: "fix",
    state: "clean",
    form: null,
    author: "",
    date: null,
    because: "asked for",
    neededBy: [],
    applicability: clean,
    treeOid: null,
  };
}

function prerequisite(digit: string, need: Prerequisite["need"], neededBy: string, files: string[]): Prerequisite {
  const proof = { summary: "", neededBy: oid(neededBy), files, symbols: [], trials: [] };
  return { oid: oid(digit), upstreamOid: null, subject: "p", kind: "textual", need, proof };
}

const presence = { state: "absent" as const, route: null, by: null, because: "" };
const followUp: FollowUp = { oid: oid("f"), upstreamOid: null, subject: "later", relation: "reverts", of: oid("a"), presence };

function plan(subject: string): Plan {
  const shown = {
    id: "1",
    steps: [step("b", 1, "need"), step("a", 2, subject)],
    prerequisites: [
      prerequisite("b", "required", "a", ["x.c", "y.c"]),
      prerequisite("c", "context_only", "a", []),
      prerequisite("d", "unknown", "9", []),
    ],
    followUps: [followUp],
  };
  return shown as unknown as Plan;
}

test("the graph has the steps, what is not needed, and later commits; an edge never leads out of it", () => {
  const { nodes, edges } = planGraph(plan("fix"));
  assert.deepEqual(
    nodes.map((node) => [node.oid[0], node.kind]),
    [
      ["b", "fix"],
      ["a", "fix"],
      ["c", "context_only"],
      ["d", "unknown"],
      ["f", "reverts"],
    ],
  );
  assert.deepEqual(
    edges.map((edge) => [edge.from[0], edge.to[0], edge.kind, edge.label]),
    [
      ["b", "a", "required", "x.c, y.c"],
      ["c", "a", "context_only", ""],
      ["f", "a", "reverts", "reverts"],
    ],
  );
});

test("whatever a subject says, Graphviz draws each node once and the drawing runs nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"]; evil [label="', "\\", "\\N\\G", "<b>x</b>", "&quot;<script>")),
      async (subject) => {
        const svg = await drawSvg(renderDot(planGraph(plan(subject))));
        assert.equal([...svg.matchAll(/<g id="node\d+" class="node">/g)].length, 5);
        assert.equal([...svg.matchAll(/<g id="edge\d+" class="edge">/g)].length, 3);
        assert.doesNotMatch(svg, /<script|<a |<image|evil <\/title>/);
      },
    ),
    { numRuns: 60 },
  );
});
