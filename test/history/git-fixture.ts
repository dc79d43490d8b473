import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface GitFixture {
  readonly dir: string;
  readonly gitDir: string;
  /** Runs git in the work tree and returns what it printed, bytes as latin1. */
  readonly git: (args: readonly string[], input?: string | Buffer) => string;
  readonly remove: () => void;
}

const ENVIRONMENT = {
  PATH: process.env.PATH,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Ann Author",
  GIT_AUTHOR_EMAIL: "ann@example.org",
  GIT_COMMITTER_NAME: "Carl Committer",
  GIT_COMMITTER_EMAIL: "carl@example.org",
  LC_ALL: "C",
};

/** An empty repository in the temporary directory. Each commit is a second later than the one before. */
export function gitFixture(): GitFixture {
  const dir = mkdtempSync(join(tmpdir(), "backportd-history-"));
  let clock = 1_000_000_000;
  function git(args: readonly string[], input?: string | Buffer): string {
    clock += 1;
    const date = `${clock} +0000`;
    return execFileSync("git", ["-C", dir, "-c", "core.autocrlf=false", ...args], {
      env: { ...ENVIRONMENT, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      input: input ?? "",
      maxBuffer: 1 << 28,
      stdio: ["pipe", "pipe", "pipe"],
    }).toString("latin1");
  }
  git(["init", "-q", "-b", "main"]);
  return { dir, gitDir: join(dir, ".git"), git, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** A file of a commit: its content, null to delete it, or content with a mode. */
export type FileChange = string | Buffer | null | { readonly content: string | Buffer; readonly executable: boolean };

export interface NewCommit {
  /** Oids, or places in the same list. */
  readonly parents: readonly (string | number)[];
  readonly changes: Readonly<Record<string, FileChange>>;
  readonly message?: string | Buffer;
  /** Name, address and date as fast-import takes them. */
  readonly author?: string | Buffer;
}

function quotedPath(path: string): string {
  return `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/** Writes commits without a work tree, with one git process, and returns their oids. */
export function importCommits(fixture: GitFixture, commits: readonly NewCommit[]): string[] {
  const parts: (string | Buffer)[] = [];
  const data = (content: string | Buffer) => {
    const bytes = Buffer.from(content);
    parts.push(`data ${bytes.length}\n`, bytes, "\n");
  };
  for (const [at, commit] of commits.entries()) {
    const author = commit.author ?? "Ann Author <ann@example.org> 1000000000 +0000";
    if (commit.parents.length === 0) parts.push("reset refs/heads/import\n");
    parts.push(`commit refs/heads/import\nmark :${at + 1}\nauthor `, author, `\ncommitter C <c@example.org> ${1000000001 + at} +0000\n`);
    data(commit.message ?? `commit ${at}\n`);
    for (const [position, parent] of commit.parents.entries()) {
      parts.push(`${position === 0 ? "from" : "merge"} ${typeof parent === "number" ? `:${parent + 1}` : parent}\n`);
    }
    for (const [path, change] of Object.entries(commit.changes)) {
      if (change === null) {
        parts.push(`D ${quotedPath(path)}\n`);
        continue;
      }
      const file = typeof change === "string" || Buffer.isBuffer(change) ? { content: change, executable: false } : change;
      parts.push(`M ${file.executable ? "100755" : "100644"} inline ${quotedPath(path)}\n`);
      data(file.content);
    }
  }
  for (const at of commits.keys()) parts.push(`get-mark :${at + 1}\n`);
  parts.push("done\n");
  const input = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return fixture.git(["fast-import", "--quiet", "--force", "--done", "--date-format=raw"], input).trim().split("\n");
}

/** Damages the repository: takes one object away, by turning all packs into loose objects first. */
export function removeObject(fixture: GitFixture, oid: string): void {
  const objects = join(fixture.gitDir, "objects");
  const packDir = join(objects, "pack");
  const names = readdirSync(packDir);
  const packs = names.filter((name) => name.endsWith(".pack")).map((name) => readFileSync(join(packDir, name)));
  for (const name of names) rmSync(join(packDir, name));
  for (const pack of packs) fixture.git(["unpack-objects", "-q"], pack);
  rmSync(join(objects, oid.slice(0, 2), oid.slice(2)));
}
