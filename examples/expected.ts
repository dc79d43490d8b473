/**
 * What is true of the commits of the example mainline on the example vendor tree. test/examples proves it with git; the demo and the
 * tests of the service hold their answers against it. Commits are named as in ExampleTrees.commits.
 */
import type { ApplicabilityState, FollowUp, PrerequisiteKind, PrerequisiteNeed, Presence, Verdict } from "../src/schema/analysis.ts";

export interface ExpectedPrerequisite {
  readonly commit: string;
  readonly kind: PrerequisiteKind;
  /** The answer aimed at first; after it, weaker ones that are still honest. */
  readonly need: readonly [PrerequisiteNeed, ...PrerequisiteNeed[]];
}

export interface ExpectedFix {
  readonly commit: string;
  readonly why: string;
  readonly presence: { readonly state: Presence["state"]; readonly route: Presence["route"]; readonly by: string | null };
  /** `conflict` may be answered as `adapted` by a service that adapts. */
  readonly applicability: ApplicabilityState;
  /** Files that `git cherry-pick` leaves in conflict. */
  readonly conflictingFiles: readonly string[];
  /** Nothing else may be `required`; further prerequisites with another need are allowed. */
  readonly prerequisites: readonly ExpectedPrerequisite[];
  readonly followUps: readonly { readonly commit: string; readonly relation: FollowUp["relation"] }[];
  /** The answer aimed at today first; after it, what a service that adapts may say. */
  readonly verdict: readonly [Verdict, ...Verdict[]];
}

const ABSENT = { state: "absent", route: null, by: null } as const;

/** Ids of the heads, the same on every machine. */
export const expectedHeads = {
  mainline: "7c08d622126b3f75f80ebbbf1ea941b3fac5deb4",
  vendor: "fcb58d790c4da9a8cc21575fc0f8226e14b15ab0",
} as const;

/** Of crash.txt and crash-session.txt: the fixes that must stand among the first five candidates, and a commit that must stand below them. */
export const expectedCrash = {
  fixes: ["wq-per-client", "no-concurrent-cb"],
  decoy: "probe-cleanup",
  crashingFunction: "exportd_probe_callback",
} as const;

export const expectedFixes: readonly ExpectedFix[] = [
  {
    commit: "wq-per-client",
    why: "conflicts in client.c only, because client-refcount moved the lines around one of its additions into another function",
    presence: ABSENT,
    applicability: "conflict",
    conflictingFiles: ["fs/exportd/client.c"],
    prerequisites: [{ commit: "client-refcount", kind: "textual", need: ["context_only", "unknown"] }],
    followUps: [],
    verdict: ["conflicts", "needs_adaptation"],
  },
  {
    commit: "no-concurrent-cb",
    why: "needs inflight, which needs slot-helpers, for its text, and run-cb-bool because it uses what exportd_run_cb() returns",
    presence: ABSENT,
    applicability: "conflict",
    conflictingFiles: ["fs/exportd/callback.c"],
    prerequisites: [
      { commit: "slot-helpers", kind: "textual", need: ["required"] },
      { commit: "inflight", kind: "textual", need: ["required"] },
      { commit: "run-cb-bool", kind: "symbol", need: ["required"] },
    ],
    followUps: [{ commit: "clear-running", relation: "fixes" }],
    verdict: ["ready_with_prerequisites"],
  },
  {
    commit: "procfile-leak",
    why: "the vendor tree has it under another id, with a reference and another context, so its patch-id differs",
    presence: { state: "equivalent", route: "reference", by: "procfile-leak-backport" },
    applicability: "empty",
    conflictingFiles: [],
    prerequisites: [],
    followUps: [],
    verdict: ["already_fixed"],
  },
  {
    commit: "dead-client",
    why: "one of its two hunks is for exportd_send_offload(), of a feature that the vendor tree does not have",
    presence: ABSENT,
    applicability: "conflict",
    conflictingFiles: ["fs/exportd/state.c"],
    prerequisites: [{ commit: "copy-offload", kind: "textual", need: ["target_lacks_feature"] }],
    followUps: [],
    verdict: ["conflicts", "needs_adaptation"],
  },
  {
    commit: "parallel-queue",
    why: "applies, but upstream took it back",
    presence: ABSENT,
    applicability: "clean",
    conflictingFiles: [],
    prerequisites: [],
    followUps: [{ commit: "parallel-queue-revert", relation: "reverts" }],
    verdict: ["ready"],
  },
  {
    commit: "probe-cleanup",
    why: "a cleanup of the function that crashes; it fixes nothing",
    presence: ABSENT,
    applicability: "clean",
    conflictingFiles: [],
    prerequisites: [],
    followUps: [],
    verdict: ["ready"],
  },
];
