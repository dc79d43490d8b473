import { accessSync, constants, mkdirSync, statfsSync } from "node:fs";
import { readConfig } from "./config.ts";
import { runGit } from "./git/process.ts";
import { DirectoryInUse, lockDirectory } from "./store/database.ts";

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
  mkdirSync(data, { recursive: true });
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
  return healthy ? 0 : 1;
}
