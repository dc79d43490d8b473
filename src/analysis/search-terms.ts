/** One term of a search, and how it is looked for. */
export type SearchTerm =
  /** An abbreviated or full commit id; the word too. */
  | { readonly kind: "id"; readonly text: string }
  /** A file or folder; the words of it in messages too. */
  | { readonly kind: "path"; readonly text: string }
  /** The address of an author. */
  | { readonly kind: "address"; readonly text: string }
  | { readonly kind: "word"; readonly text: string };

const ID = /^[0-9a-f]{7,40}$/i;
const SAYS_NOTHING = /^[^\p{L}\p{N}]*$/u;
/** Marks around a name as people paste it: `nfsd4_run_cb()`, "quoted", a:, *. */
const AROUND = /^[^\p{L}\p{N}_./]+|[^\p{L}\p{N}_/]+$/gu;

/** The terms of a query, each once. Nothing in it is syntax: quotes, stars and operators of the index's language say nothing. */
export function readSearchTerms(query: string): SearchTerm[] {
  const terms = new Map<string, SearchTerm>();
  for (const word of query.split(/\s+/)) {
    const text = word.replace(AROUND, "");
    if (!SAYS_NOTHING.test(text)) terms.set(text, termOf(text));
  }
  return [...terms.values()];
}

function termOf(text: string): SearchTerm {
  if (ID.test(text)) return { kind: "id", text: text.toLowerCase() };
  if (text.includes("@")) return { kind: "address", text };
  return { kind: text.includes("/") ? "path" : "word", text };
}
