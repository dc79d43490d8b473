import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type OpenRepository, openRepository, type RepositoryOptions } from "../../src/git/open-repository.ts";

/** The git binary as judge, without the machine's configuration and with fixed dates, so that ids are the same in each run. */
const ENVIRONMENT = {
  PATH: process.env.PATH,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A. Uthor",
  GIT_AUTHOR_EMAIL: "author@example.org",
  GIT_AUTHOR_DATE: "1600000000 +0000",
  GIT_COMMITTER_NAME: "C. Ommitter",
  GIT_COMMITTER_EMAIL: "committer@example.org",
  GIT_COMMITTER_DATE: "1600000001 +0000",
  LC_ALL: "C",
};

type Input = string | Buffer;

/** A directory that goes away with the test. */
export function temporaryDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "backportd-test-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs git in a directory; what it prints as latin1, without the last newline. Throws when it fails. */
export function git(cwd: string, args: readonly string[], input: Input = ""): string {
  return execFileSync("git", args, { cwd, env: ENVIRONMENT, input, maxBuffer: 1 << 28, stdio: ["pipe", "pipe", "ignore"] })
    .toString("latin1")
    .replace(/\n$/, "");
}

/** Runs git and tells only whether it succeeded. */
export function gitSucceeds(cwd: string, args: readonly string[]): boolean {
  return spawnSync("git", args, { cwd, env: ENVIRONMENT, stdio: "ignore" }).status === 0;
}

export interface File {
  readonly mode: string;
  readonly bytes: Buffer;
}

export type Files = ReadonlyMap<string, File>;

export function file(text: string, mode = "100644"): File {
  return { mode, bytes: Buffer.from(text, "latin1") };
}

export interface CommitSpec {
  readonly ref: string;
  readonly parents: readonly string[];
  readonly files: Files;
  readonly message?: string;
  /** Name, address and date as fast-import takes them. */
  readonly author?: string;
}

const AUTHOR = "A. Uthor <author@example.org> 1600000000 +0000";

/** The stream of `git fast-import` that makes these commits, each with exactly its files. A parent is a ref made earlier; a ref named twice goes on from itself. */
export function importStream(commits: readonly CommitSpec[]): Buffer {
  const parts: Buffer[] = [];
  const say = (text: string) => parts.push(Buffer.from(text, "latin1"));
  const data = (bytes: Buffer) => {
    say(`data ${bytes.length}\n`);
    parts.push(bytes);
    say("\n");
  };
  for (const { ref, parents, files, message = "a change\n", author = AUTHOR } of commits) {
    say(`commit ${ref}\nauthor ${author}\ncommitter C. Ommitter <c@example.org> 1600000001 +0000\n`);
    data(Buffer.from(message, "utf8"));
    parents.forEach((parent, at) => {
      say(`${at === 0 ? "from" : "merge"} ${parent}\n`);
    });
    say("deleteall\n");
    for (const [path, { mode, bytes }] of files) {
      say(`M ${mode} inline ${path}\n`);
      data(bytes);
    }
  }
  return Buffer.concat(parts);
}

/** A bare repository with these commits. */
export function buildRepository(path: string, commits: readonly CommitSpec[]): string {
  git("/", ["init", "--quiet", "--bare", "--initial-branch=main", path]);
  git(path, ["fast-import", "--quiet", "--force"], importStream(commits));
  return path;
}

/** Opens a repository that is closed with the test. */
export function open(t: TestContext, gitDir: string, options: Partial<RepositoryOptions> = {}): OpenRepository {
  const repository = openRepository({ gitDir, scratchDir: temporaryDirectory(t), ...options });
  t.after(() => repository.close());
  return repository;
}

export const ABSENT = "1234567890123456789012345678901234567890";
