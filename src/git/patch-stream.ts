import { streamGit } from "./process.ts";
import { skippingMissing } from "./skipping-missing.ts";

export interface PatchText {
  readonly oid: string;
  /** The unified diff, bytes as latin1 characters; empty when the commit changes nothing. */
  readonly text: string;
  /** `cut`: longer than the limit, only its beginning is here. `missing`: an object it needs is not in the repository. */
  readonly state: "whole" | "cut" | "missing";
}

export interface PatchOptions {
  readonly gitDir: string;
  /** Commits with one parent or none. */
  readonly oids: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Bytes of one diff that are kept; default 8 MiB. */
  readonly limit?: number;
}

const PATCH_LIMIT = 8 << 20;
const OID_LENGTH = 40;

/**
 * Cuts the output of diff-tree into records. A record starts at "\n\0": no line of a diff starts with a NUL, because content lines
 * carry a prefix. Text beyond the limit is dropped as it comes, so that memory stays bounded.
 */
function recordSplitter(limit: number): { add: (chunk: string) => string[]; last: () => string } {
  let parts: string[] = [];
  let size = 0;
  let held = "\n";

  function keep(text: string): void {
    if (size <= limit + OID_LENGTH) parts.push(text);
    size += text.length;
  }
  function last(): string {
    const record = parts.join("");
    parts = [];
    size = 0;
    return record;
  }
  function add(chunk: string): string[] {
    const pieces = (held + chunk).split("\n\0");
    const rest = pieces.pop() ?? "";
    const records = pieces.map((piece) => {
      keep(piece);
      return last();
    });
    // The separator may be split over two chunks.
    held = rest.endsWith("\n") ? "\n" : "";
    keep(held === "" ? rest : rest.slice(0, -1));
    return records;
  }
  return { add, last };
}

function patchOf(record: string, limit: number): PatchText {
  const oid = record.slice(0, OID_LENGTH);
  const diff = record.slice(OID_LENGTH + 2);
  if (diff === "") return { oid, text: "", state: "whole" };
  if (diff.length <= limit) return { oid, text: `${diff}\n`, state: "whole" };
  return { oid, text: diff.slice(0, diff.lastIndexOf("\n", limit) + 1), state: "cut" };
}

async function* diffTree(options: PatchOptions, oids: readonly string[], limit: number): AsyncGenerator<PatchText> {
  const args = [
    "diff-tree",
    "--stdin",
    "-p",
    "-r",
    "--root",
    "--no-renames",
    "--full-index",
    "-U3",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
  ];
  args.push("--always", "--format=%x00%H");
  const splitter = recordSplitter(limit);
  const input = oids.map((oid) => `${oid}\n`).join("");
  for await (const chunk of streamGit(args, { gitDir: options.gitDir, input, signal: options.signal })) {
    for (const record of splitter.add(chunk.toString("latin1"))) {
      if (record !== "") yield patchOf(record, limit);
    }
  }
  const record = splitter.last();
  if (record !== "") yield patchOf(record, limit);
}

/**
 * The diffs of commits against their parent (the empty tree for a root commit), in the order asked for, one git process for all.
 * A commit whose objects are missing is told as such, and the rest goes on in a new process.
 * @throws GitError when git fails for another reason.
 */
export function patches(options: PatchOptions): AsyncGenerator<PatchText> {
  const limit = options.limit ?? PATCH_LIMIT;
  return skippingMissing(
    options.oids,
    (oids) => diffTree(options, oids, limit),
    (oid) => ({ oid, text: "", state: "missing" }),
  );
}
