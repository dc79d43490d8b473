import { z } from "zod";
import { withoutCredentials } from "../git/process.ts";
import { analysisResource, crashResource, fetchResource, signatureResource, treeResource, urlOf } from "../jobs/resources.ts";
import { Analysis } from "../schema/analysis.ts";
import { CrashSummary, SignatureGroupSummary } from "../schema/crash.ts";
import { Problem } from "../schema/problem.ts";
import { Fetch, Tree } from "../schema/tree.ts";
import type { AnalysisRow, AnalysisSummaryRow } from "../store/analyses.ts";
import type { CrashGroupRow, CrashRow } from "../store/crashes.ts";
import type { FetchRow } from "../store/fetches.ts";
import type { TreeRow } from "../store/trees.ts";

export const TreeList = z.object({ items: z.array(Tree), nextCursor: z.string().nullable() }).meta({ id: "TreeList" });

export const FetchList = z.object({ items: z.array(Fetch), nextCursor: z.string().nullable() }).meta({ id: "FetchList" });

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
  completedAt: true,
}).meta({ id: "AnalysisSummary" });
export type AnalysisSummary = z.infer<typeof AnalysisSummary>;

export const AnalysisList = z.object({ items: z.array(AnalysisSummary), nextCursor: z.string().nullable() }).meta({ id: "AnalysisList" });

export const CrashList = z.object({ items: z.array(CrashSummary), nextCursor: z.string().nullable() }).meta({ id: "CrashList" });

export const SignatureList = z
  .object({ items: z.array(SignatureGroupSummary), nextCursor: z.string().nullable() })
  .meta({ id: "SignatureList" });

export function showTree(row: TreeRow): Tree {
  const { generation: _, ...shown } = row;
  return { ...shown, kind: "tree", url: urlOf(treeResource(row.id)), remote: withoutCredentials(row.remote) };
}

export function showFetch(row: FetchRow): Fetch {
  return { ...row, kind: "fetch", url: urlOf(fetchResource(row.tree, row.id)) };
}

export function showSummary(row: AnalysisSummaryRow): AnalysisSummary {
  return { ...row, kind: "analysis", url: urlOf(analysisResource(row.id)) };
}

export function showAnalysis(row: AnalysisRow): Analysis {
  const { question, result, upstreams, ...shown } = row;
  return {
    ...shown,
    kind: "analysis",
    url: urlOf(analysisResource(row.id)),
    upstreams: [...upstreams],
    signature: result?.signature ?? (question.kind === "signature" ? question.signature : null),
    candidates: result?.candidates ?? [],
    coverage: result?.coverage ?? null,
  };
}

export function showCrash(row: CrashRow): CrashSummary {
  const url = urlOf(crashResource(row.id));
  return { ...row, kind: "crash", url, signatureUrl: urlOf(signatureResource(row.fingerprint)), reportUrl: `${url}/report.txt` };
}

export function showGroup({ fingerprint, latest, ...counted }: CrashGroupRow): SignatureGroupSummary {
  return {
    id: fingerprint,
    kind: "signature",
    url: urlOf(signatureResource(fingerprint)),
    title: latest.title,
    crashKind: latest.crashKind,
    ...counted,
    crashesUrl: `/v1/crashes?fingerprint=${fingerprint}`,
  };
}

type ProblemResponse = { description: string; content: { "application/problem+json": { schema: typeof Problem } } };

/** What an event stream answers: the stream, or 204 for a client that has seen its end. */
export const eventStreamContent = {
  200: { description: "Server-sent events: stage, completed", content: { "text/event-stream": { schema: z.string() } } },
  204: z.null().describe("There is nothing more to come"),
};

/** Response schemas for the error statuses of a route; every route can answer 400, 406, 421 and 500. */
export function problems<S extends number>(...statuses: readonly S[]): Record<S | 400 | 406 | 421 | 500, ProblemResponse> {
  const responses: Partial<Record<number, ProblemResponse>> = {};
  for (const status of [400, 406, 421, 500, ...statuses]) {
    responses[status] = { description: "A problem document", content: { "application/problem+json": { schema: Problem } } };
  }
  return responses as Record<S | 400 | 406 | 421 | 500, ProblemResponse>;
}
