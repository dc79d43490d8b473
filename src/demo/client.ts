/** The few calls of the HTTP API that the demo makes, as any client would make them. */
import { setTimeout as sleep } from "node:timers/promises";
import { Analysis, type AnalysisRequest } from "../schema/analysis.ts";
import type { Progress } from "../schema/common.ts";
import { Problem } from "../schema/problem.ts";
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
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(new URL(path, base), { method, signal, ...content });
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const problem = Problem.safeParse(answer);
    throw new Error(`${method} ${path}: ${response.status} ${problem.success ? `${problem.data.code}: ${problem.data.detail}` : ""}`);
  };

  return {
    async putTree(id, request) {
      await call("PUT", `/v1/trees/${id}`, request);
    },

    async treeReady(id, show) {
      const deadline = Date.now() + patience.treeMs;
      for (;;) {
        const tree = Tree.parse(await call("GET", `/v1/trees/${id}`));
        show(`tree ${id}: ${tree.state}${inWords(tree.progress)}`);
        if (tree.state === "ready") return tree;
        if (tree.state === "failed") throw new Error(`tree ${id}: ${tree.problem?.detail ?? "failed"}`);
        if (Date.now() > deadline) throw new Error(`tree ${id} is still ${tree.state} after ${patience.treeMs / 1000} seconds`);
        await sleep(POLL_MS, undefined, { signal });
      }
    },

    async analyse(request, show) {
      const deadline = Date.now() + patience.analysisMs;
      let analysis = Analysis.parse(await call("POST", "/v1/analyses", request));
      while (analysis.status !== "completed") {
        show(`analysis: ${analysis.status}${inWords(analysis.progress)}`);
        if (Date.now() > deadline) throw new Error(`the analysis is still ${analysis.status} after ${patience.analysisMs / 1000} seconds`);
        await sleep(POLL_MS, undefined, { signal });
        analysis = Analysis.parse(await call("GET", `/v1/analyses/${analysis.id}`));
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
