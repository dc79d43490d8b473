import { z } from "zod";
import { Analysis } from "./analysis.ts";
import { BatchItem, BatchSummary } from "./batch.ts";
import { CrashSummary, SignatureGroupSummary } from "./crash.ts";
import { Fetch, Tree } from "./tree.ts";

const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export const TreeList = listOf(Tree).meta({ id: "TreeList" });

export const FetchList = listOf(Fetch).meta({ id: "FetchList" });

/** What a list tells of an analysis; the rest is behind its url. */
export const AnalysisSummary = Analysis.pick({
  id: true,
  kind: true,
  url: true,
  status: true,
  conclusion: true,
  verdict: true,
  target: true,
  createdAt: true,
  updatedAt: true,
  completedAt: true,
}).meta({ id: "AnalysisSummary" });
export type AnalysisSummary = z.infer<typeof AnalysisSummary>;

export const AnalysisList = listOf(AnalysisSummary).meta({ id: "AnalysisList" });

export const BatchList = listOf(BatchSummary).meta({ id: "BatchList" });

export const BatchItemList = listOf(BatchItem).meta({ id: "BatchItemList" });

export const CrashList = listOf(CrashSummary).meta({ id: "CrashList" });

export const SignatureList = listOf(SignatureGroupSummary).meta({ id: "SignatureList" });
