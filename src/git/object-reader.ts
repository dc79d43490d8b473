import type { ByteReader } from "./byte-reader.ts";
import { parseCommit } from "./commit-object.ts";
import { type ConversationLimits, converse } from "./conversation.ts";
import { checkOid, EMPTY_TREE } from "./oid.ts";
import { GitError, type GitOptions } from "./process.ts";
import { DIRECTORY_MODE, parseTree, type RawEntry, type RawTree } from "./raw-tree.ts";
import type { CommitObject, TreeEntry } from "./repository.ts";

/** A larger object is answered as if it were missing: nothing we analyse is that large, and it must not fill the memory. */
const LARGEST_OBJECT = 64 * 1024 * 1024;
/** Entries of parsed directories kept, about 50 MB; a kernel tree has 40,000 to 90,000. */
const CACHED_ENTRIES = 300_000;
/** Bytes of blobs and commits kept: those that several stages of one question read. */
const CACHED_BYTES = 16 << 20;
/** The exit code of git's die(), which is how it reports an object that it cannot decode. */
const GIT_DIED = 128;

interface StoredObject {
  readonly oid: string;
  readonly type: string;
  readonly size: number;
  /** Empty when only the size was asked for. */
  readonly bytes: Buffer;
}

const INFO = "info ";
const NO_BYTES = Buffer.alloc(0);
const NO_ENTRIES: RawTree = new Map();

type ObjectAnswer = StoredObject | null;

export interface HeldObjects {
  heldTree(oid: string): RawTree | undefined;
  heldBlob(oid: string): Buffer | undefined;
}

export interface ObjectReader {
  commit(oid: string): Promise<CommitObject | null>;
  blob(oid: string): Promise<Buffer | null>;
  /** In bytes; null for a missing object. */
  size(oid: string): Promise<number | null>;
  /** The directory of a commit or tree; null when it is missing. */
  tree(treeish: string): Promise<RawTree | null>;
  entry(treeish: string, path: string): Promise<TreeEntry | null>;
  /** Reads the empty tree. */
  ping(timeLimitMs: number): Promise<unknown>;
  pid(): number | undefined;
  close(): Promise<void>;
}

/** Answers of `cat-file --batch-command`: `<oid> <type> <size>`, for `contents` the bytes and a newline; or `<name> missing`. */
function answers(input: ByteReader): (request: string) => Promise<ObjectAnswer> {
  return async (request) => {
    const header = String(await input.until("\n"));
    const [oid = "", type = "", size = ""] = header.split(" ");
    if (size === "") return null;
    const length = Number(size);
    if (!Number.isSafeInteger(length)) throw new Error(`unexpected header from cat-file: ${header.slice(0, 100)}`);
    if (request.startsWith(INFO)) return { oid, type, size: length, bytes: NO_BYTES };
    if (length > LARGEST_OBJECT) {
      await input.skip(length + 1);
      return null;
    }
    const bytes = await input.exactly(length);
    await input.skip(1);
    return { oid, type, size: length, bytes };
  };
}

/**
 * Reads objects through one long-lived `git cat-file`; many reads may be under way at once. A missing or damaged object is null.
 * @param held objects that git cannot see yet
 */
export function openObjectReader(
  options: Pick<GitOptions, "gitDir" | "env">,
  limits: ConversationLimits = {},
  held: HeldObjects = { heldTree: () => undefined, heldBlob: () => undefined },
): ObjectReader {
  const child = converse({ args: ["cat-file", "--batch-command"], options, answers }, limits);
  const trees = new Map<string, RawTree>();
  /** Several stages walk the same directories at the same time. */
  const reading = new Map<string, Promise<RawTree | null>>();
  let cachedEntries = 0;
  const objects = new Map<string, Promise<Buffer | null>>();
  let cachedBytes = 0;

  const contents = (name: string) => answerTo(`contents ${name}\n`);

  async function answerTo(request: string): Promise<ObjectAnswer> {
    try {
      return await child.ask(request);
    } catch (error) {
      if (error instanceof GitError && error.exitCode === GIT_DIED) return null;
      throw error;
    }
  }

  async function typed(oid: string, type: string): Promise<Buffer | null> {
    const found = await contents(checkOid(oid));
    return found?.type === type ? found.bytes : null;
  }

  async function tree(treeish: string): Promise<RawTree | null> {
    if (checkOid(treeish) === EMPTY_TREE) return NO_ENTRIES;
    const fresh = held.heldTree(treeish);
    if (fresh !== undefined) return fresh;
    const known = trees.get(treeish);
    if (known !== undefined) {
      // Moved to the young end, so that the oldest one is the one that was not used for longest.
      trees.delete(treeish);
      trees.set(treeish, known);
      return known;
    }
    const started = reading.get(treeish) ?? readTree(treeish);
    reading.set(treeish, started);
    return started;
  }

  async function readTree(treeish: string): Promise<RawTree | null> {
    try {
      const found = await contents(`${treeish}^{tree}`);
      return found === null ? null : keepTree(treeish, parseTree(found.bytes));
    } finally {
      reading.delete(treeish);
    }
  }

  function keepTree(treeish: string, parsed: RawTree): RawTree {
    cachedEntries += parsed.size;
    trees.set(treeish, parsed);
    for (const [oldest, { size }] of trees) {
      if (cachedEntries <= CACHED_ENTRIES) break;
      trees.delete(oldest);
      cachedEntries -= size;
    }
    return parsed;
  }

  /** The bytes belong to all callers: nobody changes them. */
  function remembered(oid: string, type: "blob" | "commit"): Promise<Buffer | null> {
    const key = `${type} ${oid}`;
    const known = objects.get(key);
    if (known !== undefined) return known;
    const asked = typed(oid, type);
    objects.set(key, asked);
    const forget = () => objects.delete(key);
    asked.then((bytes) => (bytes === null || bytes.length > CACHED_BYTES / 4 ? forget() : keep(bytes.length)), forget);
    return asked;
  }

  async function blob(oid: string): Promise<Buffer | null> {
    return held.heldBlob(oid) ?? remembered(oid, "blob");
  }

  function keep(size: number): void {
    cachedBytes += size;
    if (cachedBytes <= CACHED_BYTES) return;
    // All at once: a question reads its objects together, and those of the next one are others.
    objects.clear();
    cachedBytes = 0;
  }

  async function entry(treeish: string, path: string): Promise<TreeEntry | null> {
    let found: RawEntry | undefined;
    let directory = treeish;
    for (const name of path.split("/")) {
      if (found !== undefined && found.mode !== DIRECTORY_MODE) return null;
      found = (await tree(directory))?.get(name);
      if (found === undefined) return null;
      directory = found.oid;
    }
    return found === undefined ? null : { mode: found.mode.padStart(6, "0"), oid: found.oid, path };
  }

  return {
    commit: async (oid) => {
      const bytes = await remembered(oid, "commit");
      return bytes === null ? null : parseCommit(oid, bytes);
    },
    blob,
    size: async (oid) => (await answerTo(`${INFO}${checkOid(oid)}\n`))?.size ?? null,
    tree,
    entry,
    ping: (timeLimitMs) => child.ask(`contents ${EMPTY_TREE}\n`, timeLimitMs),
    pid: child.pid,
    close: () => {
      objects.clear();
      return child.close();
    },
  };
}
