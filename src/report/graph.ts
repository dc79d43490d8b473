import type { Plan, PlanGraph, PlanGraphEdge, PlanGraphNode } from "../schema/plan.ts";
import { SHORT } from "./markdown.ts";

const LONGEST_LABEL = 60;

/** Steps, what was found not to be needed, and later fixes, as nodes; an edge leads from a commit to the one that needs or fixes it. */
export function planGraph(plan: Plan): PlanGraph {
  const nodes = new Map<string, PlanGraphNode>();
  const edges: PlanGraphEdge[] = [];
  for (const { oid, upstreamOid, subject, role, state, position } of plan.steps)
    nodes.set(oid, { oid, upstreamOid, subject, kind: role, state, position });
  for (const { oid, upstreamOid, subject, need, proof } of plan.prerequisites) {
    if (!nodes.has(oid))
      nodes.set(oid, { oid, upstreamOid, subject, kind: need === "required" ? "prerequisite" : need, state: null, position: null });
    edges.push({ from: oid, to: proof.neededBy, kind: need, label: [...proof.files, ...proof.symbols].join(", ") });
  }
  for (const { oid, upstreamOid, subject, relation, of } of plan.followUps) {
    if (!nodes.has(oid)) nodes.set(oid, { oid, upstreamOid, subject, kind: relation, state: null, position: null });
    edges.push({ from: oid, to: of, kind: relation, label: relation });
  }
  return {
    kind: "plan_graph",
    planId: plan.id,
    nodes: [...nodes.values()],
    edges: edges.filter(({ from, to }) => nodes.has(from) && nodes.has(to)),
  };
}

const LOOKS: Readonly<Record<PlanGraphNode["kind"], string>> = {
  fix: 'style="filled,bold", fillcolor="#d7f0dd"',
  prerequisite: 'style="filled", fillcolor="#dbe9fb"',
  follow_up: 'style="filled", fillcolor="#fdf1cf"',
  context_only: 'style="dashed", color="#777777"',
  target_lacks_feature: 'style="dashed", color="#777777"',
  unknown: 'style="dotted", color="#777777"',
  fixes: 'style="dotted", color="#b8860b"',
  reverts: 'style="dotted", color="#b00020"',
};

/** The graph in the language of Graphviz, from left to right. */
export function renderDot(graph: PlanGraph): string {
  const lines = [
    `digraph plan {`,
    "  rankdir=LR;",
    '  node [shape=box, fontname="sans-serif", fontsize=10];',
    '  edge [fontname="sans-serif", fontsize=8];',
  ];
  for (const node of graph.nodes) {
    const state = node.position === null ? node.kind.replaceAll("_", " ") : `step ${node.position}: ${node.state}`;
    const label = [(node.upstreamOid ?? node.oid).slice(0, SHORT), cut(node.subject), state].map(escaped).join("\\n");
    lines.push(`  "${node.oid}" [label="${label}", ${LOOKS[node.kind]}];`);
  }
  for (const { from, to, kind, label } of graph.edges) {
    const look = kind === "required" ? "" : ', style="dashed"';
    lines.push(`  "${from}" -> "${to}" [label="${escaped(cut(label))}"${look}];`);
  }
  return `${lines.join("\n")}\n}\n`;
}

function cut(text: string): string {
  return text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL - 1).toWellFormed()}…` : text;
}

/** A quoted string of DOT; subjects come from repositories that nobody vouches for. */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .toWellFormed();
}
