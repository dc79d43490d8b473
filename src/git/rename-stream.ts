import { decodeUtf8 } from "./log-stream.ts";
import { streamGit } from "./process.ts";
import { skippingMissing } from "./skipping-missing.ts";

export interface Rename {
  readonly from: string;
  readonly to: string;
}

export interface CommitRenames {
  readonly oid: string;
  readonly renames: readonly Rename[];
  /** `missing`: git needed an object that is not in the repository. */
  readonly state: "whole" | "missing";
}

export interface RenameOptions {
  readonly gitDir: string;
  /** Commits with one parent or none. */
  readonly oids: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Pairs of an added and a deleted file that are compared by content go up to the square of this; equal files are always found. */
const RENAME_LIMIT = 2000;
const ARGUMENTS = ["diff-tree", "--stdin", "-r", "--root", "--raw", "-z", "-M", `-l${RENAME_LIMIT}`, "--diff-filter=R", "--no-abbrev"];

interface RenameReader {
  readonly add: (piece: string) => void;
  /** Ends the commit that is being read. */
  readonly finish: () => void;
  /** The commits finished since the last call. */
  readonly take: () => CommitRenames[];
}

/** Builds the answers from NUL-separated pieces: the id of a commit, then for each rename a raw entry and two paths. */
function renameReader(): RenameReader {
  let finished: CommitRenames[] = [];
  let oid: string | null = null;
  let found: Rename[] = [];
  /** The paths of the entry that is being read. */
  let paths: string[] | null = null;

  function finish(): void {
    if (oid !== null) finished.push({ oid, renames: found, state: "whole" });
    oid = null;
    found = [];
  }
  function add(piece: string): void {
    if (paths !== null) {
      paths.push(decodeUtf8(piece));
      const [from, to] = paths;
      if (from === undefined || to === undefined) return;
      found.push({ from, to });
      paths = null;
    } else if (piece.startsWith(":") || piece.startsWith("\n:")) {
      paths = [];
    } else {
      finish();
      oid = piece.trim();
    }
  }
  function take(): CommitRenames[] {
    const taken = finished;
    finished = [];
    return taken;
  }
  return { add, finish, take };
}

async function* diffTree(options: RenameOptions, oids: readonly string[]): AsyncGenerator<CommitRenames> {
  const input = oids.map((oid) => `${oid}\n`).join("");
  const args = [...ARGUMENTS, "--no-color", "--no-ext-diff", "--always", "--format=%H"];
  const reader = renameReader();
  let rest = "";
  let failure: { readonly error: unknown } | null = null;
  try {
    for await (const chunk of streamGit(args, { gitDir: options.gitDir, input, signal: options.signal })) {
      const pieces = (rest + chunk.toString("latin1")).split("\0");
      rest = pieces.pop() ?? "";
      for (const piece of pieces) reader.add(piece);
      yield* reader.take();
    }
  } catch (error) {
    failure = { error };
  }
  // git reads what it compares before it prints a commit, so the last commit printed is whole even when git died.
  reader.finish();
  yield* reader.take();
  if (failure !== null) throw failure.error;
}

/**
 * The files that commits renamed against their parent, by git's own detection (half of the content or more), in the order asked for. 0.7 s
 * for the 1,893 commits of v2.6.38 that both add and delete files.
 * @throws GitError when git fails for another reason than a missing object
 */
export function renames(options: RenameOptions): AsyncGenerator<CommitRenames> {
  return skippingMissing(
    options.oids,
    (oids) => diffTree(options, oids),
    (oid) => ({ oid, renames: [], state: "missing" }),
  );
}
