import { z } from "zod";
import { ApiProblem } from "../problems.ts";

/** Query parameters of every list. */
export const Paging = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional().describe("nextCursor of the page before"),
});

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
    const detail = "This is no cursor of this list. Take nextCursor from a page, or leave it out to start anew.";
    throw new ApiProblem("invalid-request", detail, [{ pointer: "/cursor", detail }]);
  }
}

/** The place in a list that is ordered by time and then by id. */
export function readPlace(cursor: string | undefined): { readonly createdAt: string; readonly id: string } | null {
  if (cursor === undefined) return null;
  const [createdAt = "", id = ""] = readCursor(cursor, 2);
  return { createdAt, id };
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
