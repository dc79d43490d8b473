/** The few calls of the HTTP API that the demo makes, as any client would make them. */
import { setTimeout as sleep } from "node:timers/promises";
import { bodyOf, createApiClient } from "../../client/client.ts";
import { Analysis, type AnalysisRequest } from "../schema/analysis.ts";
import type { Progress } from "../schema/common.ts";
import { Tree, type TreeRequest } from "../schema/tree.ts";

/** Told what is going on, in a few words; called often. */
export type ShowStep = (text: string) => void;

export interface DemoClient {
  putTree(id: string, request: TreeRequest): Promise<void>;
  /** Resolves when the tree is ready. @throws Error when it failed. */
  treeReady(id: string, show: ShowStep): Promise<Tree>;
  /** Posts the question and waits for the answer. @throws Error when the analysis failed or was cancelled. */
  analyse(request: AnalysisRequest, show: ShowStep): Promise<Analysis>;
}

const POLL_MS = 200;

/** How long a client waits before it gives up, in milliseconds. */
export interface Patience {
  readonly treeMs: number;
  readonly analysisMs: number;
}

const DEMO_PATIENCE: Patience = { treeMs: 120_000, analysisMs: 180_000 };

export function createClient(base: string, signal: AbortSignal, patience: Patience = DEMO_PATIENCE): DemoClient {
  const api = createApiClient(base, { signal });

  return {
    async putTree(id, request) {
      bodyOf(await api.PUT("/v1/trees/{tree}", { params: { path: { tree: id } }, body: request }));
    },

    async treeReady(id, show) {
      const deadline = Date.now() + patience.treeMs;
      for (;;) {
        const tree = Tree.parse(bodyOf(await api.GET("/v1/trees/{tree}", { params: { path: { tree: id } } })));
        show(`tree ${id}: ${tree.state}${inWords(tree.progress)}`);
        if (tree.state === "ready") return tree;
        if (tree.state === "failed") throw new Error(`tree ${id}: ${tree.problem?.detail ?? "failed"}`);
        if (Date.now() > deadline) throw new Error(`tree ${id} is still ${tree.state} after ${patience.treeMs / 1000} seconds`);
        await sleep(POLL_MS, undefined, { signal });
      }
    },

    async analyse(request, show) {
      const deadline = Date.now() + patience.analysisMs;
      let analysis = Analysis.parse(bodyOf(await api.POST("/v1/analyses", { body: request })));
      while (analysis.status !== "completed") {
        show(`analysis: ${analysis.status}${inWords(analysis.progress)}`);
        if (Date.now() > deadline) throw new Error(`the analysis is still ${analysis.status} after ${patience.analysisMs / 1000} seconds`);
        await sleep(POLL_MS, undefined, { signal });
        analysis = Analysis.parse(bodyOf(await api.GET("/v1/analyses/{id}", { params: { path: { id: analysis.id } } })));
      }
      if (analysis.conclusion !== "success") throw new Error(`analysis: ${analysis.problem?.detail ?? analysis.conclusion}`);
      return analysis;
    },
  };
}

function inWords(progress: Progress | null): string {
  if (progress === null) return "";
  return `, ${progress.stage} ${progress.done}${progress.total === null ? "" : `/${progress.total}`}`;
}
