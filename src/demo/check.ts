/** Holds the answers of the service against what examples/expected.ts promises. */
import type { ExampleTrees } from "../../examples/build-trees.ts";
import { type ExpectedFix, expectedCrash, expectedFixes } from "../../examples/expected.ts";
import type { Analysis, Candidate } from "../schema/analysis.ts";

/** What differs from the promise for the crash: the fixes lead the list. Empty when all is well. */
export function differencesOfCrash(analysis: Analysis, trees: ExampleTrees): string[] {
  const differences: string[] = [];
  const rank = (name: string): number => find(analysis, trees, name)?.rank ?? Number.POSITIVE_INFINITY;
  for (const name of expectedCrash.fixes) {
    if (rank(name) > 5) differences.push(`${name} is not among the first five candidates`);
    if (rank(name) > rank(expectedCrash.decoy)) differences.push(`${name} stands below ${expectedCrash.decoy}, which fixes nothing`);
  }
  return differences;
}

/** What differs from the promise for the commits of expectedFixes, asked for by their ids. Empty when all is well. */
export function differencesOfFixes(analysis: Analysis, trees: ExampleTrees): string[] {
  const differences: string[] = [];
  for (const expected of expectedFixes) {
    const candidate = find(analysis, trees, expected.commit);
    const found = candidate === undefined ? ["missing in the answer"] : compare(candidate, expected, trees);
    differences.push(...found.map((text) => `${expected.commit}: ${text}`));
  }
  return differences;
}

function find(analysis: Analysis, trees: ExampleTrees, name: string): Candidate | undefined {
  return analysis.candidates.find((candidate) => candidate.oid === trees.commits[name]);
}

function compare(candidate: Candidate, expected: ExpectedFix, trees: ExampleTrees): string[] {
  const differences: string[] = [];
  const { presence, applicability, verdict, prerequisites, followUps } = candidate;
  if (presence.state !== expected.presence.state) differences.push(`presence is ${presence.state}, not ${expected.presence.state}`);
  if (presence.state !== "absent" && presence.route !== expected.presence.route) {
    differences.push(`presence was found by ${presence.route}, not ${expected.presence.route}`);
  }
  const adapted = expected.applicability === "conflict" && applicability.state === "adapted";
  if (applicability.state !== expected.applicability && !adapted) {
    differences.push(`applicability is ${applicability.state}, not ${expected.applicability}`);
  }
  if (!expected.verdict.includes(verdict)) differences.push(`verdict is ${verdict}, not ${expected.verdict.join(" or ")}`);

  for (const { commit, need } of expected.prerequisites) {
    const found = prerequisites.find(({ oid }) => oid === trees.commits[commit]);
    if (found === undefined) differences.push(`prerequisite ${commit} is not named`);
    else if (!need.includes(found.need)) differences.push(`prerequisite ${commit} is ${found.need}, not ${need.join(" or ")}`);
  }
  const wanted = new Set(expected.prerequisites.filter(({ need }) => need.includes("required")).map(({ commit }) => trees.commits[commit]));
  for (const { oid, need, subject } of prerequisites) {
    if (need === "required" && !wanted.has(oid)) differences.push(`${subject} is called required, and is not`);
  }
  for (const { commit, relation } of expected.followUps) {
    const named = followUps.some((followUp) => followUp.oid === trees.commits[commit] && followUp.relation === relation);
    if (!named) differences.push(`follow-up ${commit} is not named`);
  }
  return differences;
}
