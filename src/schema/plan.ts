import { z } from "zod";
import {
  Applicability,
  ApplicabilityState,
  FollowUp,
  PlanFailure,
  PlanOutline,
  Prerequisite,
  PrerequisiteNeed,
  StepOutline,
  StepRole,
} from "./analysis.ts";
import { CommitRef, JobConclusion, JobStatus, Oid, OidPrefix, PinnedTree, Progress, Timestamp, TreeId } from "./common.ts";
import { Problem } from "./problem.ts";

export const PlanOptions = z
  .strictObject({
    followUps: z
      .enum(["name", "take"])
      .default("name")
      .describe("later commits that fix or revert one of the plan: only name them, or take those that apply along"),
    adaptation: z
      .enum(["none", "high", "any"])
      .default("high")
      .describe("which hunks that were made to fit may be part of a step: none, those with high confidence, any"),
  })
  .meta({ id: "PlanOptions" });
export type PlanOptions = z.infer<typeof PlanOptions>;

export const PlanRequest = z
  .strictObject({
    target: TreeId,
    upstreams: z.array(TreeId).min(1).max(32).optional().describe("default: all trees of role mainline and stable"),
    commits: z.array(OidPrefix).min(1).max(50).describe("the fixes to bring into the target, in any order"),
    options: PlanOptions.optional(),
  })
  .meta({ id: "PlanRequest" });
export type PlanRequest = z.infer<typeof PlanRequest>;

export const PlanStep = StepOutline.extend({
  author: z.string(),
  date: Timestamp.nullable().describe("author date"),
  because: z.string().describe("why it is in the plan"),
  neededBy: z.array(Oid).describe("commits of the plan that need it; none for a fix"),
  applicability: Applicability,
  treeOid: Oid.nullable().describe("the target's tree after this step; null when the step does not apply"),
}).meta({ id: "PlanStep" });
export type PlanStep = z.infer<typeof PlanStep>;

export const PlanAlternative = z
  .object({
    kind: z
      .enum(["shortest", "complete"])
      .describe("shortest: fewest commits, hunks made to fit; complete: every commit as upstream wrote it"),
    summary: z.string(),
    ...PlanOutline.shape,
  })
  .meta({ id: "PlanAlternative" });
export type PlanAlternative = z.infer<typeof PlanAlternative>;

/** What a step is as a mail; text is latin1 in `diff` (bytes) and UTF-8 elsewhere. */
export const PlanMail = z.object({
  oid: Oid,
  upstreamOid: z.string(),
  authorName: z.string(),
  authorEmail: z.string(),
  authorDate: z.number().int().describe("seconds since 1970"),
  message: z.string(),
  notes: z.array(z.string()).describe("what was changed to make it fit"),
  diff: z.string(),
});
export type PlanMail = z.infer<typeof PlanMail>;

/** What planning found; a pure function of its pins. */
export const PlanResult = z.object({
  applies: z.boolean(),
  steps: z.array(PlanStep),
  failure: PlanFailure.nullable(),
  skipped: z.array(z.object({ ...CommitRef.shape, because: z.string() })),
  prerequisites: z.array(Prerequisite),
  alternatives: z.array(PlanAlternative),
  followUps: z.array(FollowUp),
  warnings: z.array(z.string()),
  mails: z.array(PlanMail),
});
export type PlanResult = z.infer<typeof PlanResult>;

/** The result without its patches, which are kept apart. */
export const PlanAnswer = PlanResult.omit({ mails: true });
export type PlanAnswer = z.infer<typeof PlanAnswer>;

/** How a plan fares on the commit that its target stands at now. */
export const PlanMove = z
  .object({
    from: Oid,
    to: Oid,
    files: z.array(z.string()).nullable().describe("files of the plan that changed meanwhile; null unless asked for with ?check=true"),
    applies: z.boolean().nullable().describe("do the steps apply to the new head; null unless asked for with ?check=true"),
    failure: PlanFailure.nullable(),
  })
  .meta({ id: "PlanMove" });
export type PlanMove = z.infer<typeof PlanMove>;

export const Plan = z
  .object({
    id: z.string(),
    kind: z.literal("plan"),
    url: z.string(),
    status: JobStatus,
    conclusion: JobConclusion.nullable(),
    target: PinnedTree,
    upstreams: z.array(PinnedTree),
    commits: z.array(z.string()).describe("as asked for, in lower case"),
    options: PlanOptions,
    rulesVersion: z.string(),
    engineVersion: z.string(),
    progress: Progress.nullable(),
    problem: Problem.nullable(),
    applies: z.boolean().nullable().describe("every step applies, one after the other; null until completed"),
    steps: z.array(PlanStep).describe("in the order in which they are to be applied"),
    failure: PlanFailure.nullable(),
    skipped: PlanResult.shape.skipped.describe("commits asked for that the target has already"),
    prerequisites: z.array(Prerequisite).describe("every prerequisite that was found, those that are not needed with the reason"),
    alternatives: z.array(PlanAlternative),
    followUps: z.array(FollowUp).describe("later commits that fix or revert one of the plan, and that the target lacks"),
    warnings: z.array(z.string()),
    stale: z.boolean().describe("the target has moved since"),
    moved: PlanMove.nullable(),
    mboxUrl: z.string(),
    graphUrl: z.string(),
    createdAt: Timestamp,
    updatedAt: Timestamp.describe("when status or conclusion changed last"),
    completedAt: Timestamp.nullable(),
  })
  .meta({ id: "Plan" });
export type Plan = z.infer<typeof Plan>;

export const PlanSummary = Plan.pick({
  id: true,
  kind: true,
  url: true,
  status: true,
  conclusion: true,
  applies: true,
  target: true,
  commits: true,
  createdAt: true,
  updatedAt: true,
  completedAt: true,
}).meta({ id: "PlanSummary" });
export type PlanSummary = z.infer<typeof PlanSummary>;

export const PlanList = z.object({ items: z.array(PlanSummary), nextCursor: z.string().nullable() }).meta({ id: "PlanList" });

const Relation = FollowUp.shape.relation;

export const PlanGraphNode = z
  .object({
    oid: Oid,
    upstreamOid: z.string().nullable(),
    subject: z.string(),
    kind: z
      .enum([...StepRole.options, ...PrerequisiteNeed.exclude(["required"]).options, ...Relation.options])
      .describe("its role in the plan; of what is not in the plan, why it is not, or what it does to a step"),
    state: ApplicabilityState.nullable(),
    position: z.number().int().positive().nullable(),
  })
  .meta({ id: "PlanGraphNode" });
export type PlanGraphNode = z.infer<typeof PlanGraphNode>;

export const PlanGraphEdge = z
  .object({
    from: Oid,
    to: Oid,
    kind: z.enum([...PrerequisiteNeed.options, ...Relation.options]),
    label: z.string().describe("files and names"),
  })
  .meta({ id: "PlanGraphEdge" });
export type PlanGraphEdge = z.infer<typeof PlanGraphEdge>;

/** Edges lead from a commit to the one that needs it, or that it fixes or reverts. */
export const PlanGraph = z
  .object({ kind: z.literal("plan_graph"), planId: z.string(), nodes: z.array(PlanGraphNode), edges: z.array(PlanGraphEdge) })
  .meta({ id: "PlanGraph" });
export type PlanGraph = z.infer<typeof PlanGraph>;
