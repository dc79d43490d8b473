import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildExampleTrees, type ExampleTrees } from "../../examples/build-trees.ts";
import { type ServiceProcess, startService } from "../../src/demo/service-process.ts";

/** A directory with the example trees and the data of a service, which is started and ended as often as wanted. */
export interface Site {
  readonly directory: string;
  readonly trees: ExampleTrees;
  readonly crash: string;
  /** Starts the service on the data of the site; settings are added to its environment. */
  start(settings?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  remove(): Promise<void>;
}

export async function createSite(): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), "backportd-reliability-"));
  const trees = await buildExampleTrees(join(directory, "trees"));
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("BACKPORTD_") && name !== "DATABASE_URL");
  const environment = {
    ...Object.fromEntries(kept),
    BACKPORTD_PORT: "0",
    BACKPORTD_DATA: join(directory, "data"),
    BACKPORTD_ALLOW_FILE_REMOTES: "1",
    BACKPORTD_LOG_LEVEL: "info",
  };
  return {
    directory,
    trees,
    crash: await readFile(join(import.meta.dirname, "../../examples/crash.txt"), "utf8"),
    start: (settings = {}) => startService({ ...environment, ...settings }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export const treeBodies = (trees: ExampleTrees) =>
  ({
    mainline: { remote: trees.mainline, ref: "master", role: "mainline" },
    vendor: { remote: trees.vendor, ref: "vendor-1.0", role: "vendor" },
  }) as const;

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

/** Registers both trees and waits until they are ready. */
export async function addTrees(base: string, trees: ExampleTrees): Promise<void> {
  for (const [id, body] of Object.entries(treeBodies(trees))) await call(base, "PUT", `/v1/trees/${id}`, body);
  for (const id of ["mainline", "vendor"])
    await until(async () => JSON.parse((await call(base, "GET", `/v1/trees/${id}`)).body).state === "ready");
}

/** @throws Error after `ms` */
export async function until(reached: () => Promise<boolean>, ms = 120_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await reached())) {
    if (performance.now() > end) throw new Error(`not reached within ${ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
