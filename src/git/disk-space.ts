import { opendir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { localPath } from "./remote-address.ts";
import { RemoteError } from "./remote-error.ts";

const GiB = 1024 ** 3;
/** A fetch writes what the remote has packed, and an index for it beside (13 % for the kernel). */
const PACK_AND_INDEX = 1.2;

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0;
  }
  return bytes;
}

/** Bytes that a clone of this remote will take, when that can be known: the remote is a directory of this machine. Else 0. */
export async function cloneEstimate(remote: string): Promise<number> {
  const path = localPath(remote);
  if (path === null) return 0;
  for (const folder of [join(path, ".git", "objects"), join(path, "objects")]) {
    const size = await sizeOf(folder).catch(() => null);
    if (size !== null) return size * PACK_AND_INDEX;
  }
  return 0;
}

/** @throws RemoteError disk-full when less than `bytes` are free where `path` lies. */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize >= bytes) return;
  const [free, needed] = [bavail * bsize, bytes].map((size) => `${(size / GiB).toFixed(1)} GiB`);
  throw new RemoteError(
    "disk-full",
    `the data directory has ${free} free and ${needed} are needed (BACKPORTD_MIN_FREE_DISK and the clone)`,
  );
}
