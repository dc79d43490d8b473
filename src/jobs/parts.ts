import type PQueue from "p-queue";
import type { Logger } from "pino";
import type { Metrics } from "../metrics.ts";
import type { OwnConvention } from "../rules/own-conventions.ts";
import type { ReportProgress } from "../schema/common.ts";
import type { Db } from "../store/database.ts";
import type { Changes } from "./changes.ts";
import type { WorkQueue } from "./fair-queue.ts";
import type { InFlight } from "./in-flight.ts";
import type { IndexKeeper } from "./index-keeper.ts";
import type { KeyedLanes } from "./lanes.ts";
import type { MirrorKeeper } from "./mirror-keeper.ts";
import type { Runner } from "./runner.ts";
import type { Workers } from "./task-types.ts";
import type { Upkeep } from "./upkeep.ts";

/** What the jobs need of the mirror; src/git/mirror.ts provides it. Errors are RemoteError. */
export interface TreeMirror {
  checkRemote(remote: string, ref: string, signal: AbortSignal): Promise<{ readonly oid: string; readonly fullRef: string }>;
  fetch(request: {
    readonly tree: string;
    readonly remote: string;
    readonly ref: string;
    readonly report: ReportProgress;
    readonly signal: AbortSignal;
  }): Promise<{ readonly before: string | null; readonly after: string }>;
  /** Heads of the trees in the mirror, by tree id. */
  heads(): Promise<ReadonlyMap<string, string>>;
  remove(tree: string): Promise<void>;
  /** Of these commits those that cannot be read with all their directories. */
  unreadable(oids: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** Fetches trees into a fresh mirror that takes the place of this one. */
  rebuild(
    trees: readonly { readonly tree: string; readonly remote: string; readonly ref: string }[],
    how: { readonly report: ReportProgress; readonly signal: AbortSignal },
  ): Promise<void>;
  /** Keeps the mirror fast and small, at low priority. @throws the signal's reason when aborted; the next run goes on */
  maintain(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** `behind`: sound, but it lacks commits or was not finished; more indexing cures it. `unusable`: it must be built from the start. */
export type IndexFault = "behind" | "unusable";

/** The history index as a file; index-file.ts provides it. */
export interface IndexFile {
  /** What is wrong with it at first sight, within milliseconds: is it there, of this version, finished, and does it have these commits. */
  look(heads: readonly string[]): IndexFault | null;
  /** Removes it; from now until `finished` it is behind, also after a restart. */
  startAnew(): void;
  finished(): void;
}

export type NameCheck = { readonly ok: true } | { readonly ok: false; readonly reason: string; readonly detail: string };

export interface JobLimits {
  readonly concurrency: number;
  readonly maxQueued: number;
  readonly maxTrees: number;
  readonly maxCrashes: number;
  /** How many events are kept; 0: all. */
  readonly keepEvents: number;
  /** Milliseconds; 0: for good. */
  readonly keepMs: number;
  /** Milliseconds. */
  readonly analysisTimeout: number;
  readonly commitTimeout: number;
  readonly fetchTimeout: number;
}

export interface JobPaths {
  readonly gitDir: string;
  readonly indexPath: string;
  readonly scratchRoot: string;
}

export interface Versions {
  readonly rulesVersion: string;
  readonly engineVersion: string;
}

/** What every job works with. */
export interface JobParts {
  readonly db: Db;
  readonly mirror: TreeMirror;
  readonly validateRemote: (remote: string) => NameCheck;
  readonly validateRef: (ref: string) => NameCheck;
  readonly workers: Workers;
  readonly indexFile: IndexFile;
  readonly paths: JobPaths;
  readonly versions: Versions;
  /** How the user's own trees name other commits, beside the built-in conventions. */
  readonly conventions: readonly OwnConvention[];
  readonly limits: JobLimits;
  readonly log: Logger;
}

/** The parts with what jobs.ts adds: who runs, who waits. */
export interface JobContext extends JobParts {
  readonly changes: Changes;
  readonly runner: Runner;
  /** Orders the changes that callers make to one tree. */
  readonly definitions: KeyedLanes;
  /** Orders clones and fetches of one tree. */
  readonly treeLanes: KeyedLanes;
  /** Indexing has one writer; upkeep of the mirror takes turns with it. */
  readonly indexLane: PQueue;
  readonly index: IndexKeeper;
  readonly mirrorKeeper: MirrorKeeper;
  readonly upkeep: Upkeep;
  /** Everything that reads the index for a caller: commit checks, analyses and the parts of batches, in the order of PRIORITY. */
  readonly interactive: WorkQueue;
  /** Searches of the index, which a person waits for. */
  readonly searches: WorkQueue;
  /** Crash texts waiting to be read. */
  readonly texts: WorkQueue;
  /** Parts of batches, before they stand in `interactive`: one slot there is always left for others. */
  readonly batchParts: WorkQueue;
  /** Equal commit checks of several callers run once. */
  readonly inFlight: InFlight;
  readonly metrics: Metrics;
}
