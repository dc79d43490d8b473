import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface Fixture {
  readonly dir: string;
  /** Runs git in the repository and returns what it prints, trimmed. */
  git(...args: string[]): string;
  /** Writes files, commits them and returns the commit's id. */
  commit(message: string, files: Readonly<Record<string, string>>): string;
}

/** A repository in a temporary directory, removed after the test. Dates grow by a day per commit. */
export function fixture(t: TestContext): Fixture {
  const dir = mkdtempSync(join(tmpdir(), "backportd-eval-test-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  let day = 0;
  const git = (...args: string[]) => {
    const date = `${1_600_000_000 + day * 86_400} +0000`;
    const env = { PATH: process.env.PATH, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_CONFIG_GLOBAL: "/dev/null" };
    const identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    return execFileSync("git", ["-C", dir, ...identity, ...args], { env, encoding: "utf8" }).trim();
  };
  git("init", "--quiet", "--initial-branch=main");
  return {
    dir,
    git,
    commit: (message, files) => {
      day += 1;
      for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
      git("add", "--all");
      git("commit", "--quiet", "--message", message);
      return git("rev-parse", "HEAD");
    },
  };
}

/** A temporary file with this text, removed after the test. */
export function textFile(t: TestContext, name: string, text: string): string {
  const dir = mkdtempSync(join(tmpdir(), "backportd-eval-test-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}
