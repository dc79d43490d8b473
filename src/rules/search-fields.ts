/**
 * Where a commit may have a term of a search, and how much each place says: a commit that changes a function or names it in its subject is
 * meant more often than one whose message mentions it. Set by hand; a term's hits in one place are weighed by how rare they are.
 */
export const SEARCH_FIELDS = {
  id: 6,
  function: 5,
  subject: 4,
  path: 2,
  identifier: 1.5,
  author: 1.5,
  message: 1,
} as const;

export type SearchField = keyof typeof SEARCH_FIELDS;

export const SEARCH_LIMITS = { terms: 12, characters: 300 } as const;
