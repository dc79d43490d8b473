import type { ByteReader } from "./byte-reader.ts";
import { type ConversationLimits, converse } from "./conversation.ts";
import { checkOid, EMPTY_TREE } from "./oid.ts";
import type { GitOptions } from "./process.ts";
import type { MergeConflict, MergeResult } from "./repository.ts";
import type { ScratchStore } from "./scratch-store.ts";

export interface Merger {
  merge(base: string, ours: string, theirs: string): Promise<MergeResult>;
  /** Merges nothing with nothing. */
  ping(timeLimitMs: number): Promise<unknown>;
  pid(): number | undefined;
  close(): Promise<void>;
}

const CONFLICT_TYPE = /^CONFLICT \((.*)\)$/;
/** git gives an add/add conflict the type of a content conflict; only its text tells. */
const ADD_ADD = "CONFLICT (add/add)";

interface Message {
  readonly paths: readonly string[];
  readonly type: string;
  readonly text: string;
}

function toConflicts(messages: readonly Message[], unmerged: ReadonlySet<string>): MergeConflict[] {
  const conflicts: MergeConflict[] = [];
  const told = new Set<string>();
  for (const { paths, type, text } of messages) {
    const kind = CONFLICT_TYPE.exec(type)?.[1];
    const path = paths.find((candidate) => unmerged.has(candidate)) ?? paths[0];
    if (kind === undefined || path === undefined) continue;
    conflicts.push({ path, kind: text.startsWith(ADD_ADD) ? "add/add" : kind });
    for (const named of paths) told.add(named);
  }
  for (const path of unmerged) if (!told.has(path)) conflicts.push({ path, kind: "contents" });
  return conflicts;
}

/**
 * Reads one record of `merge-tree --write-tree --stdin --messages` (git's documentation, "OUTPUT"; all fields end with NUL): the flag, the
 * tree, `mode oid stage TAB path` for each conflicted stage, an empty field; for each message the number of its paths, these, its type
 * and its text; an empty field.
 */
async function readRecord(input: ByteReader): Promise<MergeResult> {
  const field = async () => (await input.until("\0"))?.toString("latin1") ?? "";
  const flag = await field();
  if (flag !== "0" && flag !== "1") throw new Error(`unexpected flag from merge-tree: ${flag.slice(0, 100)}`);
  const tree = await field();
  const unmerged = new Set<string>();
  for (let stage = await field(); stage !== ""; stage = await field()) unmerged.add(stage.slice(stage.indexOf("\t") + 1));
  const messages: Message[] = [];
  for (let count = await field(); count !== ""; count = await field()) {
    const paths: string[] = [];
    for (let left = Number(count); left > 0; left -= 1) paths.push(await field());
    messages.push({ paths, type: await field(), text: await field() });
  }
  return { clean: flag === "1", tree, conflicts: flag === "1" ? [] : toConflicts(messages, unmerged) };
}

/**
 * git 2.39 flushes a record without its last NUL, which comes with the next record. So each request is followed by a merge of the
 * sentinel with itself (0.1 ms), whose record pushes out the one we wait for and is itself read, and dropped, before the next.
 */
function answers(input: ByteReader): () => Promise<MergeResult> {
  let sentinelToRead = false;
  return async () => {
    if (sentinelToRead) await readRecord(input);
    sentinelToRead = true;
    return readRecord(input);
  };
}

/**
 * Merges trees through one long-lived `git merge-tree`. git 2.39 takes two commits and finds their base itself, so each merge gets
 * synthetic commits: the base, and two children of it that hold our and their tree.
 */
export function openMerger(options: Pick<GitOptions, "gitDir" | "env">, scratch: ScratchStore, limits: ConversationLimits = {}): Merger {
  const args = ["merge-tree", "--write-tree", "--stdin", "--messages"];
  const child = converse({ args, options, answers }, limits);
  const sentinel = scratch.writeCommit(EMPTY_TREE, null);

  async function merge(base: string, ours: string, theirs: string): Promise<MergeResult> {
    const parent = scratch.writeCommit(checkOid(base), null);
    const our = scratch.writeCommit(checkOid(ours), parent);
    const their = scratch.writeCommit(checkOid(theirs), parent);
    return child.ask(`${our} ${their}\n${sentinel} ${sentinel}\n`);
  }

  const ping = (timeLimitMs: number) => child.ask(`${sentinel} ${sentinel}\n`.repeat(2), timeLimitMs);

  return { merge, ping, pid: child.pid, close: child.close };
}
