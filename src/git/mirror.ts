import { resolve } from "node:path";
import PQueue from "p-queue";
import type { ReportProgress } from "../schema/common.ts";
import { cloneSteps } from "./clone-steps.ts";
import type { GitLog } from "./conversation.ts";
import { discard, removeDiscarded } from "./discard.ts";
import { cloneEstimate, requireSpace } from "./disk-space.ts";
import { readProgress } from "./fetch-progress.ts";
import { unreadableCommits } from "./mirror-check.ts";
import { prepareMirror, removeLeftovers } from "./mirror-files.ts";
import { incomingOf, mirrorRefs, refsOf } from "./mirror-refs.ts";
import { finishSwap, freshPath, swapMirrors } from "./mirror-swap.ts";
import { mirrorUpkeep } from "./mirror-upkeep.ts";
import { endOrphans } from "./orphans.ts";
import { runGit } from "./process.ts";
import { type AccessSettings, type RemoteAccess, remoteAccess } from "./remote-access.ts";
import { localPath, validateRef, validateRemote } from "./remote-address.ts";
import { RemoteError, toRemoteError } from "./remote-error.ts";
import { type RemoteRef, remoteRefs } from "./remote-refs.ts";

export interface FetchRequest {
  readonly tree: string;
  readonly remote: string;
  /** Branch or tag of the remote, short or full. */
  readonly ref: string;
  readonly report?: ReportProgress;
  readonly signal?: AbortSignal;
}

/** The one bare repository that holds all trees: `refs/trees/<tree>/head` and `refs/trees/<tree>/tags/*`. docs/mirror.md has the rules. */
export interface Mirror {
  readonly path: string;
  /**
   * Asks the remote for the ref, so that a typo fails within a second and not after a clone.
   * @throws RemoteError; TypeError for a remote or ref that validateRemote or validateRef refuses.
   */
  checkRemote(remote: string, ref: string, signal?: AbortSignal): Promise<{ readonly oid: string; readonly fullRef: string }>;
  /**
   * Brings a tree's ref and the remote's tags in; a forced update and deleted tags are followed. The head of the tree moves only when
   * everything has arrived, so whatever kills it in between leaves the old head. Trees are updated side by side, first fetches come one
   * after the other, since the second needs only what the first did not bring.
   * @throws RemoteError; the signal's reason when aborted, as soon as no git of this fetch runs any more.
   */
  fetch(request: FetchRequest): Promise<{ readonly before: string | null; readonly after: string }>;
  /** Heads of all trees that have been fetched: tree id -> commit. */
  heads(): Promise<Map<string, string>>;
  /** Forgets a tree. Its commits stay for a while (`keepMs`), for analyses that pin them; then maintain() removes what no other tree has. */
  remove(tree: string): Promise<void>;
  /**
   * Keeps the mirror fast and small, at low priority: commit-graph, number of packs, objects of removed trees. One run at a time.
   * @throws the signal's reason when aborted; the next run goes on
   */
  maintain(signal?: AbortSignal): Promise<void>;
  /** Of these commits those that cannot be read with all their directories. */
  unreadable(oids: readonly string[], signal?: AbortSignal): Promise<string[]>;
  /**
   * Fetches these trees, and no others, into a fresh repository that then takes the place of this one: for a mirror that is damaged. Until
   * then everything goes on with what is there; what was fetched when it failed is there for the next try.
   * @throws as fetch
   */
  rebuild(trees: readonly Pick<FetchRequest, "tree" | "remote" | "ref">[], how: Pick<FetchRequest, "report" | "signal">): Promise<void>;
  /** Ends maintenance under way. */
  close(): Promise<void>;
}

export interface MirrorOptions extends AccessSettings {
  readonly path: string;
  /** Free bytes below which nothing is fetched; 0 if not given. */
  readonly minFreeDisk?: number;
  /** How long the commits of removed trees and replaced heads stay, in milliseconds; one hour if not given. */
  readonly keepMs?: number;
  readonly log?: GitLog;
}

const REMOTE_CHECK_MS = 30_000;
const KEEP_MS = 3_600_000;
/** More at once would only divide the line. */
const UPDATES_AT_ONCE = 3;
const SHALLOW = /shallow roots are not allowed to be updated/;
const FETCH_FLAGS = ["--progress", "--prune", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];

/** The full names that a branch or tag may have at the remote, in the order in which they are taken: a tree is a branch first. */
function fullNames(ref: string): string[] {
  return ref === "HEAD" || ref.startsWith("refs/") ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`];
}

/**
 * Opens the mirror for writing, once in all processes: creates it when absent and clears what a killed git left.
 * @throws TypeError when the paths of ssh files cannot be given to ssh.
 */
export async function openMirror(options: MirrorOptions): Promise<Mirror> {
  const { log, minFreeDisk = 0, keepMs = KEEP_MS } = options;
  const path = resolve(options.path);
  const access = remoteAccess(options);
  finishSwap(path);
  void removeDiscarded(path);
  await prepareMirror(path);
  const orphans = await endOrphans(path);
  if (orphans.length > 0) log?.("ended the git of a service that was killed", { orphans });
  await clearLeftovers();

  const clones = new PQueue({ concurrency: 1 });
  const updates = new PQueue({ concurrency: UPDATES_AT_ONCE });
  const maintenance = new PQueue({ concurrency: 1 });
  const treeLanes = new Map<string, PQueue>();
  const closing = new AbortController();
  const refs = mirrorRefs(path);
  const upkeep = mirrorUpkeep({ path, keepMs, log });

  async function clearLeftovers(): Promise<void> {
    const leftovers = await removeLeftovers(path);
    if (leftovers.length > 0) log?.("removed leftovers of a killed git", { leftovers });
  }

  /** Fetches and the removal of one tree come in the order in which they were asked for. */
  function inTurn<T>(tree: string, work: () => Promise<T>): Promise<T> {
    const lane = treeLanes.get(tree) ?? new PQueue({ concurrency: 1 });
    treeLanes.set(tree, lane);
    return lane.add(work).finally(() => {
      if (lane.size + lane.pending === 0 && treeLanes.get(tree) === lane) treeLanes.delete(tree);
    });
  }

  async function openRemote(remote: string, ref: string): Promise<RemoteAccess> {
    for (const check of [validateRemote(remote, options), validateRef(ref)]) if (!check.ok) throw new TypeError(check.detail);
    return access(remote);
  }

  async function askFor(remote: RemoteAccess, names: readonly string[], signal: AbortSignal | undefined): Promise<RemoteRef[]> {
    const limit = AbortSignal.timeout(REMOTE_CHECK_MS);
    try {
      return await remoteRefs(remote, names, signal === undefined ? limit : AbortSignal.any([signal, limit]));
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.aborted) throw new RemoteError("remote-unreachable", `no answer within ${REMOTE_CHECK_MS} ms`, error);
      throw error;
    }
  }

  async function find(remote: RemoteAccess, ref: string, signal: AbortSignal | undefined): Promise<{ oid: string; fullRef: string }> {
    const names = fullNames(ref);
    const refs = await askFor(remote, names, signal);
    for (const name of names) {
      const found = refs.find((one) => one.ref === name);
      if (found !== undefined) return { oid: found.oid, fullRef: name };
    }
    throw new RemoteError("ref-not-found", `the remote has no ${names.join(" or ")}`);
  }

  async function transfer(remote: RemoteAccess, refspecs: readonly string[], { report, signal }: FetchRequest): Promise<void> {
    const progress = readProgress(report ?? (() => {}));
    let said = "";
    try {
      await runGit(["fetch", ...FETCH_FLAGS, "--end-of-options", remote.address, ...refspecs], {
        gitDir: path,
        env: remote.env,
        signal,
        onStderr: (text) => {
          said = (said + text).slice(-2000);
          progress(text);
        },
      });
    } catch (error) {
      // Half a pack may be gigabytes. While another git writes, it cannot be told from that one's; opening the mirror clears it too.
      if (clones.pending + updates.pending === 1 && maintenance.pending === 0) await clearLeftovers();
      signal?.throwIfAborted();
      throw toRemoteError(error);
    }
    // git leaves such refs out, warns and exits with 0.
    if (SHALLOW.test(said)) throw new RemoteError("remote-incomplete", "the remote is a shallow clone, which lacks the older history");
  }

  /**
   * The first fetch of a long history over a network, in steps that stay when the rest is interrupted. From a disk it would take three
   * times as long as all at once.
   */
  async function approach(remote: RemoteAccess, request: FetchRequest): Promise<void> {
    if (localPath(remote.address) !== null) return;
    const tags = await askFor(remote, ["refs/tags/"], request.signal);
    const have = new Set(await refs.names(`${refsOf(request.tree)}/tags/`));
    const steps = cloneSteps(tags.map(({ ref }) => ref));
    for (const [at, tag] of steps.entries()) {
      const mine = tag.replace("refs/tags/", `${refsOf(request.tree)}/tags/`);
      if (have.has(mine)) continue;
      const report: ReportProgress = ({ stage, ...rest }) =>
        request.report?.({ stage: `${stage} (${at + 1} of ${steps.length + 1})`, ...rest });
      await transfer(remote, [`+${tag}:${mine}`], { ...request, report });
    }
  }

  async function bringIn(request: FetchRequest): Promise<{ before: string | null; after: string }> {
    const { tree, ref, signal } = request;
    signal?.throwIfAborted();
    const remote = await openRemote(request.remote, ref);
    const { fullRef } = await find(remote, ref, signal);
    const before = await refs.commitAt(`${refsOf(tree)}/head`);
    await requireSpace(path, minFreeDisk + (before === null ? await cloneEstimate(remote.address) : 0));
    if (before === null) await approach(remote, request);
    await transfer(remote, [`+${fullRef}:${incomingOf(tree)}`, `+refs/tags/*:${refsOf(tree)}/tags/*`], request);
    const after = await refs.commitAt(incomingOf(tree));
    if (after === null) throw new RemoteError("ref-not-found", `${fullRef} of the remote does not name a commit`);
    await refs.moveHead(tree, before, after);
    log?.("fetched", { tree, before, after });
    return { before, after };
  }

  async function upkeepOnce(stop: AbortSignal | undefined): Promise<void> {
    const signal = stop === undefined ? closing.signal : AbortSignal.any([closing.signal, stop]);
    signal.throwIfAborted();
    await upkeep.writeCommitGraph(signal);
    await upkeep.joinPacks(signal);
    if (!(await upkeep.expireKept()) || clones.pending + updates.pending > 0) return;
    for (const queue of [clones, updates]) queue.pause();
    await upkeep.dropUnreachable(signal).finally(() => {
      for (const queue of [clones, updates]) queue.start();
    });
  }

  async function rebuild(...[trees, how]: Parameters<Mirror["rebuild"]>): Promise<void> {
    const fresh = await openMirror({ ...options, path: freshPath(path) });
    try {
      for (const tree of trees) await fresh.fetch({ ...tree, ...how });
    } catch (error) {
      // What a remote said leaves what is there sound.
      if (!(error instanceof RemoteError) && how.signal?.aborted !== true) await discard(fresh.path);
      throw error;
    } finally {
      await fresh.close();
    }
    // Maintenance first: its end lets the others go on.
    const writers = [maintenance, clones, updates];
    try {
      for (const queue of writers) {
        queue.pause();
        await queue.onPendingZero();
      }
      swapMirrors(path);
    } finally {
      for (const queue of writers) queue.start();
    }
    log?.("a fresh mirror took the place of the damaged one", { trees: trees.length });
  }

  return {
    path,
    unreadable: (oids, signal) => unreadableCommits(path, oids, signal),
    rebuild,
    checkRemote: async (remote, ref, signal) => find(await openRemote(remote, ref), ref, signal),
    fetch: (request) =>
      inTurn(request.tree, async () => {
        const known = await refs.commitAt(`${refsOf(request.tree)}/head`);
        return (known === null ? clones : updates).add(() => bringIn(request));
      }),
    heads: refs.heads,
    remove: (tree) => inTurn(tree, () => refs.remove(tree)),
    maintain: (signal) => maintenance.add(() => upkeepOnce(signal)),
    close: async () => {
      closing.abort();
      await maintenance.onIdle();
    },
  };
}
