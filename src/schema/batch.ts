import { z } from "zod";
import { AnalysisRequest, Verdict } from "./analysis.ts";
import { JobConclusion, JobStatus, Timestamp } from "./common.ts";
import { Problem } from "./problem.ts";

export const BatchRequest = z
  .strictObject({ analyses: z.array(AnalysisRequest).min(1).max(1000).describe("the questions; each may have another target") })
  .meta({ id: "BatchRequest" });
export type BatchRequest = z.infer<typeof BatchRequest>;

/** What a list tells of a batch. */
export const BatchSummary = z
  .object({
    id: z.string(),
    kind: z.literal("batch"),
    url: z.string(),
    status: JobStatus,
    conclusion: JobConclusion.nullable().describe("success: every item has an analysis that ended, or a problem"),
    total: z.number().int().positive(),
    itemsUrl: z.string(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    completedAt: Timestamp.nullable(),
  })
  .meta({ id: "BatchSummary" });
export type BatchSummary = z.infer<typeof BatchSummary>;

export const Batch = BatchSummary.extend({
  counts: z
    .object({
      waiting: z.number().int().describe("not asked yet"),
      running: z.number().int().describe("asked, and not answered yet"),
      answered: z.number().int(),
      failed: z.number().int().describe("the analysis failed or was cancelled"),
      refused: z.number().int().describe("could not be asked; the item has the problem"),
    })
    .describe("together the total"),
  verdicts: z.partialRecord(Verdict, z.number().int()).describe("of those answered"),
}).meta({ id: "Batch" });
export type Batch = z.infer<typeof Batch>;

/** One question of a batch; what became of it is behind the url. */
export const BatchItem = z
  .object({
    position: z.number().int().nonnegative().describe("in the request, from 0"),
    analysis: z.string().nullable().describe("id of the analysis; null when the question is not asked yet, or cannot be"),
    url: z.string().nullable().describe("of the analysis"),
    status: JobStatus.nullable(),
    conclusion: JobConclusion.nullable(),
    verdict: Verdict.nullable(),
    problem: Problem.nullable().describe("why the question could not be asked"),
  })
  .meta({ id: "BatchItem" });
export type BatchItem = z.infer<typeof BatchItem>;
