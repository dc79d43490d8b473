import { columnReads } from "./column-reads.ts";
import { commitReads } from "./commit-reads.ts";
import type { HistoryIndex } from "./history-index.ts";
import { guarded, openForReading } from "./index-file.ts";
import { linkReads } from "./link-reads.ts";
import { pathReads } from "./path-reads.ts";
import { postingReads } from "./posting-reads.ts";
import { reachabilityReads } from "./reachability-reads.ts";
import { searchReads } from "./search-reads.ts";

export { IndexUnusable, isSound, removeIndex } from "./index-file.ts";

type AnyMethod = (...args: never[]) => unknown;

/** The same methods, with damage of the file told as IndexUnusable. */
function guardAll<T extends object>(path: string, methods: T): T {
  const guardedMethods = Object.entries(methods as Record<string, AnyMethod>).map(([name, method]) => [
    name,
    (...args: never[]) => guarded(path, () => method(...args)),
  ]);
  return Object.fromEntries(guardedMethods) as T;
}

/**
 * Opens a history index for reading. It sees what ingest adds later. Synchronous: for worker threads.
 * @throws IndexUnusable when the file is missing, damaged or of another version; so does every method that meets a damaged page
 */
export function openIndex(path: string): HistoryIndex {
  const db = openForReading(path);
  return guarded(path, () => {
    const reachability = reachabilityReads(db);
    return guardAll(path, {
      close: () => {
        db.close();
      },
      ...commitReads(db),
      ...reachability,
      ...pathReads(db, reachability),
      ...linkReads(db),
      ...searchReads(db),
      ...postingReads(db),
      ...columnReads(db),
    });
  });
}
