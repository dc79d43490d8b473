import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

type Git = (args: readonly string[], input?: string) => string;
type Write = (content: string) => void;

/** A repository with a work tree and one commit of the file `f`. */
export function seriesRepository(t: TestContext): { readonly git: Git; readonly write: Write } {
  const directory = mkdtempSync(join(tmpdir(), "backportd-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const env = {
    PATH: process.env.PATH,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_EMAIL: "a@example.org",
    GIT_COMMITTER_NAME: "C",
    GIT_COMMITTER_EMAIL: "c@example.org",
  };
  const git: Git = (args, input = "") =>
    execFileSync("git", args, { cwd: directory, env, input, stdio: ["pipe", "pipe", "ignore"] }).toString("latin1");
  const write: Write = (content) => writeFileSync(join(directory, "f"), content);
  git(["init", "--quiet"]);
  write("begin\n");
  git(["add", "f"]);
  git(["commit", "--quiet", "-m", "begin"]);
  return { git, write };
}

/** A commit `change n` for each line, which is appended. */
export function commitAll(write: Write, git: Git, lines: readonly string[]): void {
  let content = "begin\n";
  for (const [at, line] of lines.entries()) {
    content += line;
    write(content);
    git(["commit", "--quiet", "-a", "-m", `change ${at}`]);
  }
}
