import { z } from "zod";
import { PRIORITY } from "../jobs/fair-queue.ts";
import type { JobContext } from "../jobs/parts.ts";
import { commitResource, urlOf } from "../jobs/resources.ts";
import { search } from "../jobs/search.ts";
import { ApiProblem } from "../problems.ts";
import { renderSearchText } from "../report/search-text.ts";
import { TreeId } from "../schema/common.ts";
import { SearchResults, SearchSort } from "../schema/search.ts";
import type { App } from "./app.ts";
import { callerOf, clientGone } from "./client.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { anyOf, linkNext, Paging, readCursor, writeCursor } from "./paging.ts";
import { problems } from "./representations.ts";

const DAY_SECONDS = 86_400;

/** A control character has no business in a word or path. */
const PRINTABLE = /^[^\p{Cc}]*$/u;
const Day = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

const SearchQuery = Paging.extend({
  q: z
    .string()
    .min(1)
    .max(300)
    .regex(PRINTABLE, "has a control character")
    .describe(
      "words, functions, identifiers, paths (with a slash), commit ids (7 to 40 digits), names and addresses of authors; a hit has all of them",
    ),
  target: TreeId.describe("the tree that presence is told for"),
  tree: anyOf(TreeId).describe("trees to search, may be given several times; default: all of role mainline and stable"),
  since: Day.optional().describe("committed on this day (UTC) or at this time, or later"),
  until: Day.optional().describe("committed on this day (UTC) or at this time, or earlier"),
  path: z
    .string()
    .max(4096)
    .regex(/^[^/\p{Cc}][^\p{Cc}]*$/u, "expected a path inside the tree, without a slash in front")
    .optional()
    .describe("only commits that touch this file, or something below this folder"),
  sort: SearchSort.default("relevance"),
});

const secondsOf = (day: string) => Math.floor(Date.parse(day) / 1000);
/** A day without a time includes all of it. */
const lastSecondOf = (day: string) => secondsOf(day) + (day.includes("T") ? 0 : DAY_SECONDS - 1);

/** @throws ApiProblem invalid-request for a cursor of another list or order */
function readHitPlace(cursor: string | undefined, sort: SearchSort): { readonly key: number; readonly num: number } | null {
  if (cursor === undefined) return null;
  const [order, key, num] = readCursor(cursor, 3);
  const place = { key: Number(key), num: Number(num) };
  if (order === sort && Number.isFinite(place.key) && Number.isSafeInteger(place.num)) return place;
  const detail = "This cursor belongs to a list in another order. Keep `sort` as it was, or leave the cursor out.";
  throw new ApiProblem("invalid-request", detail, [{ pointer: "/cursor", detail }]);
}

export function searchRoutes(app: App, context: JobContext): void {
  app.get(
    "/v1/search",
    {
      config: { offers: FORMS },
      schema: {
        tags: ["search"],
        summary: "Upstream commits that name or touch something, each with its presence in a tree",
        description:
          "Presence is told by the history index alone (ancestor, reference, patch-id, author-date, subject); ask for a commit by its url to have contents compared. As text/plain: one line a commit.",
        querystring: SearchQuery,
        response: {
          200: inForms("A page of commits; a Link header with rel=next names the page that follows", SearchResults),
          ...problems(404, 409, 503, 504),
        },
      },
    },
    async (request, reply) => {
      const { q, target, tree, since, until, path, sort, limit, cursor } = request.query;
      const found = await search(
        context,
        {
          query: q,
          target,
          upstreams: tree,
          since: since === undefined ? null : secondsOf(since),
          until: until === undefined ? null : lastSecondOf(until),
          path: path ?? null,
          sort,
          after: readHitPlace(cursor, sort),
          limit,
        },
        { caller: callerOf(request), priority: PRIORITY.person },
        clientGone(reply),
      );
      const items = found.hits.map((hit) => ({ ...hit, url: urlOf(commitResource(target, hit.oid)) }));
      const nextCursor = found.next === null ? null : writeCursor([sort, String(found.next.key), String(found.next.num)]);
      const { total } = found;
      const results: SearchResults = {
        kind: "search_results",
        target: found.target,
        upstreams: [...found.upstreams],
        terms: [...found.terms],
        total,
        items,
        nextCursor,
      };
      return sendForm(request, reply, linkNext(request, reply, results), ({ items: hits }) => renderSearchText(hits));
    },
  );
}
