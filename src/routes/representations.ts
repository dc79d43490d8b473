import { z } from "zod";
import { withoutCredentials } from "../git/process.ts";
import {
  analysisResource,
  batchResource,
  crashResource,
  fetchResource,
  signatureResource,
  treeResource,
  urlOf,
} from "../jobs/resources.ts";
import type { Analysis } from "../schema/analysis.ts";
import type { BatchItem, BatchSummary } from "../schema/batch.ts";
import type { CrashSummary, SignatureGroupSummary } from "../schema/crash.ts";
import type { AnalysisSummary } from "../schema/lists.ts";
import { Problem } from "../schema/problem.ts";
import type { Fetch, Tree } from "../schema/tree.ts";
import type { AnalysisRow, AnalysisSummaryRow } from "../store/analyses.ts";
import type { BatchItemRow, BatchRow } from "../store/batches.ts";
import type { CrashGroupRow, CrashRow } from "../store/crashes.ts";
import type { FetchRow } from "../store/fetches.ts";
import type { TreeRow } from "../store/trees.ts";

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
    ...(result?.alreadyPresent === undefined ? {} : { alreadyPresent: result.alreadyPresent }),
    coverage: result?.coverage ?? null,
  };
}

export function showBatch(row: BatchRow): BatchSummary {
  const url = urlOf(batchResource(row.id));
  return { ...row, kind: "batch", url, itemsUrl: `${url}/items` };
}

export function showBatchItem(row: BatchItemRow): BatchItem {
  return { ...row, url: row.analysis === null ? null : urlOf(analysisResource(row.analysis)) };
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

/** Any request can be refused before its route sees it (routes/access.ts, routes/guards.ts), and a read needs the state: it can be locked, its disk full, or the service stopping. */
const EVERYWHERE = [400, 401, 403, 406, 415, 421, 429, 500, 503, 507] as const;
type Everywhere = (typeof EVERYWHERE)[number];

type ProblemResponse = { description: string; content: { "application/problem+json": { schema: typeof Problem } } };

/** What an event stream answers: the stream, or 204 for a client that has seen its end. */
export const eventStreamContent = {
  200: { description: "Server-sent events: stage, completed", content: { "text/event-stream": { schema: z.string() } } },
  204: z.null().describe("There is nothing more to come"),
};

/** Response schemas for the error statuses of a route; every route can answer those of EVERYWHERE. */
export function problems<S extends number>(...statuses: readonly S[]): Record<S | Everywhere, ProblemResponse> {
  const responses: Partial<Record<number, ProblemResponse>> = {};
  for (const status of [...EVERYWHERE, ...statuses]) {
    responses[status] = { description: "A problem document", content: { "application/problem+json": { schema: Problem } } };
  }
  return responses as Record<S | Everywhere, ProblemResponse>;
}
