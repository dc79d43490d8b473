import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { ApiProblem } from "../problems.ts";
import type { ListPlace } from "../store/database.ts";

/** Query parameters of every list. */
export const Paging = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional().describe("nextCursor of the page before"),
});

/** Query of what can be waited for. */
export const Wait = z.strictObject({ wait: z.coerce.number().min(0).max(60).default(0).describe("wait so many seconds for the end") });

/** A filter that may be given several times: any of its values. */
export function anyOf<T extends z.ZodType>(value: T) {
  return z
    .union([value, z.array(value).max(50)])
    .transform((given): z.output<T>[] => (Array.isArray(given) ? given : [given]))
    .optional()
    .describe("may be given several times: any of them");
}

/** For keeping a copy: what changed at this time or later. Rows are stamped with the clock of the service. */
export const UpdatedSince = z.iso
  .datetime({ offset: true })
  .transform((time) => new Date(time).toISOString())
  .optional()
  .describe("RFC 3339; only what changed at this time or later");

/** A cursor is opaque to callers: the place of the last item, encoded. */
export function writeCursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** @throws ApiProblem invalid-request for a cursor that no list gave out */
export function readCursor(cursor: string, parts: number): string[] {
  try {
    return z
      .array(z.string())
      .length(parts)
      .parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    return foreignCursor();
  }
}

function foreignCursor(): never {
  const detail = "This is no cursor of this list. Take nextCursor from a page, or leave it out to start anew.";
  throw new ApiProblem("invalid-request", detail, [{ pointer: "/cursor", detail }]);
}

/** The place in a list that is ordered by number. @throws ApiProblem invalid-request */
export function readNumber(cursor: string): number {
  const [place = ""] = readCursor(cursor, 1);
  return /^\d{1,15}$/.test(place) ? Number(place) : foreignCursor();
}

/** The place in a list that is ordered by time and then by id. */
export function readPlace(cursor: string | undefined): ListPlace | null {
  if (cursor === undefined) return null;
  const [createdAt = "", id = ""] = readCursor(cursor, 2);
  return { createdAt, id };
}

/** Names the next page in a Link header (RFC 8288) too, and passes the page on. */
export function linkNext<T extends { readonly nextCursor: string | null }>(request: FastifyRequest, reply: FastifyReply, page: T): T {
  if (page.nextCursor === null) return page;
  const [path = "", query] = request.url.split("?", 2);
  const parameters = new URLSearchParams(query);
  parameters.set("cursor", page.nextCursor);
  reply.header("link", `<${path}?${parameters}>; rel="next"`);
  return page;
}

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** Cuts a page from rows read with one more than the limit. */
export function cutPage<R, T>(rows: readonly R[], limit: number, place: (row: R) => string[], show: (row: R) => T): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(show), nextCursor: rows.length > limit && last !== undefined ? writeCursor(place(last)) : null };
}
