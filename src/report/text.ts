import type { Analysis, Applicability, Candidate, Coverage, FollowUp, Prerequisite, PresentCandidate } from "../schema/analysis.ts";
import type { CommitRef } from "../schema/common.ts";
import { plain, SHORT, table } from "./markdown.ts";

function shortName(commit: Pick<CommitRef, "oid" | "upstreamOid" | "subject">): string {
  return `${(commit.upstreamOid ?? commit.oid ?? "(patch)").slice(0, SHORT)} ("${plain(commit.subject)}")`;
}

/** An analysis as Markdown that reads well as plain text too: verdict, table of candidates, and the reasons for each. */
export function renderAnalysisText(analysis: Analysis): string {
  const { target } = analysis;
  const lines = [`# ${headline(analysis)}`, "", `Target: ${target.tree}, ${target.ref} at ${target.oid.slice(0, SHORT)}`];
  for (const pin of analysis.upstreams) lines.push(`Upstream: ${pin.tree}, ${pin.ref} at ${pin.oid.slice(0, SHORT)}`);
  if (analysis.signature !== null) lines.push(`Crash: ${plain(analysis.signature.title)}`);
  lines.push(`Analysis: ${analysis.url}, rules ${analysis.rulesVersion}, engine ${analysis.engineVersion}`, "");
  if (analysis.problem !== null) lines.push(`${plain(analysis.problem.title)}: ${plain(analysis.problem.detail)}`, "");
  if (analysis.candidates.length > 0) lines.push(...candidateTable(analysis.candidates), "");
  for (const candidate of analysis.candidates) lines.push(...reasons(candidate), "");
  lines.push(...alreadyPresent(analysis.alreadyPresent ?? [], target.tree));
  if (analysis.coverage !== null) lines.push(...searched(analysis.coverage));
  return `${lines.join("\n").trimEnd()}\n`;
}

function headline({ status, conclusion, verdict, progress }: Analysis): string {
  if (verdict !== null) return `Verdict: ${verdict.replaceAll("_", " ")}`;
  if (status === "completed") return `No verdict: ${conclusion ?? "unknown"}`;
  return progress === null ? `Not completed: ${status.replaceAll("_", " ")}` : `Not completed: ${plain(progress.stage)}`;
}

function candidateTable(candidates: readonly Candidate[]): string[] {
  const head = ["#", "commit", "subject", "verdict", "presence", "applies", "required first", "confidence"];
  const rows = candidates.map((candidate) => [
    String(candidate.rank),
    (candidate.upstreamOid ?? candidate.oid ?? "(patch)").slice(0, SHORT),
    candidate.subject,
    candidate.verdict,
    candidate.presence.state,
    candidate.applicability.state,
    String(candidate.prerequisites.filter(({ need }) => need === "required").length),
    candidate.confidence,
  ]);
  return table(head, rows);
}

function reasons(candidate: Candidate): string[] {
  const lines = [`## ${candidate.rank}. ${shortName(candidate)}`, ""];
  for (const evidence of candidate.evidence) lines.push(`- evidence (${evidence.weight}): ${plain(evidence.text)}`);
  lines.push(`- presence ${candidate.presence.state}: ${plain(candidate.presence.because)}`);
  lines.push(`- affected ${candidate.affected.state}: ${plain(candidate.affected.because)}`);
  lines.push(...applicabilityReasons(candidate.applicability));
  for (const prerequisite of candidate.prerequisites) lines.push(prerequisiteReason(prerequisite));
  if (candidate.plan) {
    const steps = candidate.plan.steps.map(({ upstreamOid, oid }) => (upstreamOid ?? oid).slice(0, SHORT)).join(", ");
    lines.push(`- plan ${candidate.plan.applies ? "applies" : "does not apply"}: ${steps}`);
  }
  lines.push(...candidate.followUps.map(followUpLine));
  return lines;
}

function followUpLine(followUp: FollowUp): string {
  return `- follow-up: ${shortName(followUp)} ${followUp.relation} it; in the target: ${followUp.presence.state}`;
}

/** Commits that the target has, apart from the candidates: there is nothing to take. */
function alreadyPresent(found: readonly PresentCandidate[], tree: string): string[] {
  if (found.length === 0) return [];
  const rows = found.map((one) => [
    String(one.rank),
    (one.upstreamOid ?? one.oid).slice(0, SHORT),
    one.subject,
    one.presence.state,
    one.confidence,
  ]);
  const lines = [`## Already in ${tree}`, "", ...table(["#", "commit", "subject", "presence", "confidence"], rows), ""];
  for (const one of found) {
    lines.push(`${one.rank}. ${shortName(one)}`, "");
    for (const evidence of one.evidence) lines.push(`- evidence (${evidence.weight}): ${plain(evidence.text)}`);
    lines.push(`- presence ${one.presence.state}: ${plain(one.presence.because)}`, ...one.followUps.map(followUpLine), "");
  }
  return lines;
}

function searched({ commits, commitsWithPatch, complete, presentSearched, notes }: Coverage): string[] {
  const present = presentSearched === undefined ? "" : `; and ${presentSearched} that the target has`;
  const lines = [
    `Searched: ${commits} upstream commits, ${commitsWithPatch} with their changes${complete ? "" : "; not complete"}${present}.`,
  ];
  for (const note of notes) lines.push(`- ${plain(note)}`);
  return lines;
}

export function applicabilityReasons(applicability: Applicability): string[] {
  const lines = [`- applies ${applicability.state}${applicability.reason === null ? "" : `: ${plain(applicability.reason)}`}`];
  for (const file of applicability.files) {
    if (file.state === "clean") continue;
    lines.push(`  - ${plain(file.path)} ${file.state}${file.reason === null ? "" : `: ${plain(file.reason)}`}`);
    for (const hunk of file.hunks) {
      if (hunk.cause === null) continue;
      const commits = hunk.commits.length === 0 ? "" : ` (${hunk.commits.map(shortName).join(", ")})`;
      lines.push(`    - ${plain(hunk.header)} ${hunk.state}: ${plain(hunk.cause)}${commits}`);
    }
  }
  for (const warning of applicability.warnings) lines.push(`  - warning: ${plain(warning)}`);
  return lines;
}

function prerequisiteReason(prerequisite: Prerequisite): string {
  return `- prerequisite ${prerequisite.need.replaceAll("_", " ")} (${prerequisite.kind}): ${shortName(prerequisite)}: ${plain(prerequisite.proof.summary)}`;
}
