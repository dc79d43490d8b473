import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { runGit } from "../src/git/process.ts";
import { UsageError } from "./usage.ts";

const IndexFile = z.object({
  cases: z.array(z.object({ file: z.string(), fixCommit: z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/), subject: z.string() }) })),
});

/** A crash text, the commit that fixes it, and where the search begins and ends. */
export interface RankCase {
  readonly file: string;
  readonly text: string;
  readonly fix: string;
  /** The newest release that lacks the fix: the kernel that crashed. */
  readonly target: string;
  /** The release that ends the pool. */
  readonly upstream: string;
}

export interface RankCases {
  readonly cases: readonly RankCase[];
  /** Commit ids of the releases from the oldest target to the last release, in order. */
  readonly releases: readonly string[];
}

interface Release {
  readonly name: string;
  readonly oid: string;
}

const RELEASE_TAG = /\/v(\d+(?:\.\d+)+)$/;

function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Releases (`v2.6.30`, no candidates of one) by version, of which each is an ancestor of the last. */
async function releasesOf(gitDir: string): Promise<Release[]> {
  const format = "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)";
  const lines = (await runGit(["for-each-ref", format], { gitDir })).toString("latin1").split("\n");
  const releases = new Map<string, Release>();
  for (const line of lines) {
    const [type, oid, peeledType, peeled, ref = ""] = line.split(" ");
    const name = RELEASE_TAG.exec(ref)?.[1];
    const commit = type === "commit" ? oid : peeledType === "commit" ? peeled : undefined;
    if (name !== undefined && commit !== undefined) releases.set(name, { name, oid: commit });
  }
  const all = [...releases.values()].sort((a, b) => compareVersions(a.name, b.name));
  const last = all.at(-1);
  if (last === undefined) throw new UsageError("the repositories have no release tags such as v2.6.30");
  const merged = await runGit(["for-each-ref", "--merged", last.oid, "--format=%(refname)"], { gitDir });
  const inLine = new Set([...merged.toString("latin1").matchAll(/\/v(\d+(?:\.\d+)+)$/gm)].map(([, name]) => name));
  return all.filter(({ name }) => inLine.has(name));
}

/** For each commit between two neighbouring releases, the place of the release that it came with. */
async function releaseOfCommits(gitDir: string, releases: readonly Release[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const [at, release] of releases.entries()) {
    const before = releases[at - 1];
    const range = before === undefined ? [release.oid] : [release.oid, `^${before.oid}`];
    for (const oid of (await runGit(["rev-list", ...range], { gitDir })).toString().split("\n")) if (oid !== "") found.set(oid, at);
  }
  return found;
}

/**
 * Reads the cases and finds the pool of each: what came after the newest release that lacks the fix, up to the second release from there
 * (`capped`) or to the last (`full`). Cases whose fix no release has, or the first has already, are told and left out.
 * @throws UsageError when there are no release tags or the index has another form
 */
export async function readCases(gitDir: string, indexFile: string, pool: "capped" | "full"): Promise<RankCases> {
  const parsed = IndexFile.safeParse(JSON.parse(readFileSync(indexFile, "utf8")));
  if (!parsed.success) throw new UsageError(`${indexFile} is no index of cases: ${parsed.error.issues[0]?.message}`);
  const releases = await releasesOf(gitDir);
  const releaseOf = await releaseOfCommits(gitDir, releases);
  const cases: RankCase[] = [];
  for (const { file, fixCommit } of parsed.data.cases) {
    const at = releaseOf.get(fixCommit.sha) ?? 0;
    const target = releases[at - 1];
    const upstream = pool === "full" ? releases.at(-1) : releases[Math.min(at + 1, releases.length - 1)];
    if (target === undefined || upstream === undefined) {
      console.log(`${file}: left out, no two releases enclose ${fixCommit.sha}`);
      continue;
    }
    const text = readFileSync(join(dirname(indexFile), file), "utf8");
    cases.push({ file, text, fix: fixCommit.sha, target: target.oid, upstream: upstream.oid });
  }
  if (cases.length === 0) throw new UsageError(`${indexFile} has no case whose fix is in the repositories`);
  const targets = new Set(cases.map(({ target }) => target));
  const oids = releases.map(({ oid }) => oid);
  return { cases, releases: oids.slice(oids.findIndex((oid) => targets.has(oid))) };
}
