import type { SearchHit } from "../schema/search.ts";
import { plain, SHORT } from "./markdown.ts";

const DATE = 10;

/** One line a commit: `absent 2025-03-10 1054e8ffc5c4 nfsd: prevent callback tasks running concurrently`. */
export function renderSearchText(hits: readonly SearchHit[]): string {
  const lines = hits.map(({ presence, date, upstreamOid, oid, subject }) =>
    [presence.state, date.slice(0, DATE), (upstreamOid ?? oid).slice(0, SHORT), plain(subject)].join(" "),
  );
  return lines.map((line) => `${line}\n`).join("");
}
