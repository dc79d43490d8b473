import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { pino } from "pino";
import { buildApp } from "../../src/app.ts";
import { type AccessSettings, createAuthenticator } from "../../src/auth/authenticate.ts";
import { validateRef, validateRemote } from "../../src/git/remote-address.ts";
import { type Jobs, startJobs } from "../../src/jobs/jobs.ts";
import type { IndexFile, JobLimits, TreeMirror } from "../../src/jobs/parts.ts";
import type { ResultOf, TaskContext, Workers, WorkerTask } from "../../src/jobs/task-types.ts";
import { createAddressGuard } from "../../src/net/address-guard.ts";
import type { App } from "../../src/routes/app.ts";
import type { OwnConvention } from "../../src/rules/own-conventions.ts";
import type { AnalysisResult } from "../../src/schema/analysis.ts";
import type { PlanResult } from "../../src/schema/plan.ts";
import type { Signature } from "../../src/schema/signature.ts";
import { openDatabase } from "../../src/store/database.ts";

export const HEAD = "1".repeat(40);
export const NEW_HEAD = "2".repeat(40);
export const MAIN = { remote: "https://git.example.org/linux.git", ref: "master", role: "mainline" } as const;
export const VENDOR = { remote: "https://git.example.org/vendor.git", ref: "refs/heads/v1", role: "vendor" } as const;

/** A mirror without git: every remote has every ref at `head`, unless a test says otherwise. */
export interface FakeMirror extends TreeMirror {
  head: string;
  failure: unknown;
  /** When set, fetches wait for it, or for their signal. */
  gate: Promise<void> | null;
  readonly fetched: string[];
  readonly present: Map<string, string>;
}

export function fakeMirror(): FakeMirror {
  const mirror: FakeMirror = {
    head: HEAD,
    failure: null,
    gate: null,
    fetched: [],
    present: new Map(),
    async checkRemote(_remote, ref) {
      if (mirror.failure !== null) throw mirror.failure;
      return { oid: mirror.head, fullRef: `refs/heads/${ref}` };
    },
    async fetch({ tree, report, signal }) {
      report({ stage: "receiving", done: 1, total: 2 });
      await passed(mirror.gate, signal);
      const before = mirror.present.get(tree) ?? null;
      mirror.present.set(tree, mirror.head);
      mirror.fetched.push(tree);
      return { before, after: mirror.head };
    },
    heads: async () => mirror.present,
    async remove(tree) {
      mirror.present.delete(tree);
    },
    maintain: async () => {},
    unreadable: async () => [],
    rebuild: async () => {},
    close: async () => {},
  };
  return mirror;
}

/** Waits for a gate, and ends with the reason of the signal when that comes first. */
export async function passed(gate: Promise<void> | null, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  await Promise.race([gate ?? Promise.resolve(), aborted]);
}

type Answers = { [K in WorkerTask["kind"]]: (task: Extract<WorkerTask, { kind: K }>, context: TaskContext) => Promise<unknown> };

export interface FakeWorkers extends Workers {
  readonly ran: WorkerTask[];
  readonly answers: Answers;
}

export const EMPTY_SIGNATURE: Signature = {
  kind: "unknown",
  subkind: null,
  title: "unknown",
  altTitles: [],
  arch: null,
  frames: [],
  fault: null,
  pc: null,
  lr: null,
  assert: null,
  kernel: null,
  comm: null,
  workqueue: null,
  modules: [],
  messages: [],
  identifiers: [],
  fingerprint: { version: 1, strict: "0".repeat(32), loose: "0".repeat(32), family: "0".repeat(32) },
  corrupted: null,
  confidence: "low",
};

export const NO_CANDIDATE: AnalysisResult = {
  verdict: "no_candidate",
  signature: null,
  candidates: [],
  coverage: { commits: 3, commitsWithPatch: 3, complete: true, notes: [] },
};

export const NO_STEPS: PlanResult = {
  applies: true,
  steps: [],
  failure: null,
  skipped: [],
  prerequisites: [],
  alternatives: [],
  followUps: [],
  warnings: [],
  mails: [],
};

export function fakeWorkers(): FakeWorkers {
  const workers: FakeWorkers = {
    ran: [],
    answers: {
      index: async () => ({ commits: 3, patches: 3 }),
      analyse: async () => NO_CANDIDATE,
      commit: async () => ({ notFound: true }),
      commits: async () => [],
      search: async () => ({ total: 0, hits: [], next: null }),
      plan: async () => NO_STEPS,
      "plan-move": async () => ({ files: [], applies: true, failure: null }),
      draw: async ({ dot }) => `<svg>${dot.length}</svg>`,
      "read-crash": async (task) => ({ ...EMPTY_SIGNATURE, title: task.text, messages: [{ text: task.text, template: task.text }] }),
    },
    async run<T extends WorkerTask>(task: T, context: TaskContext): Promise<ResultOf<T>> {
      workers.ran.push(task);
      const answer = workers.answers[task.kind] as (task: WorkerTask, context: TaskContext) => Promise<unknown>;
      return (await answer(task, context)) as ResultOf<T>;
    },
    close: async () => {},
  };
  return workers;
}

export interface TestService {
  readonly app: App;
  readonly jobs: Jobs;
  readonly mirror: FakeMirror;
  readonly workers: FakeWorkers;
  /** What was logged, as text. */
  logged(): string;
  stop(): Promise<void>;
}

export const LIMITS: JobLimits = {
  concurrency: 2,
  maxQueued: 100,
  maxTrees: 10,
  maxCrashes: 10,
  keepEvents: 0,
  keepMs: 0,
  analysisTimeout: 60_000,
  commitTimeout: 60_000,
  fetchTimeout: 60_000,
};

export interface TestServiceOptions {
  /** Default: in memory. */
  readonly database?: string;
  readonly limits?: Partial<JobLimits>;
  readonly mirror?: FakeMirror;
  readonly workers?: FakeWorkers;
  /** Default: always sound. */
  readonly indexFile?: IndexFile;
  readonly bodyLimit?: number;
  readonly rulesVersion?: string;
  readonly conventions?: readonly OwnConvention[];
  /** Default: a loopback address, where everybody is admin until there is a token. */
  readonly access?: Partial<AccessSettings>;
  /** Requests a minute; default: no limit. */
  readonly rateLimit?: number;
  readonly privateNetworks?: readonly string[];
}

/** The whole service over a fake mirror and fake workers; it ends with the test. */
export async function startTestService(test: TestContext, options: TestServiceOptions = {}): Promise<TestService> {
  const lines: string[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
  const mirror = options.mirror ?? fakeMirror();
  const workers = options.workers ?? fakeWorkers();
  const jobs = await startJobs({
    db: await openDatabase(options.database ?? ":memory:"),
    mirror,
    validateRemote: (remote) => validateRemote(remote, { allowFile: false }),
    validateRef,
    workers,
    indexFile: options.indexFile ?? { look: () => null, startAnew: () => {}, finished: () => {} },
    paths: { gitDir: "/mirror.git", indexPath: "/index.sqlite", scratchRoot: "/scratch" },
    conventions: options.conventions ?? [],
    versions: { rulesVersion: options.rulesVersion ?? "r1", engineVersion: "e1" },
    limits: { ...LIMITS, ...options.limits },
    log,
  });
  const app = await buildApp({
    jobs,
    log,
    bodyLimit: options.bodyLimit ?? 64 * 1024,
    allowedHosts: ["backport.example.org"],
    access: {
      authenticate: createAuthenticator(jobs.db, { loopback: true, anonymousRead: false, ...options.access }),
      rateLimit: options.rateLimit ?? 0,
    },
    guard: createAddressGuard(options.privateNetworks ?? []),
    version: "0.0.0",
  });
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    await jobs.close();
    await app.close();
    await jobs.db.destroy();
  };
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  test.after(stopOnce);
  return { app, jobs, mirror, workers, logged: () => lines.join(""), stop: stopOnce };
}

export function temporaryDirectory(test: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "backportd-http-"));
  test.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Asks again until the answer is as wanted. */
export async function until<T>(read: () => Promise<T> | T, wanted: (value: T) => boolean, ms = 10_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    if (Date.now() > end) throw new Error(`not reached within ${ms} ms: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function readyTree(service: TestService, id: string, body: object): Promise<void> {
  await service.app.inject({ method: "PUT", url: `/v1/trees/${id}`, payload: body });
  await until(
    async () => (await service.app.inject(`/v1/trees/${id}`)).json(),
    (tree) => tree.state === "ready",
  );
}

/** A service with a ready mainline `main` and a ready vendor tree `vendor`. */
export async function startReadyService(test: TestContext, options: TestServiceOptions = {}): Promise<TestService> {
  const service = await startTestService(test, options);
  await readyTree(service, "main", MAIN);
  await readyTree(service, "vendor", VENDOR);
  return service;
}

export function gate(): { readonly promise: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: resolve };
}
