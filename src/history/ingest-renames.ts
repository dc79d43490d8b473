import { renames } from "../git/rename-stream.ts";
import type { IndexDatabase } from "./index-file.ts";
import type { IngestOptions } from "./ingest.ts";
import { directoriesOf, tableDictionary } from "./write-commits.ts";
import { writeFound } from "./write-found.ts";

/**
 * Asks git for the renames of the commits that may have some. Those whose objects are missing are told and stay noted for the next run.
 * @throws GitError when git fails for another reason
 */
export async function addRenames(options: IngestOptions, db: IndexDatabase): Promise<void> {
  const toFind = db.prepare("SELECT num, lower(hex(oid)) AS oid FROM renames_to_find JOIN commits USING (num) ORDER BY num").all();
  const numOf = new Map((toFind as { num: number; oid: string }[]).map(({ num, oid }) => [oid, num]));
  if (numOf.size === 0) return;
  const found = db.prepare("DELETE FROM renames_to_find WHERE num = ?");
  const path = tableDictionary(db, "paths", ["path"]);
  const insert = db.prepare("INSERT INTO renames VALUES (?, ?, ?)");
  const missing = await writeFound(options, db, {
    stage: "renames",
    numOf,
    found: renames({ gitDir: options.gitDir, oids: [...numOf.keys()], signal: options.signal }),
    write: (num, commit) => {
      if (commit.state !== "missing") found.run(num);
      for (const { from, to } of commit.renames) {
        const source = path(from);
        for (const entered of [to, ...directoriesEntered(from, to)]) insert.run(path(entered), num, source);
      }
    },
  });
  if (missing > 0) options.log?.(`renames of ${missing} commits could not be read: the repository lacks objects`);
}

/** Directories that hold the new name and not the old one. */
function directoriesEntered(from: string, to: string): ReadonlySet<string> {
  return directoriesOf([to]).difference(directoriesOf([from]));
}
