import { checkOid } from "./oid.ts";
import { toArgument } from "./path-bytes.ts";
import { GitError, type GitOptions, streamGit } from "./process.ts";
import type { BlamedLine, TreeEntry } from "./repository.ts";

/**
 * Questions that are asked seldom enough to start one git each. `blame` and `grep` of git 2.39 do not know `--end-of-options`; nothing but
 * checked object ids stands before their `--`. Paths are taken literally, never as patterns.
 */
type QueryOptions = Pick<GitOptions, "gitDir" | "env" | "signal">;

const LARGEST_OUTPUT = 256 * 1024 * 1024;
const LITERAL_PATHS = { GIT_LITERAL_PATHSPECS: "1" };
const TREE_ENTRY = /^(\d+) \w+ ([0-9a-f]{40})\t(.*)$/s;

/** Runs git once within the limits of time and size; exit code 1 is git grep's "nothing found". */
async function run(args: readonly string[], options: QueryOptions, timeLimitMs: number): Promise<Buffer> {
  const limit = AbortSignal.timeout(timeLimitMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  const chunks: Buffer[] = [];
  let size = 0;
  let complaint = "";
  const onStderr = (text: string) => {
    complaint = (complaint + text).slice(-2000);
  };
  try {
    for await (const chunk of streamGit(args, { ...options, env: { ...options.env, ...LITERAL_PATHS }, signal, onStderr })) {
      size += chunk.length;
      if (size > LARGEST_OUTPUT) throw new GitError(args, null, `more than ${LARGEST_OUTPUT} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal.aborted) throw new GitError(args, null, limit.aborted ? `no answer within ${timeLimitMs} ms` : "closed");
    if (!(args[0] === "grep" && error instanceof GitError && error.exitCode === 1)) throw error;
  }
  // git grep passes over a file that it cannot read, and ends as if all were well.
  if (complaint !== "") throw new GitError(args, null, complaint.trim());
  return Buffer.concat(chunks);
}

/** All entries below a commit or tree but directories; `paths` keeps only these files and what is below these directories. */
export async function listTree(
  options: QueryOptions,
  timeLimitMs: number,
  treeish: string,
  paths: readonly string[] = [],
): Promise<TreeEntry[]> {
  const args = ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", checkOid(treeish), ...paths.map(toArgument)];
  const output = await run(args, options, timeLimitMs);
  const entries: TreeEntry[] = [];
  for (const line of output.toString("latin1").split("\0")) {
    const match = TREE_ENTRY.exec(line);
    if (match === null) continue;
    const [, mode = "", oid = "", path = ""] = match;
    entries.push({ mode, oid, path });
  }
  return entries;
}

const BLAME_HEADER = /^([0-9a-f]{40}) \d+ (\d+)/;

/** @throws GitError when the path is not in the commit or a range lies outside of the file. */
export async function blameLines(
  options: QueryOptions,
  timeLimitMs: number,
  commit: string,
  path: string,
  ranges: readonly (readonly [number, number])[],
  not: readonly string[] = [],
): Promise<BlamedLine[]> {
  const lines = ranges.flatMap(([first, last]) => ["-L", `${Math.trunc(first)},${Math.trunc(last)}`]);
  const excluded = not.map((oid) => `^${checkOid(oid)}`);
  const args = ["blame", "--porcelain", ...lines, checkOid(commit), ...excluded, "--", toArgument(path)];
  const output = await run(args, options, timeLimitMs);
  const blamed: { line: number; commit: string }[] = [];
  // A commit's details, "boundary" among them, are printed once, with its first line.
  const boundaries = new Set<string>();
  let current = "";
  for (const line of output.toString("latin1").split("\n")) {
    if (line.startsWith("\t")) continue;
    const header = BLAME_HEADER.exec(line);
    if (header !== null) {
      current = header[1] ?? "";
      blamed.push({ line: Number(header[2]), commit: current });
    } else if (line === "boundary") boundaries.add(current);
  }
  return blamed.map((one) => ({ ...one, boundary: boundaries.has(one.commit) }));
}

const WORD = /^\w+$/;

/**
 * Commits in the history of `tip` after which one of these files holds the word more or less often than before (`git log -S`), newest first.
 * 0.6 s for a few files of a kernel, seconds on a busy machine.
 */
export async function commitsChanging(
  options: QueryOptions,
  timeLimitMs: number,
  word: string,
  tip: string,
  paths: readonly string[],
): Promise<string[]> {
  if (!WORD.test(word)) throw new TypeError(`not a word: ${JSON.stringify(word.slice(0, 80))}`);
  // Not `\b`, which only some regular expression libraries know.
  const search = `-S(^|[^[:alnum:]_])${word}($|[^[:alnum:]_])`;
  const args = [
    "log",
    "--topo-order",
    "--format=%H",
    "--no-show-signature",
    "--no-renames",
    "--pickaxe-regex",
    search,
    checkOid(tip),
    "--",
  ];
  const output = await run([...args, ...paths.map(toArgument)], options, timeLimitMs);
  return output
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "");
}

export interface GrepHit {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** latin1. */
  readonly text: string;
}

/** Lines of text files that hold one of the words, with no letter, digit or underscore beside it. */
export async function grepWords(
  options: QueryOptions,
  timeLimitMs: number,
  treeish: string,
  words: readonly string[],
  paths: readonly string[] = [],
): Promise<GrepHit[]> {
  const patterns = words.filter((word) => word !== "").flatMap((word) => ["-e", word]);
  if (patterns.length === 0) return [];
  const args = ["grep", "-n", "-w", "-F", "-I", "-z", "--no-color", "--full-name", ...patterns, checkOid(treeish), "--"];
  const output = await run([...args, ...paths.map(toArgument)], options, timeLimitMs);
  return parseHits(output.toString("latin1"), treeish.length + 1);
}

/** Hits are `<treeish>:<path> NUL <line> NUL <text> LF`. */
function parseHits(output: string, prefix: number): GrepHit[] {
  const hits: GrepHit[] = [];
  let at = 0;
  while (at < output.length) {
    const pathEnd = output.indexOf("\0", at);
    const lineEnd = output.indexOf("\0", pathEnd + 1);
    const end = output.indexOf("\n", lineEnd + 1);
    if (pathEnd < 0 || lineEnd < 0 || end < 0) break;
    hits.push({
      path: output.slice(at + prefix, pathEnd),
      line: Number(output.slice(pathEnd + 1, lineEnd)),
      text: output.slice(lineEnd + 1, end),
    });
    at = end + 1;
  }
  return hits;
}
