import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { streamGit } from "./process.ts";

/** One path of a commit, against its first parent. */
export interface TouchedPath {
  readonly path: string;
  /** A, M, D or T, as git prints it. */
  readonly status: string;
  /** Blob ids before and after; forty zeros where there is none. */
  readonly before: string;
  readonly after: string;
}

export interface RawCommit {
  readonly oid: string;
  readonly parents: readonly string[];
  readonly authorName: string;
  readonly authorEmail: string;
  /** Seconds since 1970; 0 when the commit holds no readable date. */
  readonly authorDate: number;
  readonly committerDate: number;
  /** The whole message, UTF-8 (invalid bytes replaced). */
  readonly message: string;
  /** Empty for merges. */
  readonly touched: readonly TouchedPath[];
}

export interface LogOptions {
  readonly gitDir: string;
  readonly tips: readonly string[];
  /** Commits reachable from these are left out; ids that no longer exist are ignored. */
  readonly not: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const FORMAT = "%H%x00%P%x00%an%x00%ae%x00%at%x00%ct%x00%B";
const FIELDS = 7;
const NON_ASCII = /[\x80-\xff]/;

/** Text that was read as latin1 bytes, decoded as UTF-8. */
export function decodeUtf8(bytes: string): string {
  return NON_ASCII.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
}

function seconds(text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : 0;
}

interface CommitReader {
  readonly add: (piece: string) => void;
  /** Ends the commit that is being read. */
  readonly finish: () => void;
  /** The commits finished since the last call. */
  readonly take: () => RawCommit[];
}

/** Builds commits from the NUL-separated pieces of `git log -z --raw`: seven fields, then pairs of a raw entry and its path. */
function commitReader(): CommitReader {
  let finished: RawCommit[] = [];
  let fields: string[] = [];
  let touched: TouchedPath[] = [];
  let entry: readonly string[] | null = null;

  function finish(): void {
    const [oid = "", parents = "", name = "", email = "", authorDate = "", committerDate = "", message = ""] = fields;
    if (fields.length === FIELDS) {
      finished.push({
        oid,
        parents: parents === "" ? [] : parents.split(" "),
        authorName: decodeUtf8(name),
        authorEmail: decodeUtf8(email),
        authorDate: seconds(authorDate),
        committerDate: seconds(committerDate),
        message: decodeUtf8(message),
        touched,
      });
    }
    fields = [];
    touched = [];
  }

  function add(piece: string): void {
    if (entry !== null) {
      const [, , before = "", after = "", status = ""] = entry;
      touched.push({ path: decodeUtf8(piece), status: status.charAt(0), before, after });
      entry = null;
    } else if (fields.length < FIELDS) {
      fields.push(piece);
    } else if (piece.startsWith(":") || piece.startsWith("\n:")) {
      entry = piece.split(" ");
    } else {
      finish();
      fields.push(piece);
    }
  }

  function take(): RawCommit[] {
    const taken = finished;
    finished = [];
    return taken;
  }
  return { add, finish, take };
}

/** The arguments and standard input that name a range of commits. */
function rangeInput(options: LogOptions): string {
  const lines = [...options.tips, ...options.not.map((oid) => `^${oid}`)];
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Every commit reachable from `tips` and not from `not`, parents before children, with the paths it touched.
 * @throws GitError when a commit or tree is missing.
 */
export async function* rawLog(options: LogOptions): AsyncGenerator<RawCommit> {
  const args = ["log", "--topo-order", "--reverse", "--raw", "-z", "--no-renames", "--no-abbrev", "--root", "--encoding=UTF-8"];
  args.push("--no-show-signature", `--format=${FORMAT}`, "--ignore-missing", "--stdin");
  const reader = commitReader();
  let rest = "";
  for await (const chunk of streamGit(args, {
    gitDir: options.gitDir,
    input: rangeInput(options),
    signal: options.signal,
  })) {
    const pieces = (rest + chunk.toString("latin1")).split("\0");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) reader.add(piece);
    yield* reader.take();
  }
  reader.finish();
  yield* reader.take();
}

/** How many commits `rawLog` will yield. 2 s on 234,000 commits, 0.25 s with a commit-graph. */
export async function countLog(options: LogOptions): Promise<number> {
  let text = "";
  const args = ["rev-list", "--count", "--ignore-missing", "--stdin"];
  for await (const chunk of streamGit(args, { gitDir: options.gitDir, input: rangeInput(options), signal: options.signal })) {
    text += chunk.toString("latin1");
  }
  return Number(text);
}

/** Commits whose parents a shallow clone cut off: git shows them as roots, so what they "touch" means nothing. */
export async function shallowBoundary(gitDir: string): Promise<ReadonlySet<string>> {
  try {
    const text = await readFile(join(gitDir, "shallow"), "latin1");
    return new Set(text.split("\n").filter((line) => line !== ""));
  } catch {
    return new Set();
  }
}
