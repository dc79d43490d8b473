import { type ChildProcessByStdio, spawn } from "node:child_process";
import { setPriority } from "node:os";
import type { Readable, Writable } from "node:stream";
import { countStart } from "./child-counts.ts";

/** A git command that failed; `detail` is the last part of what git printed, with credentials removed. */
export class GitError extends Error {
  override readonly name: string = "GitError";
  readonly args: readonly string[];
  readonly exitCode: number | null;
  readonly detail: string;
  constructor(args: readonly string[], exitCode: number | null, detail: string) {
    super(`git ${args[0]} failed (${exitCode ?? "killed"}): ${detail}`);
    this.args = args;
    this.exitCode = exitCode;
    this.detail = detail;
  }
}

const CREDENTIALS = /(\w+:\/\/)[^\s/@]+@/g;

/** Takes user names and passwords out of addresses, for logs, problems and answers. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, "$1");
}

/**
 * The environment of every git child: no prompt, no configuration of the machine or the user, no hooks, no lazy fetch of missing
 * objects, messages in English, and only the transports of the allow-list.
 */
export function gitEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    SSH_AUTH_SOCK: process.env.SSH_AUTH_SOCK,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "true",
    GIT_SSH_COMMAND: "ssh -oBatchMode=yes",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_ALLOW_PROTOCOL: "https:ssh:git",
    ...extra,
  };
}

export interface GitOptions {
  readonly gitDir?: string;
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Called with each piece of stderr, for progress. */
  readonly onStderr?: (text: string) => void;
  /** Lets everything else have the processors first. */
  readonly background?: boolean;
}

type GitChild = ChildProcessByStdio<Writable, Readable, Readable>;

const SPAWN_FLAGS = ["-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];
const BACKGROUND_NICENESS = 10;
/** How long git may take to remove its locks after SIGTERM before it is killed. */
const TERMINATION_MS = 5000;

function start(args: readonly string[], options: GitOptions, detached: boolean): GitChild {
  // In the environment, not as an argument: what git itself starts is then known by it too (see orphans.ts).
  const env = gitEnvironment(options.gitDir === undefined ? options.env : { GIT_DIR: options.gitDir, ...options.env });
  countStart();
  return spawn("git", [...SPAWN_FLAGS, ...args], { env, stdio: ["pipe", "pipe", "pipe"], detached });
}

/** Starts a git that lives long. Arguments are never given to a shell; callers put `--end-of-options` before anything that came from input. */
export function spawnGit(args: readonly string[], options: Pick<GitOptions, "gitDir" | "env"> = {}): GitChild {
  return start(args, options, false);
}

interface Run {
  readonly child: GitChild;
  /**
   * Resolves with the exit code when git and all that it started (index-pack, ssh) have ended, also after an abort: whoever comes next
   * must not meet them. Rejects when git could not be started.
   */
  readonly ended: Promise<number | null>;
  /** The end of what was printed on stderr, without credentials. */
  readonly stderr: () => string;
  stop(): void;
}

/** Starts a git that does one thing, in a process group of its own, so that it can be stopped together with what it started. */
function run(args: readonly string[], options: GitOptions): Run {
  options.signal?.throwIfAborted();
  const child = start(args, options, true);
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  let hurry: NodeJS.Timeout | undefined;
  const stop = () => {
    kill("SIGTERM");
    hurry ??= setTimeout(() => kill("SIGKILL"), TERMINATION_MS);
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    // Comes when nobody holds the pipes any more, hence after the last descendant.
    child.once("close", resolve);
  }).finally(() => {
    clearTimeout(hurry);
    options.signal?.removeEventListener("abort", stop);
  });
  if (options.background && child.pid !== undefined) setPriority(child.pid, BACKGROUND_NICENESS);
  // A child that ends early closes its input; the exit code tells what happened, EPIPE adds nothing.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  return { child, ended, stderr: watchStderr(child, options), stop };
}

function watchStderr(child: GitChild, options: GitOptions): () => string {
  let tail = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    tail = (tail + text).slice(-2000);
    options.onStderr?.(text);
  });
  return () => withoutCredentials(tail.trim());
}

/**
 * Runs git once and returns what it printed.
 * @throws GitError when it exits with a code not in `okCodes`; the signal's reason when aborted, once git has ended.
 */
export async function runGit(
  args: readonly string[],
  options: GitOptions & { readonly okCodes?: readonly number[] } = {},
): Promise<Buffer> {
  const { child, ended, stderr } = run(args, options);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await ended;
  options.signal?.throwIfAborted();
  if (code === null || !(options.okCodes ?? [0]).includes(code)) throw new GitError(args, code, stderr());
  return Buffer.concat(chunks);
}

/**
 * Runs git and yields its output as it comes, with back-pressure. Leaving the loop early ends the child.
 * @throws GitError after the last piece when git failed; the signal's reason when aborted.
 */
export async function* streamGit(args: readonly string[], options: GitOptions = {}): AsyncGenerator<Buffer> {
  const { child, ended, stderr, stop } = run(args, options);
  ended.catch(() => {});
  let finished = false;
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    finished = true;
  } finally {
    if (!finished) stop();
  }
  const code = await ended;
  options.signal?.throwIfAborted();
  if (code !== 0) throw new GitError(args, code, stderr());
}

/** Splits a stream at a separator byte sequence; the separator is not part of a record. Bytes are latin1 characters, one each. */
export async function* splitRecords(chunks: AsyncIterable<Buffer>, separator: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + chunk.toString("latin1")).split(separator);
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}
