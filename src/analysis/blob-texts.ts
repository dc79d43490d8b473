import type { Repository } from "../git/repository.ts";
import { type FileText, fileText } from "./file-text.ts";

/** Texts of blobs that were read, the last used ones; a blob's id says all about its content, so they never become wrong. */
export interface BlobTexts {
  /** Null for a blob that the mirror lacks. */
  read(repo: Pick<Repository, "blob">, oid: string): Promise<FileText | null>;
}

/** Bytes of content kept. In memory a text takes two to three times as much: it is kept in both shapes. */
const KEPT_BYTES = 32 * 1024 * 1024;

export function blobTexts(keptBytes = KEPT_BYTES): BlobTexts {
  const kept = new Map<string, FileText>();
  const underWay = new Map<string, Promise<FileText | null>>();
  let bytes = 0;

  function keep(oid: string, text: FileText): void {
    kept.set(oid, text);
    bytes += text.size;
    for (const [oldest, { size }] of kept) {
      if (bytes <= keptBytes) break;
      kept.delete(oldest);
      bytes -= size;
    }
  }

  async function load(repo: Pick<Repository, "blob">, oid: string): Promise<FileText | null> {
    try {
      const content = await repo.blob(oid);
      if (content === null) return null;
      const text = fileText(content.toString("latin1"));
      keep(oid, text);
      return text;
    } finally {
      underWay.delete(oid);
    }
  }

  return {
    async read(repo, oid) {
      const known = kept.get(oid);
      if (known !== undefined) {
        // Moved to the young end.
        kept.delete(oid);
        kept.set(oid, known);
        return known;
      }
      const started = underWay.get(oid) ?? load(repo, oid);
      underWay.set(oid, started);
      return started;
    },
  };
}
