import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runGit } from "../src/git/process.ts";
import { UsageError } from "./usage.ts";

export interface JoinedRepository {
  /** A bare repository of its own: what is written goes here and never into the repositories it borrows from. */
  readonly gitDir: string;
  /** An empty directory beside it, for scratch stores and work trees. */
  readonly workDir: string;
  /** Removes both. */
  remove(): void;
}

async function objectsOf(repository: string): Promise<string> {
  try {
    const printed = await runGit(["rev-parse", "--git-path", "objects"], { gitDir: resolve(repository) });
    return resolve(printed.toString().trim());
  } catch {
    throw new UsageError(`${repository} is not a git repository`);
  }
}

/** Refs of several repositories may bear one name, so those of the n-th stand below `refs/joined/n/`. */
async function refsOf(repository: string, n: number): Promise<string[]> {
  const format = "--format=%(objectname) %(refname)";
  const printed = (await runGit(["for-each-ref", format], { gitDir: resolve(repository) })).toString("latin1");
  const lines = printed.split("\n").filter((line) => line !== "");
  return lines.map((line) => line.replace(" refs/", ` refs/joined/${n}/`));
}

/**
 * Joins bare repositories in a temporary one, which borrows their objects by alternates and copies their refs.
 * The repositories themselves are only read.
 * @throws UsageError when one is no repository
 */
export async function joinRepositories(repositories: readonly string[]): Promise<JoinedRepository> {
  const top = mkdtempSync(join(tmpdir(), "backportd-eval-"));
  const gitDir = join(top, "joined.git");
  const workDir = join(top, "work");
  const remove = () => rmSync(top, { recursive: true, force: true });
  try {
    const objects = await Promise.all(repositories.map(objectsOf));
    const refs = await Promise.all(repositories.map(refsOf));
    await runGit(["init", "--quiet", "--bare", "--", gitDir]);
    writeFileSync(join(gitDir, "objects/info/alternates"), objects.map((path) => `${path}\n`).join(""));
    // Writing the packed refs at once: a ref transaction of 20,000 refs would write a file for each.
    writeFileSync(
      join(gitDir, "packed-refs"),
      refs
        .flat()
        .map((line) => `${line}\n`)
        .join(""),
      "latin1",
    );
    await runGit(["init", "--quiet", "--", workDir]);
    writeFileSync(join(workDir, ".git/objects/info/alternates"), `${join(gitDir, "objects")}\n`);
    return { gitDir, workDir, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
