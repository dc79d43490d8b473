import type { HistoryIndex } from "../history/history-index.ts";

export type Resolved =
  | { readonly kind: "found"; readonly oid: string }
  | { readonly kind: "ambiguous"; readonly oids: readonly string[] }
  | { readonly kind: "not_found" };

/**
 * What an id from outside means: a commit of the mirror, by its full or abbreviated id, or the commit that carries an upstream commit known
 * only by a reference (a `commit <id> upstream.` line of a tree whose origin is not mirrored).
 * @param id 7 to 40 lower-case hexadecimal digits
 */
export function resolveCommit(index: HistoryIndex, id: string): Resolved {
  const own = index.resolve(id);
  const oids = own.length > 0 ? own : [...new Set(index.linksTo(id).flatMap((link) => (link.kind === "backport_of" ? [link.from] : [])))];
  const [first, ...others] = oids;
  if (first === undefined) return { kind: "not_found" };
  return others.length === 0 ? { kind: "found", oid: first } : { kind: "ambiguous", oids };
}
