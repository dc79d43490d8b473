import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../src/demo/client.ts";
import { startService } from "../src/demo/service-process.ts";
import type { TreeRequest } from "../src/schema/tree.ts";
import { watchMemory } from "./memory.ts";
import { TREE_OPTIONS, twoTrees } from "./two-trees.ts";
import { readOptions, required } from "./usage.ts";

const HOUR_MS = 3_600_000;

/**
 * The main job on two real trees, as a new user would do it: start the service with an empty data directory, register a mainline and a vendor
 * tree from disk, post a crash text, and once more when everything is warm.
 * --mainline REPO --mainline-ref REF --vendor REPO --vendor-ref REF --crash FILE
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, { ...TREE_OPTIONS, crash: { type: "string" } });
  const trees = twoTrees(options);
  const text = readFileSync(required("crash", options.crash), "utf8");
  const data = mkdtempSync(join(tmpdir(), "backportd-scale-"));
  const settings = { BACKPORTD_DATA: data, BACKPORTD_PORT: "0", BACKPORTD_ALLOW_FILE_REMOTES: "1" };
  const service = await startService({ PATH: process.env.PATH, HOME: process.env.HOME, ...settings });
  const memory = watchMemory(service.pid ?? process.pid);
  const client = createClient(service.url, AbortSignal.timeout(4 * HOUR_MS), { treeMs: HOUR_MS, analysisMs: HOUR_MS });
  try {
    const stages = new Map<string, number>();
    const addTree = async (id: string, request: TreeRequest): Promise<number> => {
      const started = performance.now();
      let since = started;
      let stage = "queued";
      await client.putTree(id, request);
      await client.treeReady(id, (step) => {
        const now = /^tree \S+: (\w+(?:, [a-zA-Z ]+)?)/.exec(step)?.[1] ?? step;
        if (now === stage) return;
        stages.set(`${id} ${stage.trim()}`, (stages.get(`${id} ${stage.trim()}`) ?? 0) + (performance.now() - since) / 1000);
        since = performance.now();
        stage = now;
      });
      return (performance.now() - started) / 1000;
    };
    const ask = async (): Promise<number> => {
      const started = performance.now();
      const analysis = await client.analyse({ target: "vendor", crash: text }, () => {});
      const seconds = (performance.now() - started) / 1000;
      console.log(`\n${analysis.signature?.title}: ${analysis.verdict}; ${analysis.coverage?.commits} upstream commits searched`);
      for (const one of analysis.candidates.slice(0, 5)) {
        console.log(
          `  ${one.rank}  ${one.upstreamOid?.slice(0, 12)}  ${one.score.toFixed(1)}  ${one.presence.state} ${one.applicability.state}  ${one.subject}`,
        );
      }
      return seconds;
    };
    const mainlineSeconds = await addTree("mainline", trees.mainline);
    const vendorSeconds = await addTree("vendor", trees.vendor);
    for (const [stage, seconds] of stages) console.log(`${stage.padEnd(44)} ${seconds.toFixed(1)} s`);
    const answerSeconds = await ask();
    return { mainlineSeconds, vendorSeconds, answerSeconds, peakMiB: memory.stop() };
  } finally {
    await service.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
