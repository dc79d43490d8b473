/** Run by ingest-kill.test.ts in a process of its own, so that it can be killed: ingest-child.ts GITDIR INDEX UPSTREAM VENDOR. */
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";

const [gitDir = "", indexPath = "", upstream = "", vendor = ""] = process.argv.slice(2);
const options = {
  gitDir,
  indexPath,
  trees: [
    { id: "mainline", role: "mainline", headOid: upstream },
    { id: "vendor", role: "vendor", headOid: vendor },
  ],
  report: () => {},
  batchSize: 3,
} as const;
await ingestHistory(options);
await ingestPatches(options);
