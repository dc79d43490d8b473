/**
 * Builds the two example repositories: a small mainline (v1.0 to v1.3) and a vendor tree that left it at v1.0. The sources are in base/,
 * every later commit is a patch in mainline/ or vendor/, applied by `git am` in the order of the file names. What the history holds and
 * what backportd must say of it stands in expected.ts.
 *
 * The ids are the same on every machine: names and dates come from the files, nothing from the machine or the user's git configuration.
 */
import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runGit } from "../src/git/process.ts";

export interface ExampleTrees {
  /** Path of a repository with the branch `master` and the tags v1.0 to v1.3. */
  readonly mainline: string;
  /** Path of a repository with the branch `vendor-1.0`. */
  readonly vendor: string;
  /** Full id of every commit, by the name of its patch file without number and ending; the base release is `v1.0`. */
  readonly commits: Readonly<Record<string, string>>;
}

const EXAMPLES = import.meta.dirname;
const MAINTAINER = { name: "Max Release", email: "max@kernel.example" };
const VENDOR_MAINTAINER = { name: "Eve Vendor", email: "eve@vendor.example" };
/** Seconds since 1970: 2019-01-20T18:00:00Z. */
const BASE_DATE = 1_548_007_200;

interface Series {
  readonly repository: string;
  readonly branch: string;
  readonly folder: string;
  readonly committer: { readonly name: string; readonly email: string };
}

/**
 * Builds both repositories below `directory`, which is created if needed; takes about 2 seconds.
 * @throws GitError when git is missing or a patch does not apply.
 */
export async function buildExampleTrees(directory: string): Promise<ExampleTrees> {
  const commits: Record<string, string> = {};
  const mainline = join(directory, "mainline");
  const vendor = join(directory, "vendor");
  await buildSeries({ repository: mainline, branch: "master", folder: "mainline", committer: MAINTAINER }, commits);
  await buildSeries({ repository: vendor, branch: "vendor-1.0", folder: "vendor", committer: VENDOR_MAINTAINER }, commits);
  return { mainline, vendor, commits };
}

async function buildSeries(series: Series, commits: Record<string, string>): Promise<void> {
  await mkdir(series.repository, { recursive: true });
  await cp(join(EXAMPLES, "base"), series.repository, { recursive: true });
  await runGit(["init", "--quiet", "--template=", `--initial-branch=${series.branch}`, series.repository], {
    env: { GIT_DEFAULT_HASH: "sha1" },
  });
  await inRepository(series.repository, ["add", "--all"], {});
  // Both series start with the same commit, whoever builds them: the vendor tree shares the history up to v1.0.
  await inRepository(series.repository, ["commit", "--quiet", "--message=Linux 1.0"], identity(MAINTAINER, BASE_DATE));
  await record(series.repository, "v1.0", commits);
  let date = BASE_DATE;
  for (const file of (await readdir(join(EXAMPLES, series.folder))).sort()) {
    const patch = await readFile(join(EXAMPLES, series.folder, file), "utf8");
    // A backport keeps its author's date but is committed after what stands before it, as in real trees.
    date = Math.max(date + 3600, authorDate(patch, file));
    await inRepository(series.repository, ["am", "--quiet"], identity(series.committer, date), fillReferences(patch, commits));
    await record(series.repository, file.replace(/^\d+-|\.patch$/g, ""), commits);
  }
}

function identity(who: Series["committer"], date: number): Record<string, string> {
  const stamp = `${date} +0000`;
  return {
    GIT_AUTHOR_NAME: who.name,
    GIT_AUTHOR_EMAIL: who.email,
    GIT_AUTHOR_DATE: stamp,
    GIT_COMMITTER_NAME: who.name,
    GIT_COMMITTER_EMAIL: who.email,
    GIT_COMMITTER_DATE: stamp,
  };
}

async function inRepository(repository: string, args: readonly string[], env: Record<string, string>, input?: string): Promise<string> {
  const output = await runGit(["-C", repository, ...args], input === undefined ? { env } : { env, input });
  return output.toString("utf8").trim();
}

async function record(repository: string, name: string, commits: Record<string, string>): Promise<void> {
  commits[name] = await inRepository(repository, ["rev-parse", "HEAD"], {});
  if (/^v\d+\.\d+$/.test(name)) await inRepository(repository, ["tag", name], {});
}

function authorDate(patch: string, file: string): number {
  const milliseconds = Date.parse(/^Date: (.*)$/m.exec(patch)?.[1] ?? "");
  if (Number.isNaN(milliseconds)) throw new Error(`${file}: no date`);
  return milliseconds / 1000;
}

/** Messages name other commits by their file: `{{inflight}}` becomes the full id, `{{inflight:12}}` its first 12 digits. */
function fillReferences(patch: string, commits: Readonly<Record<string, string>>): string {
  return patch.replace(/\{\{([a-z0-9.-]+)(?::(\d+))?\}\}/g, (_match, name: string, digits: string | undefined) => {
    const oid = commits[name];
    if (oid === undefined) throw new Error(`no commit ${name} stands before the one that names it`);
    return oid.slice(0, digits === undefined ? 40 : Number(digits));
  });
}
