import type { ByteReader } from "./byte-reader.ts";
import { type ConversationLimits, converse } from "./conversation.ts";
import { checkOid, EMPTY_TREE } from "./oid.ts";
import type { GitOptions } from "./process.ts";
import type { RawEntry } from "./raw-tree.ts";

/** As in patch-source.ts: git repeats a line that is not an id, and flushes. */
const TERMINATOR = "\nSYNC\n";
const ARGUMENTS = ["diff-tree", "--stdin", "-r", "--no-renames", "--diff-filter=A", "--no-abbrev"];
/** `:000000 mode zeros oid A`, then a tab and the path. */
const ADDED = /^:0+ ([0-7]{6}) 0+ ([0-9a-f]{40}) A\t/gm;

export interface AddedFiles {
  /** The files, submodules and links of a tree at whose paths another tree has none, without their paths. 20 ms on a kernel. */
  between(from: string, to: string): Promise<readonly RawEntry[]>;
  /** Compares nothing with nothing. */
  ping(timeLimitMs: number): Promise<unknown>;
  pid(): number | undefined;
  close(): Promise<void>;
}

function answers(input: ByteReader): () => Promise<RawEntry[]> {
  return async () => {
    const text = (await input.until(TERMINATOR))?.toString("latin1") ?? "";
    return [...text.matchAll(ADDED)].map(([, mode = "", oid = ""]) => ({ mode, oid }));
  };
}

/** Lists added files through one long-lived `git diff-tree`, which is started when it is first asked. */
export function openAddedFiles(options: Pick<GitOptions, "gitDir" | "env">, limits: ConversationLimits = {}): AddedFiles {
  const child = converse({ args: ARGUMENTS, options, answers }, limits);
  return {
    between: (from, to) => child.ask(`${checkOid(from)} ${checkOid(to)}\n${TERMINATOR}`),
    ping: (timeLimitMs) => child.ask(`${EMPTY_TREE} ${EMPTY_TREE}\n${TERMINATOR}`, timeLimitMs),
    pid: child.pid,
    close: child.close,
  };
}
