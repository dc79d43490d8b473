/**
 * `backportd demo`: the whole way once, on two small example trees. Builds them, starts the service beside itself, registers the trees,
 * posts the crash over HTTP, prints what the service answers and holds it against what examples/expected.ts promises.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildExampleTrees, type ExampleTrees } from "../examples/build-trees.ts";
import { expectedFixes } from "../examples/expected.ts";
import { differencesOfCrash, differencesOfFixes } from "./demo/check.ts";
import { createClient, type DemoClient } from "./demo/client.ts";
import { createProgressLine, type Output } from "./demo/progress-line.ts";
import { type ServiceProcess, startService } from "./demo/service-process.ts";
import { renderDemoReport } from "./report/demo-report.ts";

export interface DemoOptions {
  /** Leave the service running until the signal comes, and print what can be tried on it. */
  readonly keep: boolean;
  /** Where the report goes; a terminal gets a progress line that overwrites itself. */
  readonly out: Output;
  /** Environment of the service; settings of backportd in it are not handed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends the demo early (Ctrl-C). */
  readonly signal: AbortSignal;
}

const CRASH_FILE = join(import.meta.dirname, "../examples/crash.txt");

/** @returns the exit code: 0 when every answer is as promised, 1 otherwise. Always stops the service and removes its files. */
export async function runDemo(options: DemoOptions): Promise<0 | 1> {
  const directory = await mkdtemp(join(tmpdir(), "backportd-demo-"));
  const progress = createProgressLine(options.out);
  let service: ServiceProcess | undefined;
  try {
    progress.show("building two example trees with git");
    const trees = await buildExampleTrees(join(directory, "trees"));
    progress.show("starting the service");
    service = await startService(serviceEnvironment(options.environment, directory));
    progress.done(`service at ${service.url}`);
    const differences = await ask(createClient(service.url, options.signal), trees, options.out, progress);
    for (const difference of differences) options.out.write(`NOT AS PROMISED  ${difference}\n`);
    options.out.write(differences.length === 0 ? "All answers are as examples/expected.ts promises.\n" : "");
    if (options.keep) await keepRunning(service, trees, options);
    return differences.length === 0 ? 0 : 1;
  } catch (error) {
    progress.clear();
    if (options.signal.aborted) options.out.write("stopped\n");
    else options.out.write(`demo failed: ${error instanceof Error ? error.message : String(error)}\n${service?.logTail() ?? ""}\n`);
    return 1;
  } finally {
    await service?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns what is not as promised. */
async function ask(
  client: DemoClient,
  trees: ExampleTrees,
  out: Output,
  progress: ReturnType<typeof createProgressLine>,
): Promise<string[]> {
  await client.putTree("mainline", { remote: trees.mainline, ref: "master", role: "mainline" });
  await client.putTree("vendor", { remote: trees.vendor, ref: "vendor-1.0", role: "vendor" });
  for (const id of ["mainline", "vendor"]) {
    const tree = await client.treeReady(id, progress.show);
    progress.done(`tree ${id} is ready at ${tree.headOid?.slice(0, 12)}`);
  }

  const ofCrash = await client.analyse({ target: "vendor", crash: await readFile(CRASH_FILE, "utf8") }, progress.show);
  progress.clear();
  out.write(`\n${renderDemoReport("Which upstream commits fix this crash (examples/crash.txt)?", ofCrash, 5)}\n`);

  const commits = expectedFixes.map(({ commit }) => trees.commits[commit] ?? "");
  const ofCommits = await client.analyse({ target: "vendor", commits }, progress.show);
  progress.clear();
  out.write(`${renderDemoReport("What about these six commits?", ofCommits)}\n`);
  return [...differencesOfCrash(ofCrash, trees), ...differencesOfFixes(ofCommits, trees)];
}

function serviceEnvironment(environment: DemoOptions["environment"], directory: string): Record<string, string | undefined> {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith("BACKPORTD_") && name !== "DATABASE_URL");
  return {
    ...Object.fromEntries(kept),
    BACKPORTD_PORT: "0",
    BACKPORTD_DATA: join(directory, "data"),
    BACKPORTD_ALLOW_FILE_REMOTES: "1",
  };
}

async function keepRunning({ url, exited }: ServiceProcess, trees: ExampleTrees, { out, signal }: DemoOptions): Promise<void> {
  const commit = trees.commits["no-concurrent-cb"]?.slice(0, 12);
  out.write(`
The service goes on at ${url} (Ctrl-C stops it and removes its files). Try:
  curl -s ${url}/v1/trees
  curl -s ${url}/v1/analyses
  curl -s ${url}/v1/trees/vendor/commits/${commit}
  curl -s '${url}/v1/analyses?wait=30' -H 'content-type: application/json' -d '{"target":"vendor","commits":["${commit}"]}'
  ${url}/docs in a browser
`);
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([stopped, exited]);
}
