import type { ByteReader } from "./byte-reader.ts";
import { type ConversationLimits, converse } from "./conversation.ts";
import { MissingObject } from "./missing-object.ts";
import { checkOid, EMPTY_TREE } from "./oid.ts";
import type { GitOptions } from "./process.ts";

/** A longer patch fails instead of filling the memory (the largest text patch of Linux history has about 20 MB). */
const LARGEST_PATCH = 64 * 1024 * 1024;

const ARGUMENTS = [
  "diff-tree",
  "--stdin",
  "-p",
  "-r",
  "--root",
  "--no-renames",
  "--full-index",
  "--binary",
  "-U3",
  "--no-color",
  "--no-ext-diff",
  "--no-textconv",
];

/**
 * diff-tree repeats a line that is not an object id, and flushes (git 2.39 does not flush otherwise), so this line ends every answer.
 * The empty line before it makes the terminator the same after a patch and after none. No line of a patch can be equal to it: they begin
 * with a blank, a sign or a known word, and a base85 line of a binary patch has 1 + 5n characters.
 */
const TERMINATOR = "\nSYNC\n";

export interface PatchSource {
  /** The patch of a commit against its first parent, of a root commit against nothing; empty for a merge and for a missing commit. */
  patch(commit: string): Promise<string>;
  /** The patch between two trees; commits are not accepted (git would read them as a commit and its parent). */
  diff(fromTree: string, toTree: string): Promise<string>;
  /** Compares nothing with nothing. */
  ping(timeLimitMs: number): Promise<unknown>;
  pid(): number | undefined;
  close(): Promise<void>;
}

/** The text without git's first line, which repeats the ids; null when it is too long. */
function answers(input: ByteReader): () => Promise<string | null> {
  return async () => {
    const bytes = await input.until(TERMINATOR, LARGEST_PATCH);
    return bytes === null ? null : bytes.toString("latin1", bytes.indexOf("\n") + 1);
  };
}

/** Makes unified diffs, bytes as latin1, through one long-lived `git diff-tree`. */
export function openPatchSource(options: Pick<GitOptions, "gitDir" | "env">, limits: ConversationLimits = {}): PatchSource {
  const child = converse({ args: ARGUMENTS, options, answers }, limits);

  async function ask(ids: string): Promise<string> {
    const text = await child.ask(`${ids}\n${TERMINATOR}`);
    if (text === null) throw new MissingObject(ARGUMENTS, null, `patch larger than ${LARGEST_PATCH} bytes: ${ids}`);
    return text;
  }

  return {
    patch: (commit) => ask(checkOid(commit)),
    diff: (fromTree, toTree) => ask(`${checkOid(fromTree)} ${checkOid(toTree)}`),
    ping: (timeLimitMs) => child.ask(`${EMPTY_TREE} ${EMPTY_TREE}\n${TERMINATOR}`, timeLimitMs),
    pid: child.pid,
    close: child.close,
  };
}
