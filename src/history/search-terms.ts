/** Words of FTS5 queries are quoted, so that nothing in them is syntax. */
export function quotedTerm(term: string): string {
  return `"${term.replaceAll('"', '""')}"`;
}

/** A query for any of these words. */
export function anyOf(terms: readonly string[]): string {
  return terms.map(quotedTerm).join(" OR ");
}

/** What the tokenizer would split a name at. */
const NO_TOKEN = /[^\p{L}\p{N}_$]+/gu;
const UPPER = /[A-Z]/;
const LOWER = /[a-z]/;

/**
 * An identifier as one token that no other identifier has, although the tokenizer folds case: `page_size` stays, `PAGE_SIZE` becomes
 * `$page_size`, `PageLRU` becomes `$$$page$l$r$u`. A text that is no identifier becomes a token that none has: the index keeps no
 * positions of identifiers, so it refuses a query for several tokens in a row.
 */
export function exactToken(text: string): string {
  const identifier = text.replace(NO_TOKEN, "$$_");
  if (!UPPER.test(identifier)) return identifier;
  if (!LOWER.test(identifier)) return `$${identifier.toLowerCase()}`;
  return `$$${identifier.replace(/[A-Z]/g, "$$$&").toLowerCase()}`;
}
