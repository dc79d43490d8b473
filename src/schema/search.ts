import { z } from "zod";
import { Presence } from "./analysis.ts";
import { Oid, PinnedTree, Timestamp } from "./common.ts";

export const SearchSort = z.enum(["relevance", "newest"]).meta({ id: "SearchSort" });
export type SearchSort = z.infer<typeof SearchSort>;

/** A commit that has every term of the search. */
export const SearchHit = z
  .object({
    oid: Oid,
    url: z.string().describe("the same commit with its contents compared and tried on the target"),
    upstreamOid: z.string().nullable().describe("the mainline commit that it says it carries, else itself"),
    subject: z.string(),
    author: z.string(),
    date: Timestamp.describe("when it was committed"),
    score: z.number().describe("larger is better; only to compare hits of one search"),
    matched: z
      .array(z.enum(["id", "function", "subject", "path", "identifier", "author", "message"]))
      .describe("where the terms were found"),
    presence: Presence.describe("asked of the index only: by ancestor, reference, patch-id, author-date and subject, never by content"),
  })
  .meta({ id: "SearchHit" });
export type SearchHit = z.infer<typeof SearchHit>;

/** Answer of GET /v1/search. */
export const SearchResults = z
  .object({
    kind: z.literal("search_results"),
    target: PinnedTree,
    upstreams: z.array(PinnedTree),
    terms: z.array(z.string()).describe("what was looked for; a hit has all of them"),
    total: z.number().int().nonnegative(),
    items: z.array(SearchHit),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: "SearchResults" });
export type SearchResults = z.infer<typeof SearchResults>;
