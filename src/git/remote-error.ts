import { GitError, withoutCredentials } from "./process.ts";

export type RemoteErrorCode =
  | "remote-not-allowed"
  | "remote-unreachable"
  | "remote-refused"
  | "ref-not-found"
  | "remote-incomplete"
  | "disk-full";

/** A remote, or our way to it, failed; `detail` is what was said about it, without credentials. */
export class RemoteError extends Error {
  readonly code: RemoteErrorCode;
  readonly detail: string;
  constructor(code: RemoteErrorCode, detail: string, cause?: unknown) {
    super(`${code}: ${withoutCredentials(detail)}`, { cause });
    this.name = "RemoteError";
    this.code = code;
    this.detail = withoutCredentials(detail);
  }
}

/**
 * What git (2.39 to 2.50), curl and ssh print, in the order in which it decides: a full disk and a damaged remote also break the
 * connection, and whoever is refused is told last that he could not read.
 */
const MESSAGES: readonly (readonly [RegExp, RemoteErrorCode])[] = [
  [/no space left on device|disk quota exceeded/i, "disk-full"],
  [
    /repository corruption on the remote|did not send all necessary objects|missing (?:necessary|blob|tree|commit) object|not send.* objects|shallow update not allowed|unable to read [0-9a-f]{40}|missing [0-9a-f]{40}|bad (?:tree )?object|inflate: data stream error|source repository is shallow/i,
    "remote-incomplete",
  ],
  [/couldn't find remote ref|remote branch .* not found|not our ref/i, "ref-not-found"],
  [
    /authentication failed|could not read (?:username|password)|permission denied|returned error: (?:401|403)|access denied|host key verification failed|dubious ownership|transport '.*' not allowed|not exported|terminal prompts disabled/i,
    "remote-refused",
  ],
];

/** Lines of git's stderr that say what failed, without the progress that was printed before. */
function failureLines(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .filter((line) => /^(?:remote: )?(?:fatal|error|ERROR|ssh|warning: ref|[^:]+: Permission denied)/.test(line));
  return (lines.length > 0 ? lines : stderr.split(/[\r\n]+/).slice(-3)).join("\n").trim();
}

/** Gives a failure of `git fetch` or `git ls-remote` its code; other errors are returned as they are. */
export function toRemoteError(error: unknown): unknown {
  if (!(error instanceof GitError)) return error;
  const code = MESSAGES.find(([pattern]) => pattern.test(error.detail))?.[1] ?? "remote-unreachable";
  return new RemoteError(code, failureLines(error.detail), error);
}
