import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitLog } from "./conversation.ts";
import { packNames, removePacks } from "./mirror-files.ts";
import { KEPT_REF, mirrorRefs } from "./mirror-refs.ts";
import { runGit } from "./process.ts";

/** What keeps a mirror fast and small. Everything runs at low priority; killed at any moment, the next run goes on. */
export interface Upkeep {
  /** Adds new commits to the commit-graph, with their changed paths. First time 25-40 s for 234,000 commits, then under a second. */
  writeCommitGraph(signal?: AbortSignal): Promise<void>;
  /** Joins packs when there are many. Objects only move, so readers and fetches may go on. */
  joinPacks(signal?: AbortSignal): Promise<void>;
  /** Takes the refs that have been kept long enough away; true when a removed tree was among them, so that objects can go. */
  expireKept(): Promise<boolean>;
  /** Removes all objects that no ref reaches. The caller sees to it that no fetch is under way. */
  dropUnreachable(signal?: AbortSignal): Promise<void>;
}

export interface UpkeepOptions {
  readonly path: string;
  /** How long the commits of removed trees and replaced heads stay, in milliseconds: longer than an analysis that pins them may run. */
  readonly keepMs: number;
  readonly log?: GitLog | undefined;
}

/** Joined by size, so that each object moves about log2(n) times in all; a fetch a day makes this happen every few days. */
const MOST_PACKS = 12;
/** By configuration, and not for all of the mirror: a fetch should index its pack on all processors. */
const ONE_PROCESSOR = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "pack.threads", GIT_CONFIG_VALUE_0: "1" };
/** Written before the refs go and removed after the objects went: what was begun is ended even when the service was killed between. */
const UNFINISHED = "objects-to-drop";

export function mirrorUpkeep({ path, keepMs, log }: UpkeepOptions): Upkeep {
  const marker = join(path, UNFINISHED);
  const refs = mirrorRefs(path);
  const git = (args: readonly string[], options: { readonly input?: string; readonly signal?: AbortSignal | undefined } = {}) =>
    runGit(args, { ...options, gitDir: path, env: ONE_PROCESSOR, background: true });

  async function writeGraph(split: "no-replace" | "replace", signal: AbortSignal | undefined): Promise<void> {
    const mode = split === "replace" ? "--split=replace" : "--split";
    await git(["commit-graph", "write", "--reachable", "--changed-paths", mode, "--no-progress"], { signal });
  }

  async function joinPacks(signal?: AbortSignal): Promise<void> {
    const before = await packNames(path);
    if (before.length <= MOST_PACKS) return;
    await git(["repack", "--geometric=2", "-d", "-q"], { signal });
    log?.("joined packs", { before: before.length, after: (await packNames(path)).length });
  }

  async function expireKept(): Promise<boolean> {
    const limit = Date.now() - keepMs;
    const expired: string[] = [];
    let removed = await stat(marker).then(
      () => true,
      () => false,
    );
    for (const name of await refs.names("refs/kept/")) {
      const kept = KEPT_REF.exec(name)?.groups;
      if (kept === undefined || Number(kept.since) > limit) continue;
      expired.push(name);
      removed ||= kept.reason === "removed";
    }
    if (removed) await writeFile(marker, "");
    await git(["update-ref", "--stdin"], { input: expired.map((name) => `delete ${name}\n`).join("") });
    return removed;
  }

  async function dropUnreachable(signal?: AbortSignal): Promise<void> {
    const before = await packNames(path);
    // The graph first: git must not find a commit in it whose object is gone.
    if ((await refs.names("refs/")).length === 0)
      await rm(join(path, "objects", "info", "commit-graphs"), { recursive: true, force: true });
    else await writeGraph("replace", signal);
    const pack = join(path, "objects", "pack", "pack");
    const names = await git(["pack-objects", "--all", "--non-empty", "--delta-base-offset", "--quiet", pack], { signal });
    const kept = names.toString("latin1").trim().split("\n");
    const gone = before.filter((name) => !kept.includes(name.slice("pack-".length)));
    // Not left to `repack -d`: a repack that outlives a killed service would delete under the fetches of the next one.
    signal?.throwIfAborted();
    await removePacks(path, gone);
    await rm(marker, { force: true });
    log?.("dropped unreachable objects", { packsBefore: before.length, packsGone: gone.length });
  }

  return { writeCommitGraph: (signal) => writeGraph("no-replace", signal), joinPacks, expireKept, dropUnreachable };
}
