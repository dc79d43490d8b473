import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { runGit } from "./process.ts";

/**
 * No gc behind our back (readers would lose packs); each fetch one pack (a killed one leaves nothing half); writers of several trees
 * wait a minute for each other's locks; a connection that moves less than 1 kB/s for a minute is given up; a repack stays within
 * a bounded amount of memory.
 */
const CONFIG = `[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	logAllRefUpdates = false
	filesRefLockTimeout = 60000
	packedRefsTimeout = 60000
[gc]
	auto = 0
[maintenance]
	auto = false
[fetch]
	unpackLimit = 1
	writeCommitGraph = false
[http]
	lowSpeedLimit = 1000
	lowSpeedTime = 60
[pack]
	windowMemory = 256m
[repack]
	updateServerInfo = false
	writeBitmaps = false
`;

/** What a killed git leaves among the objects: half packs and objects, quarantine directories. A tag may have such a name. */
const LEFTOVER_OBJECTS = /^(?:tmp_(?:pack|idx|rev|bitmap|mtimes|obj|graph|midx)_|tmp_objdir-|incoming-|\.tmp-)/;
/** Locks may be anywhere; no ref ends so. */
const LOCK = /\.lock$/;
const PACK_FILE = /^(pack-[0-9a-f]+)\.(\w+)$/;

/** Creates the bare repository when there is none, and gives it the configuration that this version of the service wants. */
export async function prepareMirror(path: string): Promise<void> {
  const found = await Promise.all(["HEAD", "objects", "refs"].map((name) => stat(join(path, name)).catch(() => null)));
  if (found.includes(null)) await runGit(["init", "--quiet", "--bare", "--template=", "--initial-branch=none", "--", path]);
  const config = join(path, "config");
  await writeFile(`${config}.lock`, CONFIG);
  await rename(`${config}.lock`, config);
}

/** Names of the complete packs, without suffix. */
export async function packNames(path: string): Promise<string[]> {
  const files = await readdir(join(path, "objects", "pack")).catch(() => []);
  return files.filter((name) => name.endsWith(".idx")).map((name) => name.slice(0, -".idx".length));
}

/** Removes packs. The index goes first: from then on git sees no pack, and what remains after a kill is a leftover. */
export async function removePacks(path: string, names: readonly string[]): Promise<void> {
  const folder = join(path, "objects", "pack");
  const files = await readdir(folder);
  for (const pack of names) {
    await rm(join(folder, `${pack}.idx`), { force: true });
    for (const file of files) if (PACK_FILE.exec(file)?.[1] === pack) await rm(join(folder, file), { force: true });
  }
}

/**
 * Removes what a killed git left in a mirror: half files, locks, packs that never got their index, and the marks by which a fetch
 * keeps its new pack from being repacked. Only while no git writes to the mirror.
 * @returns the removed paths, relative to the mirror.
 */
export async function removeLeftovers(path: string): Promise<string[]> {
  const removed: string[] = [];
  const packs = new Set(await packNames(path));
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const found = relative(path, join(entry.parentPath, entry.name));
    const isLeftover = found.startsWith("objects/")
      ? LOCK.test(found) || LEFTOVER_OBJECTS.test(entry.name) || (await isDeadPackFile(path, found, entry.name, packs))
      : LOCK.test(found);
    if (!isLeftover) continue;
    await rm(join(path, found), { recursive: true, force: true });
    removed.push(found);
  }
  return removed;
}

async function isDeadPackFile(path: string, found: string, name: string, packs: ReadonlySet<string>): Promise<boolean> {
  const [, pack, suffix] = PACK_FILE.exec(name) ?? [];
  if (pack === undefined) return false;
  if (!packs.has(pack)) return true;
  // git's fetch-pack writes its name into the mark (documentation of index-pack, --keep); anyone else's is left alone.
  return suffix === "keep" && (await readFile(join(path, found), "latin1")).startsWith("fetch-pack ");
}
