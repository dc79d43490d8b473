import type { Repository } from "./repository.ts";

/** The file at a path of a commit or tree as latin1, one character per byte; null when it is not there or its content is missing. */
export async function fileText(repo: Pick<Repository, "entry" | "blob">, treeish: string, path: string): Promise<string | null> {
  const entry = await repo.entry(treeish, path);
  const bytes = entry === null ? null : await repo.blob(entry.oid);
  return bytes === null ? null : bytes.toString("latin1");
}
