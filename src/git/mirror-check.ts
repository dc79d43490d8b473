import { runGit } from "./process.ts";

/**
 * Of these commits those that a repository cannot read with all their directories. Half a second for each head of a kernel; contents of files
 * are not looked at. A repository that git does not take for one lacks them all.
 */
export async function unreadableCommits(gitDir: string, oids: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const lost: string[] = [];
  for (const oid of oids) {
    const sound = await runGit(["ls-tree", "-r", "-z", "--name-only", "--end-of-options", `${oid}^{tree}`], { gitDir, signal }).then(
      () => true,
      () => false,
    );
    signal?.throwIfAborted();
    if (!sound) lost.push(oid);
  }
  return lost;
}
