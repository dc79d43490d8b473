import type { EvidenceId } from "./evidence.ts";

/** Rules that speak against a commit; the fit keeps their weights from growing above zero, and those of the others from falling below. */
export const AGAINST: ReadonlySet<EvidenceId> = new Set([
  "cleanupWords",
  "largeChange",
  "manyFiles",
  "messageOverlap",
  "noCode",
  "otherArch",
  "otherPlace",
  "wordsOverlap",
]);

/**
 * A share only compares candidates with each other, and the fix may not be among them. So `high` also asks for evidence that ties the commit to
 * the stack or to a name of the report: alike words and folders alone are not enough.
 */
export const DIRECT_EVIDENCE: ReadonlySet<EvidenceId> = new Set([
  "functionsFocused",
  "functionInSubject",
  "functionNamed",
  "functionCalled",
  "traceQuoted",
  "calleeModified",
  "fileOfFrame",
  "identifierChanged",
  "identifierNamed",
  "lockChanged",
  "lockNamed",
]);
