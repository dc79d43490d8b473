import { createHash } from "node:crypto";
import { messages } from "../git/messages.ts";
import { type OwnConvention, withOwn } from "../rules/own-conventions.ts";
import { readReferences } from "../rules/read-references.ts";
import type { Reference } from "../rules/reference-conventions.ts";
import type { IndexDatabase } from "./index-file.ts";

const META_KEY = "conventions";

/** How messages are read, and a digest that changes when they would be read otherwise. */
export interface ReferenceReader {
  readonly read: (message: string) => readonly Reference[];
  readonly digest: string;
}

/** A reader of the built-in conventions and those of the user. */
export function referenceReader(own: readonly OwnConvention[]): ReferenceReader {
  const rows = withOwn(own);
  // A regular expression has no JSON of its own.
  const text = JSON.stringify(rows, (_, value: unknown) => (value instanceof RegExp ? String(value) : value));
  return { read: (message) => readReferences(message, rows), digest: createHash("sha256").update(text).digest("hex").slice(0, 16) };
}

/** The digest of the conventions by which the references of the index were read; null for none. */
export function conventionsOf(db: IndexDatabase): string | null {
  return (db.prepare("SELECT value FROM meta WHERE key = ?").pluck().get(META_KEY) as string | undefined) ?? null;
}

/** Adds the references of one commit. */
export function linkWriter(db: IndexDatabase, read: ReferenceReader["read"]): (num: number, message: string) => void {
  const insert = db.prepare("INSERT INTO links VALUES (?, ?, ?, ?)");
  return (num, message) => {
    for (const { kind, id, text } of read(message)) insert.run(num, kind, id, text);
  };
}

/**
 * Reads the references of all commits again when they were read by other conventions: the messages are in git alone. One transaction, so
 * readers see the old references or the new ones.
 * @returns whether they were read
 * @throws GitError
 */
export async function rereadReferences(
  db: IndexDatabase,
  { read, digest }: ReferenceReader,
  options: { readonly gitDir: string; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  if (conventionsOf(db) === digest) return false;
  const rows = db.prepare("SELECT num, lower(hex(oid)) FROM commits ORDER BY num").raw().all() as [number, string][];
  const oids = rows.map(([, oid]) => oid);
  const write = linkWriter(db, read);
  db.exec("BEGIN IMMEDIATE");
  try {
    db.exec("DELETE FROM links");
    // Both are in one order; git leaves out what the mirror lost.
    let at = 0;
    for await (const { oid, message } of messages({ ...options, oids })) {
      while (at < rows.length && oids[at] !== oid) at++;
      const num = rows[at]?.[0];
      if (num !== undefined) write(num, message);
    }
    db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)").run(META_KEY, digest);
    db.exec("COMMIT");
  } finally {
    if (db.inTransaction) db.exec("ROLLBACK");
  }
  return oids.length > 0;
}
