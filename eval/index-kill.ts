import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServiceProcess, startService } from "../src/demo/service-process.ts";
import { runGit } from "../src/git/process.ts";
import { Tree, type TreeRequest } from "../src/schema/tree.ts";
import { historyDigest, sourceDigest } from "./index-digest.ts";
import { randomNumbers } from "./sample.ts";
import { TREE_OPTIONS, twoTrees } from "./two-trees.ts";
import { readOptions, wholeNumber } from "./usage.ts";

const SEED = 1;
const KILLS = 20;
/** As a share of an undisturbed build. The first life never sees the end of it; later ones, which begin further on, do. */
const LONGEST_LIFE = 0.6;
const POLL_MS = 100;
const PATIENCE_MS = 3_600_000;

type Trees = ReadonlyMap<string, TreeRequest>;

/**
 * Kills the service (SIGKILL) at random moments while it clones and indexes two trees from disk, starts it again each time, and compares what
 * it has in the end with what an undisturbed service has. A service that is ready before all kills are done begins anew.
 * --mainline REPO --mainline-ref REF --vendor REPO --vendor-ref REF [--kills N] [--seed N]
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, { ...TREE_OPTIONS, kills: { type: "string" }, seed: { type: "string" } });
  const kills = wholeNumber("kills", options.kills, KILLS);
  const trees: Trees = new Map(Object.entries(twoTrees(options)));
  const top = mkdtempSync(join(tmpdir(), "backportd-kill-"));
  try {
    const started = performance.now();
    await undisturbed(join(top, "calm"), trees);
    const seconds = (performance.now() - started) / 1000;
    console.log(`undisturbed: ${seconds.toFixed(1)} s`);
    const expected = await contents(join(top, "calm"));
    for (const line of expected) console.log(`  ${line}`);
    const moments = randomNumbers(wholeNumber("seed", options.seed, SEED));
    let [done, builds, differing] = [0, 0, 0];
    while (done < kills) {
      const data = join(top, `disturbed-${builds}`);
      for (let left = kills - done; left > 0; left--) {
        const state = await killedAfter(data, trees, moments() * LONGEST_LIFE * seconds * 1000);
        if (state === "ready ready") break;
        done += 1;
        console.log(`kill ${done}: mainline and vendor were ${state}`);
      }
      await undisturbed(data, trees);
      const found = await contents(data);
      const wrong = found.filter((line, at) => line !== expected[at]);
      builds += 1;
      console.log(`build ${builds}: ${wrong.length === 0 ? "equal" : ["differs in", ...wrong].join("\n  ")}`);
      differing += wrong.length === 0 ? 0 : 1;
      rmSync(data, { recursive: true, force: true });
    }
    return { kills: done, builds, differing, undisturbedSeconds: seconds };
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

async function serviceOf(data: string, trees: Trees): Promise<ServiceProcess> {
  const settings = { BACKPORTD_DATA: data, BACKPORTD_PORT: "0", BACKPORTD_ALLOW_FILE_REMOTES: "1" };
  const service = await startService({ PATH: process.env.PATH, HOME: process.env.HOME, ...settings });
  for (const [id, request] of trees) {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(new URL(`/v1/trees/${id}`, service.url), { method: "PUT", headers, body: JSON.stringify(request) });
    if (!answer.ok) throw new Error(`PUT /v1/trees/${id}: ${await answer.text()}`);
  }
  return service;
}

async function treeOf(service: ServiceProcess, id: string): Promise<Tree> {
  return Tree.parse(await (await fetch(new URL(`/v1/trees/${id}`, service.url))).json());
}

/** Lets the service do all that is to do. */
async function undisturbed(data: string, trees: Trees): Promise<void> {
  const service = await serviceOf(data, trees);
  try {
    const deadline = Date.now() + PATIENCE_MS;
    for (const id of trees.keys()) {
      for (;;) {
        const { state, problem } = await treeOf(service, id);
        if (state === "ready") break;
        if (state === "failed" || Date.now() > deadline) throw new Error(`tree ${id}: ${problem?.detail ?? "not ready in time"}`);
        await sleep(POLL_MS);
      }
    }
  } finally {
    await service.stop();
  }
}

/** Lets the service work for so long, unless both trees are ready before, and kills it; says what the trees were doing. */
async function killedAfter(data: string, trees: Trees, milliseconds: number): Promise<string> {
  const service = await serviceOf(data, trees);
  const until = performance.now() + milliseconds;
  const states = async () => (await Promise.all([...trees.keys()].map((id) => treeOf(service, id)))).map(({ state }) => state).join(" ");
  let last = await states();
  while (performance.now() < until && last !== "ready ready") {
    await sleep(Math.min(POLL_MS, Math.max(0, until - performance.now())));
    last = await states();
  }
  if (service.pid !== undefined) process.kill(service.pid, "SIGKILL");
  await service.exited;
  return last;
}

/** The refs of the mirror, whether it is whole, and what the indexes hold. */
async function contents(data: string): Promise<string[]> {
  const gitDir = join(data, "mirror.git");
  const refs = await runGit(["for-each-ref", "--format=%(objectname) %(refname)", "refs/trees/"], { gitDir });
  await runGit(["fsck", "--connectivity-only", "--no-dangling", "--no-progress"], { gitDir });
  return [
    `refs: ${createHash("sha1").update(refs).digest("hex")}`,
    ...historyDigest(join(data, "index.sqlite")),
    ...sourceDigest(join(data, "source.sqlite")),
  ];
}
