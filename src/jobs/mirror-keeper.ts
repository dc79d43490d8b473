import { setTimeout as sleep } from "node:timers/promises";
import type { Metrics } from "../metrics.ts";
import { ApiProblem } from "../problems.ts";
import type { Progress } from "../schema/common.ts";
import { addEvent } from "../store/events.ts";
import { allTrees, progressReadyTrees, type TreeRow, updateTree } from "../store/trees.ts";
import { jobProblem, withLimit } from "./failure.ts";
import type { JobContext, JobParts } from "./parts.ts";
import { createProgressWriter } from "./progress.ts";
import { treeResource, urlOf } from "./resources.ts";

/** The mirror lacks objects of the heads that answers are computed from, or cannot read them. */
export interface MirrorFault {
  /** RFC 3339. */
  readonly since: string;
  /** Repairs begun so far. */
  readonly attempts: number;
}

/**
 * Keeps the mirror readable: when a question could not read it, its trees are fetched again into a fresh one, which takes its place. What
 * was answered before stays, new questions fail until then, and when a remote cannot be reached all stays as it is until the next try.
 */
export interface MirrorKeeper {
  readonly fault: MirrorFault | null;
  /** A question could not read what it is pinned to. Looks closer in the background, and repairs the mirror if it is damaged. */
  found(): void;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/**
 * Before the second, third, ... repair within a day, also when the one before succeeded: a disk that fails again and again must not make
 * the service clone kernels without end. The last one stands for all that follow.
 */
const WAITS_MS: readonly number[] = [MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS, 360 * MINUTE_MS];

type KeeperParts = Pick<JobParts, "db" | "mirror" | "limits" | "log"> &
  Pick<JobContext, "changes" | "runner"> & { readonly metrics: Metrics };
type ReadyTree = TreeRow & { readonly headOid: string };

/** `refresh` brings a tree up to date with the fresh mirror and its index; it does not throw. */
export function createMirrorKeeper(
  { db, mirror, limits, log, changes, runner, metrics }: KeeperParts,
  refresh: (tree: string, stop: AbortSignal) => Promise<void>,
  waitsMs: readonly number[] = WAITS_MS,
): MirrorKeeper {
  let fault: MirrorFault | null = null;
  let atWork = false;
  let begun: number[] = [];

  async function readyTrees(): Promise<ReadyTree[]> {
    return (await allTrees(db)).filter((tree): tree is ReadyTree => tree.headOid !== null);
  }

  async function isSound(stop: AbortSignal): Promise<boolean> {
    const heads = (await readyTrees()).map(({ headOid }) => headOid);
    return (await mirror.unreadable(heads, stop)).length === 0;
  }

  function nextWait(): number {
    begun = begun.filter((time) => performance.now() - time < DAY_MS);
    return begun.length === 0 ? 0 : (waitsMs[begun.length - 1] ?? waitsMs.at(-1) ?? DAY_MS);
  }

  async function recordProgress(progress: Progress | null): Promise<void> {
    for (const id of await progressReadyTrees(db, progress)) changes.notify(treeResource(id));
  }

  async function fetchAnew(stop: AbortSignal): Promise<void> {
    const trees = await readyTrees();
    const writer = createProgressWriter(recordProgress, log);
    const report = ({ stage, ...rest }: Progress) => writer.report({ stage: `mirror repair: ${stage}`, ...rest });
    report({ stage: "begins", done: 0, total: null });
    for (const { id } of trees) {
      await addEvent(db, treeResource(id), "stage", { fetch: null, progress: { stage: "mirror repair", done: 0, total: null } });
      changes.notify(treeResource(id));
    }
    try {
      const wanted = trees.map(({ id, remote, ref }) => ({ tree: id, remote, ref }));
      await mirror.rebuild(wanted, { report, signal: withLimit(stop, limits.fetchTimeout * Math.max(1, trees.length)) });
    } finally {
      await writer.settle();
      await recordProgress(null);
    }
    // The remotes may have moved on, and what is gone there is gone here too.
    for (const { id } of trees) await refresh(id, stop);
    if (await isSound(stop)) return;
    throw new ApiProblem("mirror-damaged", "The trees were fetched again, and the mirror still cannot read them; is the disk failing?");
  }

  async function tellFailure(error: unknown): Promise<void> {
    const advice = "The service tries again by itself; GET /readyz says when it is well.";
    for (const { id, generation, headOid } of await readyTrees()) {
      const problem = jobProblem(error, "mirror-damaged", urlOf(treeResource(id)), advice);
      await db.transaction().execute(async (transaction) => {
        await updateTree(transaction, id, generation, { problem });
        await addEvent(transaction, treeResource(id), "completed", { fetch: null, state: "ready", headOid, problem });
      });
      changes.notify(treeResource(id));
    }
  }

  async function care(stop: AbortSignal): Promise<void> {
    if (await isSound(stop)) {
      log.warn("a question could not read what it is pinned to, but the mirror is sound");
      return;
    }
    log.error("the mirror is damaged");
    for (let damage: MirrorFault = { since: new Date().toISOString(), attempts: 0 }; ; ) {
      fault = damage;
      await sleep(nextWait(), undefined, { signal: stop });
      damage = { ...damage, attempts: damage.attempts + 1 };
      fault = damage;
      begun.push(performance.now());
      try {
        await fetchAnew(stop);
        metrics.mirrorRepairs.inc({ conclusion: "success" });
        log.warn({ ...damage }, "the mirror is repaired");
        fault = null;
        return;
      } catch (error) {
        stop.throwIfAborted();
        metrics.mirrorRepairs.inc({ conclusion: "failure" });
        log.error({ err: error, ...damage }, "the mirror could not be repaired");
        await tellFailure(error);
      }
    }
  }

  return {
    get fault() {
      return fault;
    },
    found() {
      if (atWork) return;
      atWork = true;
      const lane = (work: () => Promise<void>) => work();
      runner.start("mirror", lane, async (stop) => {
        try {
          await care(stop);
        } catch (error) {
          if (!stop.aborted) log.error({ err: error }, "the mirror could not be looked after");
        } finally {
          atWork = false;
        }
      });
    },
  };
}

/** Does an error of a task say that the mirror could not be read. */
export function saysDamaged(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "mirror-damaged";
}
