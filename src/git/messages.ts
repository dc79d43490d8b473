import { decodeUtf8 } from "./log-stream.ts";
import { splitRecords, streamGit } from "./process.ts";

/**
 * The whole messages of commits, UTF-8, in the order of `oids`. Commits that the repository lacks are left out. About 5 s for the 234,000 of a kernel.
 * @throws GitError when git fails for another reason
 */
export async function* messages(options: {
  readonly gitDir: string;
  readonly oids: readonly string[];
  readonly signal?: AbortSignal | undefined;
}): AsyncGenerator<{ readonly oid: string; readonly message: string }> {
  if (options.oids.length === 0) return;
  const args = [
    "log",
    "--no-walk=unsorted",
    "-z",
    "--encoding=UTF-8",
    "--no-show-signature",
    "--format=%H%n%B",
    "--ignore-missing",
    "--stdin",
  ];
  const input = options.oids.map((oid) => `${oid}\n`).join("");
  for await (const record of splitRecords(streamGit(args, { gitDir: options.gitDir, input, signal: options.signal }), "\0")) {
    const end = record.indexOf("\n");
    if (end > 0) yield { oid: record.slice(0, end), message: decodeUtf8(record.slice(end + 1)) };
  }
}
