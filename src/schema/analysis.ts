import { z } from "zod";
import { AnalysisOptions } from "./analysis-request.ts";
import { CommitRef, JobConclusion, JobStatus, Oid, PinnedTree, Progress, Timestamp, TreeId } from "./common.ts";
import { Problem } from "./problem.ts";
import { Signature } from "./signature.ts";

export { AnalysisOptions, AnalysisRequest, Question } from "./analysis-request.ts";

export const PresenceState = z.enum(["present", "equivalent", "partial", "reverted", "absent", "unknown"]).meta({ id: "PresenceState" });
export type PresenceState = z.infer<typeof PresenceState>;

export const Presence = z
  .object({
    state: PresenceState,
    route: z.enum(["ancestor", "reference", "patch-id", "author-date", "subject", "content"]).nullable(),
    by: CommitRef.nullable().describe("the commit of the target that carries it"),
    because: z.string().describe("the evidence in one sentence"),
    score: z.number().min(0).max(1).optional().describe("how sure the route is; none where nothing was found"),
    hunks: z
      .object({ present: z.number().int(), absent: z.number().int(), total: z.number().int() })
      .optional()
      .describe("what the files of the target say: hunks that are there, that are not, and all; of the others the files cannot tell"),
    conflicts: z.array(z.string()).optional().describe("what speaks against the answer, one sentence each"),
  })
  .meta({ id: "Presence" });
export type Presence = z.infer<typeof Presence>;

export const Affected = z.object({ state: z.enum(["affected", "not_affected", "unknown"]), because: z.string() }).meta({ id: "Affected" });
export type Affected = z.infer<typeof Affected>;

export const ApplicabilityState = z
  .enum(["clean", "merge", "adapted", "conflict", "empty", "unsupported", "unknown"])
  .meta({ id: "ApplicabilityState" });
export type ApplicabilityState = z.infer<typeof ApplicabilityState>;

export const HunkResult = z
  .object({
    header: z.string().describe("the hunk header of the fix, @@ -a,b +c,d @@ function"),
    state: ApplicabilityState,
    offset: z.number().int().nullable().describe("lines between the place the header names and the place found; null when not found"),
    cause: z.string().nullable().describe("why it conflicts, null when it does not"),
    commits: z.array(CommitRef).describe("commits that made the difference: upstream ones that the target lacks, then the target's own"),
  })
  .meta({ id: "HunkResult" });
export type HunkResult = z.infer<typeof HunkResult>;

export const FileResult = z
  .object({
    path: z.string(),
    targetPath: z.string().nullable().describe("null when the target has no such file"),
    state: ApplicabilityState,
    reason: z.string().nullable(),
    hunks: z.array(HunkResult),
  })
  .meta({ id: "FileResult" });
export type FileResult = z.infer<typeof FileResult>;

export const Applicability = z
  .object({
    state: ApplicabilityState,
    reason: z.string().nullable(),
    files: z.array(FileResult),
    warnings: z.array(z.string()).describe("for example a hunk that lands far from its place"),
    adaptation: z
      .object({
        confidence: z.enum(["high", "medium", "low"]),
        changes: z.array(z.object({ path: z.string(), hunk: z.string(), rule: z.string(), note: z.string() })),
        checks: z
          .array(
            z.object({
              path: z.string(),
              check: z.enum(["brackets", "syntax", "names", "arguments", "indentation", "declarations"]),
              outcome: z.enum(["passes", "doubts", "forbids"]),
              detail: z.string(),
            }),
          )
          .optional()
          .describe("what was checked of the adapted files; doubt lowers the confidence"),
        difference: z
          .string()
          .optional()
          .describe(
            "the change as it was made against upstream's: changed lines of both, `-` before those only upstream has, `+` before ours only",
          ),
      })
      .optional()
      .describe("of an adapted change: every hunk that was made to fit, by which rule, and why that is believed right"),
    form: z
      .object({ tree: z.string(), oid: Oid })
      .optional()
      .describe("the form of the change that was tried: the commit of another tree that carries it; none when it is the commit itself"),
  })
  .meta({ id: "Applicability" });
export type Applicability = z.infer<typeof Applicability>;

export const PrerequisiteKind = z.enum(["declared", "textual", "symbol", "series"]).meta({ id: "PrerequisiteKind" });
export type PrerequisiteKind = z.infer<typeof PrerequisiteKind>;

export const PrerequisiteNeed = z.enum(["required", "context_only", "target_lacks_feature", "unknown"]).meta({ id: "PrerequisiteNeed" });
export type PrerequisiteNeed = z.infer<typeof PrerequisiteNeed>;

export const Prerequisite = z
  .object({
    oid: Oid,
    upstreamOid: z.string().nullable(),
    subject: z.string(),
    kind: PrerequisiteKind,
    need: PrerequisiteNeed,
    proof: z
      .object({
        summary: z.string(),
        neededBy: Oid.describe("the fix, or the prerequisite that needs this one"),
        files: z.array(z.string()).describe("files that conflict without it and are clean with it"),
        symbols: z.array(z.string()).describe("names that the fix uses and only this commit brings"),
        trials: z.array(z.object({ applied: z.array(Oid), conflictingFiles: z.array(z.string()) })).describe("the trial merges made"),
      })
      .describe("why the need is what it is"),
  })
  .meta({ id: "Prerequisite" });
export type Prerequisite = z.infer<typeof Prerequisite>;

export const FollowUp = z
  .object({
    oid: Oid,
    upstreamOid: z.string().nullable(),
    subject: z.string(),
    relation: z.enum(["fixes", "reverts"]),
    of: Oid,
    presence: Presence,
  })
  .meta({ id: "FollowUp" });
export type FollowUp = z.infer<typeof FollowUp>;

export const Evidence = z
  .object({
    rule: z.string().describe("id of the evidence rule"),
    weight: z.number().describe("its contribution to the score"),
    text: z.string().describe("what was found, in words"),
  })
  .meta({ id: "Evidence" });
export type Evidence = z.infer<typeof Evidence>;

export const Verdict = z
  .enum([
    "not_affected",
    "already_fixed",
    "ready",
    "ready_with_prerequisites",
    "needs_adaptation",
    "conflicts",
    "no_candidate",
    "inconclusive",
  ])
  .meta({ id: "Verdict" });
export type Verdict = z.infer<typeof Verdict>;

export const StepRole = z.enum(["fix", "prerequisite", "follow_up"]).meta({ id: "StepRole" });
export type StepRole = z.infer<typeof StepRole>;

/** One commit of a plan, where it stands in the order in which the plan was applied. */
export const StepOutline = z
  .object({
    position: z.number().int().positive(),
    oid: Oid,
    upstreamOid: z.string().nullable(),
    subject: z.string(),
    role: StepRole,
    state: ApplicabilityState.describe("how it applies on the steps before it; `unknown` behind a step that does not apply"),
    form: CommitRef.nullable().describe("the form of the commit in another tree that was taken, where the commit itself does not apply"),
  })
  .meta({ id: "StepOutline" });
export type StepOutline = z.infer<typeof StepOutline>;

export const PlanFailure = z
  .object({ position: z.number().int().positive(), oid: Oid, cause: z.string() })
  .meta({ id: "PlanFailure", description: "the first step that does not apply, and why" });
export type PlanFailure = z.infer<typeof PlanFailure>;

/** A plan in few words, as an analysis carries it with a candidate. */
export const PlanOutline = z
  .object({
    applies: z.boolean(),
    steps: z.array(StepOutline),
    failure: PlanFailure.nullable(),
  })
  .meta({ id: "PlanOutline" });
export type PlanOutline = z.infer<typeof PlanOutline>;

export const CandidateForm = z.object({ tree: TreeId, oid: Oid, subject: z.string() }).meta({ id: "CandidateForm" });
export type CandidateForm = z.infer<typeof CandidateForm>;

export const Candidate = z
  .object({
    oid: Oid.nullable().describe("null for an uploaded patch"),
    upstreamOid: z.string().nullable(),
    subject: z.string(),
    author: z.string(),
    date: Timestamp.nullable(),
    rank: z.number().int().positive(),
    score: z.number(),
    confidence: z.enum(["high", "medium", "low"]),
    probability: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("of its group: that the best commit of it fixes the crash, as measured on recorded crashes"),
    group: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("candidates that belong together share it: a series, a fix and what fixes it, one subject, work on the same functions"),
    forms: z.array(CandidateForm).optional().describe("the same fix in each upstream tree that has it"),
    evidence: z.array(Evidence),
    presence: Presence,
    affected: Affected,
    applicability: Applicability,
    prerequisites: z.array(Prerequisite),
    followUps: z.array(FollowUp),
    plan: PlanOutline.nullable()
      .optional()
      .describe("the required prerequisites and the commit, as they were applied; POST /v1/plans gives the patches"),
    verdict: Verdict,
  })
  .meta({ id: "Candidate" });
export type Candidate = z.infer<typeof Candidate>;

/** A commit of the target's own history that speaks for being the fix of the crash. */
export const PresentCandidate = Candidate.pick({
  upstreamOid: true,
  subject: true,
  author: true,
  rank: true,
  score: true,
  confidence: true,
  evidence: true,
  presence: true,
  followUps: true,
})
  .extend({
    oid: Oid,
    date: Timestamp,
    rank: z.number().int().positive().describe("among those that the target has"),
    probability: z.number().min(0).max(1).describe("that it is the fix, weighed against the candidates too"),
  })
  .meta({ id: "PresentCandidate" });
export type PresentCandidate = z.infer<typeof PresentCandidate>;

export const Coverage = z
  .object({
    commits: z.number().int().describe("upstream commits that are not in the target and were searched"),
    outsideWindow: z
      .number()
      .int()
      .optional()
      .describe("upstream commits that are not in the target and that `since` and `until` left out"),
    presentSearched: z
      .number()
      .int()
      .optional()
      .describe("upstream commits that the target has and that were searched for `alreadyPresent`, the newest"),
    commitsWithPatch: z.number().int().describe("of these, how many have their changed lines indexed"),
    complete: z.boolean(),
    notes: z.array(z.string()),
  })
  .meta({ id: "Coverage" });
export type Coverage = z.infer<typeof Coverage>;

/** What an analysis found; a pure function of its pins. */
export const AnalysisResult = z.object({
  verdict: Verdict,
  signature: Signature.nullable(),
  candidates: z.array(Candidate),
  alreadyPresent: z
    .array(PresentCandidate)
    .optional()
    .describe(
      "of a crash: upstream commits that the target has already and that may be the fix, apart from the candidates and their ranks",
    ),
  coverage: Coverage,
});
export type AnalysisResult = z.infer<typeof AnalysisResult>;

export const Analysis = z
  .object({
    id: z.string(),
    kind: z.literal("analysis"),
    url: z.string(),
    status: JobStatus,
    conclusion: JobConclusion.nullable(),
    verdict: Verdict.nullable(),
    target: PinnedTree,
    upstreams: z.array(PinnedTree),
    options: AnalysisOptions,
    rulesVersion: z.string(),
    engineVersion: z.string(),
    progress: Progress.nullable(),
    problem: Problem.nullable(),
    signature: Signature.nullable(),
    candidates: z.array(Candidate),
    alreadyPresent: AnalysisResult.shape.alreadyPresent,
    coverage: Coverage.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp.describe("when status or conclusion changed last"),
    completedAt: Timestamp.nullable(),
  })
  .meta({ id: "Analysis" });
export type Analysis = z.infer<typeof Analysis>;

/** What a tree knows about one commit without trying to apply it. */
export const CommitPresence = z
  .object({
    oid: Oid,
    upstreamOid: z.string().nullable(),
    subject: z.string(),
    author: z.string(),
    date: Timestamp,
    presence: Presence,
    affected: Affected,
  })
  .meta({ id: "CommitPresence" });
export type CommitPresence = z.infer<typeof CommitPresence>;

/** Answer of GET /v1/trees/{tree}/commits/{oid}. */
export const CommitStatus = z
  .object({
    oid: Oid,
    kind: z.literal("commit_status"),
    url: z.string(),
    upstreamOid: z.string().nullable(),
    subject: z.string(),
    author: z.string(),
    date: Timestamp,
    tree: PinnedTree,
    presence: Presence,
    affected: Affected,
    applicability: Applicability,
  })
  .meta({ id: "CommitStatus" });
export type CommitStatus = z.infer<typeof CommitStatus>;
