import { pino } from "pino";
import { buildApp } from "./app.ts";
import { startJobs } from "./jobs/jobs.ts";
import { createAddressGuard } from "./net/address-guard.ts";
import { openDatabase } from "./store/database.ts";

function never(): never {
  throw new Error("the description of the API does no work");
}

/** The OpenAPI document of the service, without starting it. openapi.json in the repository is this, and a test keeps them equal. */
export async function openapiDocument(version: string): Promise<object> {
  const log = pino({ level: "silent" });
  const jobs = await startJobs({
    db: await openDatabase(":memory:"),
    mirror: {
      checkRemote: never,
      fetch: never,
      heads: async () => new Map(),
      remove: never,
      unreadable: never,
      rebuild: never,
      maintain: never,
      close: async () => {},
    },
    validateRemote: never,
    validateRef: never,
    workers: { run: never, close: async () => {} },
    indexFile: { look: () => null, startAnew: never, finished: never },
    paths: { gitDir: "", indexPath: "", scratchRoot: "" },
    versions: { rulesVersion: "", engineVersion: "" },
    conventions: [],
    limits: {
      concurrency: 1,
      maxQueued: 1,
      maxTrees: 1,
      maxCrashes: 1,
      keepEvents: 0,
      keepMs: 0,
      analysisTimeout: 1,
      commitTimeout: 1,
      fetchTimeout: 1,
    },
    log,
  });
  const access = { authenticate: never, rateLimit: 0 };
  const app = await buildApp({ jobs, log, bodyLimit: 1024, allowedHosts: [], access, guard: createAddressGuard([]), version });
  const document = app.swagger();
  await app.close();
  await jobs.close();
  await jobs.db.destroy();
  return document;
}
