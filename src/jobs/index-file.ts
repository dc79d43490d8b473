import { existsSync, rmSync, writeFileSync } from "node:fs";
import { IndexUnusable, openIndex, removeIndex } from "../history/open-index.ts";
import { referenceReader } from "../history/references.ts";
import type { OwnConvention } from "../rules/own-conventions.ts";
import type { IndexFile } from "./parts.ts";

/**
 * The file of the history index as the jobs see it. That a build has begun and not ended stands in a file beside it, and so outlives a kill.
 * @param conventions the user's own; an index whose references were read by others is behind
 */
export function indexFile(path: string, conventions: readonly OwnConvention[] = []): IndexFile {
  const { digest } = referenceReader(conventions);
  const unfinished = `${path}.unfinished`;
  return {
    look(heads) {
      if (!existsSync(path)) return "unusable";
      try {
        const index = openIndex(path);
        try {
          const outdated = existsSync(unfinished) || index.conventions() !== digest;
          return outdated || heads.some((oid) => index.commit(oid) === null) ? "behind" : null;
        } finally {
          index.close();
        }
      } catch (error) {
        if (error instanceof IndexUnusable) return "unusable";
        throw error;
      }
    },
    startAnew() {
      removeIndex(path);
      writeFileSync(unfinished, "");
    },
    finished: () => rmSync(unfinished, { force: true }),
  };
}
