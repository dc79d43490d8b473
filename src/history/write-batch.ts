import type { IndexDatabase } from "./index-file.ts";

export interface WriteBatch {
  /** Call after each item: ends the transaction and begins the next one when it is full. */
  readonly added: () => void;
  readonly commit: () => void;
  /** Undoes the items since the last full batch. */
  readonly abandon: () => void;
}

/**
 * Writes in transactions of `size` items. An item is never split over two, so a process that is killed leaves a file that holds
 * the first items whole and nothing of the others.
 *
 * @param flush writes what was collected from the items of the batch
 */
export function writeBatch(db: IndexDatabase, size: number, flush: () => void): WriteBatch {
  let count = 0;
  function end(): void {
    flush();
    db.exec("COMMIT");
  }
  function begin(): void {
    db.exec("BEGIN IMMEDIATE");
    count = 0;
  }
  begin();
  return {
    added: () => {
      count += 1;
      if (count < size) return;
      end();
      begin();
    },
    commit: end,
    abandon: () => {
      if (db.inTransaction) db.exec("ROLLBACK");
    },
  };
}
