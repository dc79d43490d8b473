import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../src/demo/client.ts";
import { type ServiceProcess, startService } from "../src/demo/service-process.ts";
import { openMirror } from "../src/git/mirror.ts";
import { watchMemory } from "./memory.ts";
import { compareQueries, type Row } from "./queries.ts";
import { quantile } from "./sample.ts";
import { isUsage, readOptions, required, wholeNumber } from "./usage.ts";

const HOUR_MS = 3_600_000;
/** How often the list of trees is asked for while the service indexes, in milliseconds. */
const POLL_MS = 50;

/**
 * The timings of docs/benchmarks.md, each beside the git command that answers the same question, in one run.
 * --mainline REPO --mainline-ref REF --vendor REPO --vendor-ref REF [--queries N] [--git-queries N] [--upkeep]
 */
async function bench(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, {
    mainline: { type: "string" },
    "mainline-ref": { type: "string" },
    vendor: { type: "string" },
    "vendor-ref": { type: "string" },
    queries: { type: "string" },
    "git-queries": { type: "string" },
    upkeep: { type: "boolean" },
  });
  const mainline = { remote: required("mainline", options.mainline), ref: required("mainline-ref", options["mainline-ref"]) };
  const vendor = { remote: required("vendor", options.vendor), ref: required("vendor-ref", options["vendor-ref"]) };
  const counts = {
    ours: wholeNumber("queries", options.queries, 60),
    git: wholeNumber("git-queries", options["git-queries"], 3),
  };
  const data = mkdtempSync(join(tmpdir(), "backportd-bench-"));
  try {
    const rows = [...(await indexing(data, mainline, vendor)), await restart(data), ...(await compareQueries(data, counts))];
    if (options.upkeep) rows.push(...(await upkeep(data)));
    for (const row of rows) console.log(lineOf(row));
    return Object.fromEntries(rows.flatMap(figuresOf));
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

function lineOf({ what, name, value, unit, target, git }: Row): string {
  const beside = git === undefined ? "" : `   git ${git.toFixed(0)} ms, ${Math.round(git / value)} x`;
  return `${`${what} (${name})`.padEnd(64)} ${value.toFixed(unit === "ms" ? 2 : 1).padStart(9)} ${unit.padEnd(3)} ${(target ?? "").padEnd(9)}${beside}`;
}

function figuresOf({ name, value, git }: Row): [string, number][] {
  return git === undefined
    ? [[name, value]]
    : [
        [name, value],
        [`${name}TimesGit`, git / value],
      ];
}

interface Remote {
  readonly remote: string;
  readonly ref: string;
}

function start(data: string): Promise<ServiceProcess> {
  const settings = { BACKPORTD_DATA: data, BACKPORTD_PORT: "0", BACKPORTD_ALLOW_FILE_REMOTES: "1" };
  return startService({ PATH: process.env.PATH, HOME: process.env.HOME, ...settings });
}

/** Clones and indexes both trees in a new service, and keeps asking for the list of trees meanwhile. */
async function indexing(data: string, mainline: Remote, vendor: Remote): Promise<Row[]> {
  const service = await start(data);
  const memory = watchMemory(service.pid ?? process.pid);
  const poll = pollTrees(service.url);
  try {
    const client = createClient(service.url, AbortSignal.timeout(4 * HOUR_MS), { treeMs: 2 * HOUR_MS, analysisMs: HOUR_MS });
    const started = performance.now();
    await client.putTree("mainline", { ...mainline, role: "mainline" });
    await client.treeReady("mainline", () => {});
    const mainlineSeconds = (performance.now() - started) / 1000;
    await client.putTree("vendor", { ...vendor, role: "vendor" });
    await client.treeReady("vendor", () => {});
    const seconds = (performance.now() - started) / 1000;
    const latencies = await poll.stop();
    return [
      { what: "clone and index both trees", name: "readySeconds", value: seconds, unit: "s" },
      { what: "of these, the vendor tree after mainline", name: "vendorSeconds", value: seconds - mainlineSeconds, unit: "s" },
      { what: "memory of the service and its children meanwhile", name: "peakMiB", value: memory.stop(), unit: "MiB", target: "<= 1500" },
      {
        what: `GET /v1/trees meanwhile, p99 of ${latencies.length}`,
        name: "treesP99Ms",
        value: quantile(latencies, 0.99),
        unit: "ms",
        target: "<= 100",
      },
    ];
  } finally {
    await poll.stop();
    memory.stop();
    await service.stop();
  }
}

/** What the mirror does behind the back of its users: at low priority, on one processor. */
async function upkeep(data: string): Promise<Row[]> {
  const mirror = await openMirror({ path: join(data, "mirror.git"), keepMs: 0, allowFile: true });
  const seconds = async (work: () => Promise<void>) => {
    const started = performance.now();
    await work();
    return (performance.now() - started) / 1000;
  };
  const memory = watchMemory(process.pid);
  const write = await seconds(() => mirror.maintain());
  const again = await seconds(() => mirror.maintain());
  const remove = await seconds(() => mirror.remove("vendor"));
  const drop = await seconds(() => mirror.maintain());
  return [
    { what: "upkeep after the first fetches: commit-graph", name: "graphSeconds", value: write, unit: "s" },
    { what: "upkeep with nothing to do", name: "idleUpkeepSeconds", value: again, unit: "s" },
    { what: "removal of the vendor tree: its refs", name: "removeSeconds", value: remove, unit: "s" },
    { what: "and its objects: commit-graph and one pack of all others", name: "dropSeconds", value: drop, unit: "s" },
    { what: "memory of git and this process meanwhile", name: "upkeepPeakMiB", value: memory.stop(), unit: "MiB" },
  ];
}

/** Asks for the list of trees over and over; `stop` returns how long each answer took, in milliseconds. */
function pollTrees(url: string): { readonly stop: () => Promise<readonly number[]> } {
  const latencies: number[] = [];
  let stopped = false;
  const polling = (async () => {
    while (!stopped) {
      const started = performance.now();
      const answer = await fetch(new URL("/v1/trees", url));
      await answer.text();
      latencies.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await polling;
      return latencies;
    },
  };
}

/** From the start of the process to the first answer that names both trees ready. */
async function restart(data: string): Promise<Row> {
  const started = performance.now();
  const service = await start(data);
  try {
    const answer = await fetch(new URL("/v1/trees", service.url));
    const text = await answer.text();
    const seconds = (performance.now() - started) / 1000;
    if (text.split('"ready"').length !== 3) throw new Error(`the trees are not ready after a restart: ${text}`);
    return { what: "restart with a warm index", name: "restartSeconds", value: seconds, unit: "s", target: "<= 2" };
  } finally {
    await service.stop();
  }
}

try {
  console.log(JSON.stringify(await bench(process.argv.slice(2))));
} catch (error) {
  console.error(isUsage(error) ? `bench: ${error.message.split("\n")[0]}` : error);
  process.exitCode = isUsage(error) ? 2 : 1;
}
