import { join, resolve } from "node:path";
import { readConfig } from "./config.ts";
import { DirectoryInUse, lockDirectory } from "./store/database.ts";
import { backupState, restoreState, type StateFacts, StateFileError } from "./store/state-file.ts";

export interface BackupOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * `backup FILE` copies the state, while the service runs or not; `restore FILE` puts such a copy in its place, while it does not run.
 * @returns the exit code: 0 done, 1 refused, 2 wrong usage.
 */
export async function runBackupCommand(
  command: "backup" | "restore",
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  { out, err }: BackupOutput,
): Promise<number> {
  const [name, ...more] = args;
  if (name === undefined || name.startsWith("-") || more.length > 0) {
    err(`usage: backportd ${command} FILE\n`);
    return 2;
  }
  const copy = resolve(name);
  try {
    const { data } = readConfig(environment);
    const file = join(data, "state.sqlite");
    if (command === "backup") {
      const facts = await backupState(file, copy);
      out(`${copy} holds ${inWords(facts)}. It has credentials in it: keep it as safe as the data directory.\n`);
      return 0;
    }
    const release = lockDirectory(data);
    try {
      const former = restoreState(copy, file, new Date());
      out(`restored.${former === null ? "" : ` The former state is ${former}; remove it when it is not needed.`}\n`);
      return 0;
    } finally {
      release();
    }
  } catch (error) {
    if (!(error instanceof StateFileError || error instanceof DirectoryInUse)) throw error;
    err(`backportd: ${error.message}\n`);
    return 1;
  }
}

const inWords = ({ trees, analyses, unfinished }: StateFacts): string =>
  `${trees.length} trees and ${analyses} analyses, ${unfinished} of them not completed`;
