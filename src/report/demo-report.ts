/** An analysis as plain text for a terminal: a table of the candidates, then the reasons. Pure; ASCII if the analysis is. */
import type { Analysis, Candidate, FileResult, Prerequisite } from "../schema/analysis.ts";

const WIDTH = 110;
const LABEL = 11;
const EVIDENCE_LINES = 3;
const COLUMNS = { rank: 2, commit: 12, subject: 53, presence: 10, applicability: 8, verdict: 19 } as const;

/** Lines of at most 110 columns. `heading` says what was asked; the reasons are given for the first `detailed` candidates. */
export function renderDemoReport(heading: string, analysis: Analysis, detailed = 10): string {
  const lines = [heading, "=".repeat(heading.length), ""];
  if (analysis.signature !== null) lines.push(...field("crash", analysis.signature.title));
  lines.push(...field("target", `${analysis.target.tree} at ${analysis.target.oid.slice(0, 12)}`));
  lines.push(...field("upstream", analysis.upstreams.map(({ tree, oid }) => `${tree} at ${oid.slice(0, 12)}`).join(", ")));
  if (analysis.coverage !== null) lines.push(...field("searched", `${analysis.coverage.commits} commits that the target does not have`));
  lines.push(...field("verdict", words(analysis.verdict ?? "inconclusive")), "");
  lines.push(row("#", "commit", "subject", "in tree", "applies", "verdict"));
  lines.push(row(...Object.values(COLUMNS).map((width) => "-".repeat(width))));
  for (const candidate of analysis.candidates) {
    const { rank, subject, presence, applicability, verdict } = candidate;
    lines.push(row(String(rank), shortId(candidate), subject, presence.state, applicability.state, words(verdict)));
  }
  for (const candidate of analysis.candidates.slice(0, detailed)) lines.push("", ...reasons(candidate));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function row(...cells: readonly string[]): string {
  return Object.values(COLUMNS)
    .map((width, at) => cut(cells[at] ?? "", width).padEnd(width))
    .join(" ");
}

function reasons(candidate: Candidate): string[] {
  const { rank, subject, evidence, presence, applicability, prerequisites, followUps, verdict } = candidate;
  const strongest = [...evidence].sort((a, b) => b.weight - a.weight).slice(0, EVIDENCE_LINES);
  return [
    cut(`${rank}. ${shortId(candidate)} ${subject}`, WIDTH),
    ...strongest.flatMap(({ text }, at) => field(at === 0 ? "because" : "", text)),
    ...field("in tree", `${presence.state}: ${presence.because}`),
    ...field("applies", applicability.reason === null ? applicability.state : `${applicability.state}: ${applicability.reason}`),
    ...applicability.files.flatMap(conflictsOf),
    ...prerequisites.flatMap((prerequisite) => field("needs", needInWords(prerequisite))),
    ...followUps.flatMap((followUp) =>
      field(
        "follow-up",
        `${followUp.oid.slice(0, 12)} ${followUp.subject} (${followUp.relation} it; ${followUp.presence.state} in the tree)`,
      ),
    ),
    ...field("verdict", words(verdict)),
  ];
}

/** The hunks that do not apply, with the cause of each. */
function conflictsOf(file: FileResult): string[] {
  const hunks = file.hunks.filter(({ cause }) => cause !== null);
  if (hunks.length === 0) return file.reason === null ? [] : field("", `${file.path}: ${file.reason}`);
  return hunks.flatMap(({ header, state, cause }) => field("", `${file.path} ${header}: ${state}, ${cause}`));
}

function needInWords({ oid, need, kind, subject, proof }: Prerequisite): string {
  return `${words(need)} (${kind}): ${oid.slice(0, 12)} ${subject}: ${proof.summary}`;
}

function shortId({ oid, upstreamOid }: Candidate): string {
  return (oid ?? upstreamOid ?? "(patch)").slice(0, 12);
}

function words(name: string): string {
  return name.replaceAll("_", " ").replace("with prerequisites", "with prereqs");
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 3)}...`;
}

/** A label and a text, the text wrapped into the columns right of the label. */
function field(label: string, text: string): string[] {
  const lines: string[] = [];
  const room = WIDTH - LABEL - 3;
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? cut(word, room) : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((content, at) => `   ${(at === 0 ? label : "").padEnd(LABEL)}${content}`);
}
