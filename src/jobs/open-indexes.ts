import { statSync } from "node:fs";
import type { HistoryIndex } from "../history/history-index.ts";
import { openIndex } from "../history/open-index.ts";
import { openSourceIndex, type SourceIndex, type SourceRepository, sourceIndexPath } from "../source/source-index.ts";

interface OpenFile {
  readonly index: HistoryIndex;
  /** Tells a file from the one that replaced it under the same name. */
  readonly inode: number;
}

const open = new Map<string, OpenFile>();

/**
 * The history index of this thread. It stays open for the next task, since the first question about reachability loads the whole commit
 * graph; an open index sees what is added to it. A file that was built anew is opened anew.
 * @throws IndexUnusable
 */
export function indexOf(path: string): HistoryIndex {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
  const known = open.get(path);
  if (known !== undefined && known.inode === inode) return known.index;
  forgetIndex(path);
  const index = openIndex(path);
  open.set(path, { index, inode });
  return index;
}

/** Closes the index, for one that turned out to be damaged. */
export function forgetIndex(path: string): void {
  open.get(path)?.index.close();
  open.delete(path);
}

const openSources = new Map<string, SourceIndex>();

/** The source index of this thread, beside the history index; it begins itself anew when it is lost or damaged. */
export function sourcesOf(indexPath: string, repo: SourceRepository): SourceIndex {
  const known = openSources.get(indexPath);
  if (known !== undefined) return known;
  const sources = openSourceIndex(sourceIndexPath(indexPath), repo);
  openSources.set(indexPath, sources);
  return sources;
}
