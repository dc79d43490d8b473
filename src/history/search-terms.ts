/** Words of FTS5 queries are quoted, so that nothing in them is syntax. */
export function quotedTerm(term: string): string {
  return `"${term.replaceAll('"', '""')}"`;
}

/** A query for any of these words. */
export function anyOf(terms: readonly string[]): string {
  return terms.map(quotedTerm).join(" OR ");
}

const UPPER = /[A-Z]/;
const LOWER = /[a-z]/;

/**
 * An identifier as one token that no other identifier has, although the tokenizer folds case: `page_size` stays, `PAGE_SIZE` becomes
 * `$page_size`, `PageLRU` becomes `$$$page$l$r$u`.
 */
export function exactToken(identifier: string): string {
  if (!UPPER.test(identifier)) return identifier;
  if (!LOWER.test(identifier)) return `$${identifier.toLowerCase()}`;
  return `$$${identifier.replace(/[A-Z]/g, "$$$&").toLowerCase()}`;
}
