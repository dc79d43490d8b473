import { accessSync, constants, existsSync, mkdirSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "./config.ts";
import { unreadableCommits } from "./git/mirror-check.ts";
import { runGit } from "./git/process.ts";
import { openIndex } from "./history/open-index.ts";
import { DirectoryInUse, lockDirectory } from "./store/database.ts";
import { inspectState, type StateFacts } from "./store/state-file.ts";

/** merge-tree --write-tree --stdin, which the applicability tiers rest on, came with git 2.39. */
const GIT_REQUIRED = [2, 39] as const;
const LOW_DISK_BYTES = 2 * 1024 ** 3;

interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

async function checkGit(): Promise<Finding> {
  const text = (await runGit(["version"])).toString().trim();
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(text) ?? [];
  const ok = Number(major) > GIT_REQUIRED[0] || (Number(major) === GIT_REQUIRED[0] && Number(minor) >= GIT_REQUIRED[1]);
  return { ok, text: ok ? text : `${text}: install git ${GIT_REQUIRED.join(".")} or later` };
}

function checkData(data: string): Finding {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  accessSync(data, constants.R_OK | constants.W_OK);
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  const gib = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  return free >= LOW_DISK_BYTES
    ? { ok: true, text: `${data} is writable, ${gib}` }
    : { ok: false, text: `${data}: ${gib}; a kernel mirror with its index needs several GiB` };
}

function checkLock(data: string): Finding {
  try {
    lockDirectory(data)();
    return { ok: true, text: "the data directory is free" };
  } catch (error) {
    if (!(error instanceof DirectoryInUse)) throw error;
    return { ok: true, text: "a running backportd uses the data directory" };
  }
}

/** The state has credentials of remotes in it. */
function checkPermissions(data: string): Finding {
  const mode = statSync(data).mode & 0o777;
  if ((mode & 0o077) === 0) return { ok: true, text: "only the owner can read the data directory" };
  return { ok: false, text: `others can read ${data}, which holds credentials: chmod 700 it` };
}

const NOTHING_YET: Finding = { ok: true, text: "none yet; the first tree makes it" };

/** The trees that answers are computed from. */
function readyTrees(data: string): StateFacts["trees"] {
  const file = join(data, "state.sqlite");
  return existsSync(file) ? inspectState(file).trees.filter(({ headOid }) => headOid !== null) : [];
}

function checkState(data: string): Finding {
  const file = join(data, "state.sqlite");
  if (!existsSync(file)) return NOTHING_YET;
  const { trees, analyses, unfinished } = inspectState(file);
  return { ok: true, text: `sound; ${trees.length} trees, ${analyses} analyses, ${unfinished} of them not completed` };
}

/** Can the heads of all ready trees be read, with their directories. A running service fetches them again when a question could not. */
async function checkMirror(data: string): Promise<Finding> {
  const trees = readyTrees(data);
  const gitDir = join(data, "mirror.git");
  if (trees.length === 0) return NOTHING_YET;
  const lost = new Set(await unreadableCommits(gitDir, [...new Set(trees.map(({ headOid }) => headOid ?? ""))]));
  const damaged = trees.filter(({ headOid }) => lost.has(headOid ?? ""));
  if (damaged.length === 0) return { ok: true, text: `the heads of ${trees.length} trees can be read` };
  const names = damaged.map(({ id }) => id).join(", ");
  return { ok: false, text: `it cannot read the heads of ${names}; a running service fetches them again when a question needs them` };
}

/** Does the index know the head of every ready tree. The service builds a missing or damaged one anew by itself. */
function checkIndex(data: string): Finding {
  const trees = readyTrees(data);
  if (trees.length === 0) return NOTHING_YET;
  const index = openIndex(join(data, "index.sqlite"));
  try {
    const behind = trees.filter(({ headOid }) => headOid !== null && index.commit(headOid) === null);
    if (behind.length === 0) return { ok: true, text: `it knows the heads of ${trees.length} trees` };
    return { ok: false, text: `it lacks the heads of ${behind.map(({ id }) => id).join(", ")}; a running service repairs it` };
  } finally {
    index.close();
  }
}

async function settle(run: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await run();
  } catch (error) {
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Checks what the service needs on this machine and prints one line per check.
 * @returns the exit code: 0 when all is well, 1 otherwise.
 */
export async function runDoctor(environment: Readonly<Record<string, string | undefined>>, print: (line: string) => void): Promise<number> {
  let healthy = true;
  const check = async (name: string, run: () => Finding | Promise<Finding>) => {
    const { ok, text } = await settle(run);
    healthy &&= ok;
    print(`${ok ? "ok  " : "FAIL"}  ${name}: ${text}`);
  };
  await check("node", () => ({ ok: true, text: process.version }));
  await check("git", checkGit);
  await check("settings", () => ({ ok: true, text: `data directory ${readConfig(environment).data}` }));
  await check("disk", () => checkData(readConfig(environment).data));
  await check("lock", () => checkLock(readConfig(environment).data));
  await check("permissions", () => checkPermissions(readConfig(environment).data));
  await check("state", () => checkState(readConfig(environment).data));
  await check("mirror", () => checkMirror(readConfig(environment).data));
  await check("index", () => checkIndex(readConfig(environment).data));
  return healthy ? 0 : 1;
}
