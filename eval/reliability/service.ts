import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildExampleTrees } from "../../examples/build-trees.ts";
import { type ServiceProcess, startService } from "../../src/demo/service-process.ts";
import { runGit } from "../../src/git/process.ts";
import type { TwoTrees } from "../two-trees.ts";

/** What a service is driven on. */
export interface Ground {
  readonly trees: TwoTrees;
  /** Commits to ask about. */
  readonly oids: readonly string[];
  /** Text of a crash. */
  readonly crash: string;
}

/** Trees with a directory for the data of a service, which is started and ended as often as wanted. */
export interface Site extends Ground {
  readonly directory: string;
  /** Starts the service on the data of the site; settings are added to its environment. */
  start(settings?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  remove(): Promise<void>;
}

/** On the example trees, unless there is other ground. */
export async function createSite(ground?: Ground): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), "backportd-reliability-"));
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("BACKPORTD_") && name !== "DATABASE_URL");
  const environment = {
    ...Object.fromEntries(kept),
    BACKPORTD_PORT: "0",
    BACKPORTD_DATA: join(directory, "data"),
    BACKPORTD_ALLOW_FILE_REMOTES: "1",
    BACKPORTD_LOG_LEVEL: "info",
  };
  return {
    ...(ground ?? (await exampleGround(directory))),
    directory,
    start: (settings = {}) => startService({ ...environment, ...settings }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

async function exampleGround(directory: string): Promise<Ground> {
  const { mainline, vendor, commits } = await buildExampleTrees(join(directory, "trees"));
  return {
    trees: {
      mainline: { remote: mainline, ref: "master", role: "mainline" },
      vendor: { remote: vendor, ref: "vendor-1.0", role: "vendor" },
    },
    oids: Object.values(commits),
    crash: await readFile(join(import.meta.dirname, "../../examples/crash.txt"), "utf8"),
  };
}

/** The newest of the mainline's commits that are no merges stand for all that may be asked. */
const NEWEST = 1000;

/** Two real trees and the text of a crash in the vendor's. */
export async function realGround(trees: TwoTrees, crashFile: string): Promise<Ground> {
  const args = ["rev-list", "--no-merges", `--max-count=${NEWEST}`, "--end-of-options", trees.mainline.ref];
  const listed = await runGit(args, { gitDir: trees.mainline.remote });
  return { trees, oids: listed.toString("latin1").trim().split("\n"), crash: await readFile(crashFile, "utf8") };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** One request; the body goes as JSON. */
export async function call(base: string, method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(new URL(path, base), { method, ...content, ...(signal === undefined ? {} : { signal }) });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** A kernel is cloned from disk and indexed in less. */
const READY_MS = 3_600_000;

/** Registers both trees and waits until they are ready. */
export async function addTrees(base: string, trees: TwoTrees): Promise<void> {
  for (const [id, body] of Object.entries(trees)) await call(base, "PUT", `/v1/trees/${id}`, body);
  for (const id of Object.keys(trees)) {
    const isReady = async () => {
      const { state, problem } = JSON.parse((await call(base, "GET", `/v1/trees/${id}`)).body);
      if (state === "failed") throw new Error(`tree ${id}: ${problem?.detail}`);
      return state === "ready";
    };
    await until(isReady, READY_MS);
  }
}

/** @throws Error after `ms` */
export async function until(reached: () => Promise<boolean>, ms = 120_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await reached())) {
    if (performance.now() > end) throw new Error(`not reached within ${ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
