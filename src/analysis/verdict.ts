import type { AnalysisResult, Candidate, Verdict } from "../schema/analysis.ts";
import { isInTarget } from "./presence.ts";

type Facts = Pick<Candidate, "presence" | "affected" | "applicability" | "prerequisites">;

/**
 * The verdict of one candidate, from what the stages found (docs/architecture.md says what each promises).
 * @param appliesWithRequired the required prerequisites apply one after the other, and the candidate on top of them
 */
export function candidateVerdict(facts: Facts, appliesWithRequired: boolean): Verdict {
  const { presence, affected, applicability, prerequisites } = facts;
  if (presence.state === "present" || presence.state === "equivalent") return "already_fixed";
  if (affected.state === "not_affected") return "not_affected";
  if (presence.state === "unknown" || applicability.state === "unknown") return "inconclusive";
  if (presence.state === "partial") return "needs_adaptation";
  if (applicability.state === "empty") return "already_fixed";
  const needsOthers = prerequisites.some((prerequisite) => prerequisite.need === "required");
  if (needsOthers && appliesWithRequired) return "ready_with_prerequisites";
  if (applicability.state === "adapted")
    return applicability.adaptation?.confidence === "high" && !needsOthers ? "ready" : "needs_adaptation";
  if (needsOthers) return "conflicts";
  return applicability.state === "clean" || applicability.state === "merge" ? "ready" : "conflicts";
}

const ORDER: readonly Verdict[] = ["already_fixed", "ready", "ready_with_prerequisites", "needs_adaptation", "conflicts"];

/**
 * The verdict of the whole analysis: already fixed when a commit that the target has outdoes every candidate; else that of the best candidate
 * with high confidence, in the order of this list. Without one it is for a person to look, unless all candidates are so weak that there is none.
 */
export function analysisVerdict(result: Pick<AnalysisResult, "candidates" | "alreadyPresent" | "coverage">): Verdict {
  if (result.alreadyPresent?.some(({ confidence, presence }) => confidence === "high" && isInTarget(presence))) return "already_fixed";
  const sure = result.candidates.filter((candidate) => candidate.confidence === "high");
  if (sure.length > 0 && sure.every((candidate) => candidate.verdict === "not_affected")) return "not_affected";
  for (const verdict of ORDER) if (sure.some((candidate) => candidate.verdict === verdict)) return verdict;
  if (!result.coverage.complete) return "inconclusive";
  return result.candidates.every((candidate) => candidate.confidence === "low") ? "no_candidate" : "inconclusive";
}

const WORST_FIRST: readonly Verdict[] = [
  "inconclusive",
  "conflicts",
  "needs_adaptation",
  "ready_with_prerequisites",
  "ready",
  "not_affected",
];

/** The verdict of an uploaded series, whose patches belong together: that of its worst. */
export function seriesVerdict(candidates: readonly Pick<Candidate, "verdict">[]): Verdict {
  return WORST_FIRST.find((verdict) => candidates.some((candidate) => candidate.verdict === verdict)) ?? "already_fixed";
}
