import type { IndexDatabase } from "./index-file.ts";
import type { IngestOptions } from "./ingest.ts";
import { stageProgress } from "./progress.ts";
import { writeBatch } from "./write-batch.ts";

/** Commits of one transaction. */
const BATCH = 5_000;

/** What git tells of one commit. */
interface Found {
  readonly oid: string;
  /** `missing` when objects that it needs are not in the repository. */
  readonly state: string;
}

export interface FoundStage<T extends Found> {
  readonly stage: string;
  /** The commits that are asked for, by id. */
  readonly numOf: ReadonlyMap<string, number>;
  readonly found: AsyncIterable<T>;
  readonly write: (num: number, found: T) => void;
}

/**
 * Writes what git tells of the commits that it was asked for, batch by batch, with progress.
 * @returns the number of commits that are missing
 */
export async function writeFound<T extends Found>(
  { report, batchSize }: IngestOptions,
  db: IndexDatabase,
  { stage, numOf, found, write }: FoundStage<T>,
): Promise<number> {
  const progress = stageProgress(stage, report, numOf.size);
  const batch = writeBatch(db, batchSize ?? BATCH, () => {});
  let done = 0;
  let missing = 0;
  try {
    for await (const one of found) {
      const num = numOf.get(one.oid);
      if (num === undefined) continue;
      if (one.state === "missing") missing += 1;
      write(num, one);
      batch.added();
      done += 1;
      progress.update(done);
    }
    batch.commit();
  } finally {
    batch.abandon();
  }
  progress.end(done);
  return missing;
}
