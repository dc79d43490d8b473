import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { createClient, type DemoClient } from "../../src/demo/client.ts";
import type { CommitStatus } from "../../src/schema/analysis.ts";
import type { Tree, TreeRequest } from "../../src/schema/tree.ts";
import { createLog, startService } from "../../src/server.ts";

/** The real service on a free port with a data directory of its own; file remotes allowed. */
export interface TestService {
  readonly url: string;
  readonly analyse: DemoClient["analyse"];
  /** Registers a tree and waits until it is ready. */
  addTree(id: string, request: TreeRequest): Promise<Tree>;
  commit(tree: string, oid: string): Promise<CommitStatus>;
  stop(): Promise<void>;
}

export async function startTestService(): Promise<TestService> {
  const data = mkdtempSync(join(tmpdir(), "backportd-test-"));
  const config = readConfig({ BACKPORTD_DATA: data, BACKPORTD_PORT: "0", BACKPORTD_ALLOW_FILE_REMOTES: "1" });
  const service = await startService(config, createLog("silent"));
  const client = createClient(service.url, AbortSignal.timeout(600_000));
  return {
    url: service.url,
    analyse: client.analyse,
    addTree: async (id, request) => {
      await client.putTree(id, request);
      return client.treeReady(id, () => {});
    },
    commit: async (tree, oid) => {
      const answer = await fetch(`${service.url}/v1/trees/${tree}/commits/${oid}`);
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return (await answer.json()) as CommitStatus;
    },
    stop: async () => {
      await service.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
