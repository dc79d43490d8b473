import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { discard } from "./discard.ts";
import { type OpenRepository, openRepository, type RepositoryOptions } from "./open-repository.ts";
import type { Repository } from "./repository.ts";

/**
 * A repository whose scratch store is renewed between its uses. What is in the mirror itself can be read through it at any time, with
 * `blob` and `list`.
 */
export interface LentRepository extends Pick<Repository, "blob" | "list"> {
  /**
   * Everything written during `work` stays readable until it ends. When the store has become large or old, the next use gets a new one;
   * the old one goes with its last user.
   */
  use<T>(work: (repository: Repository) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface LendingLimits {
  /** Loose objects in one scratch store; a merge writes about five. */
  readonly objects: number;
  /** Bytes that they take on disk. */
  readonly bytes: number;
  readonly ageMs: number;
}

const LIMITS: LendingLimits = { objects: 100_000, bytes: 512 * 1024 * 1024, ageMs: 3_600_000 };
/** After a rest of this length the children are asked whether they live, so that one that hangs costs no request. */
const REST_MS = 60_000;
/** git gc --auto counts this one of the 256 directories to guess at the others. */
const SAMPLE = "17";
const BLOCK = 512;

interface Generation {
  readonly repository: OpenRepository;
  readonly scratchDir: string;
  readonly opened: number;
  users: number;
  usedAt: number;
}

async function isWorn({ scratchDir, opened }: Generation, limits: LendingLimits): Promise<boolean> {
  if (Date.now() - opened > limits.ageMs) return true;
  const folder = join(scratchDir, "scratch.git", "objects", SAMPLE);
  const names = await readdir(folder).catch(() => []);
  if (names.length * 256 > limits.objects) return true;
  let blocks = 0;
  for (const name of names) blocks += (await stat(join(folder, name)).catch(() => null))?.blocks ?? 0;
  return blocks * BLOCK * 256 > limits.bytes;
}

/** `scratchDir` belongs to this repository alone, and is emptied. */
export function lendRepository(options: RepositoryOptions, limits: LendingLimits = LIMITS): LentRepository {
  let count = 0;
  let current: Generation | null = null;
  void discard(options.scratchDir);

  function open(): Generation {
    count += 1;
    const scratchDir = join(options.scratchDir, String(count));
    const now = Date.now();
    return { repository: openRepository({ ...options, scratchDir }), scratchDir, opened: now, users: 0, usedAt: now };
  }

  async function end({ repository, scratchDir }: Generation): Promise<void> {
    await repository.close();
    void discard(scratchDir);
  }

  async function hold<T>(work: (generation: Generation) => Promise<T>): Promise<T> {
    // Whoever owns the disk may have taken the store of an idle repository away.
    if (current !== null && current.users === 0 && !existsSync(current.scratchDir)) await close();
    current ??= open();
    const generation = current;
    generation.users += 1;
    try {
      return await work(generation);
    } finally {
      generation.users -= 1;
      generation.usedAt = Date.now();
      if (generation.users === 0) generation.repository.forget();
      if (generation !== current && generation.users === 0) await end(generation);
    }
  }

  function use<T>(work: (repository: Repository) => Promise<T>): Promise<T> {
    return hold(async (generation) => {
      if (Date.now() - generation.usedAt > REST_MS) await generation.repository.ping();
      try {
        return await work(generation.repository);
      } finally {
        if ((await isWorn(generation, limits)) && generation === current) current = null;
      }
    });
  }

  async function close(): Promise<void> {
    const last = current;
    current = null;
    if (last !== null && last.users === 0) await end(last);
  }

  return {
    use,
    blob: (oid) => hold(({ repository }) => repository.blob(oid)),
    list: (treeish, paths) => hold(({ repository }) => repository.list(treeish, paths)),
    close,
  };
}
