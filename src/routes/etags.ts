import { createHash } from "node:crypto";
import type { App } from "./app.ts";

/** A weak comparison (RFC 9110 section 13.1.2): `W/` does not count, `*` is anything. */
function matches(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/**
 * Gives every answer to a GET below /v1 an ETag, the digest of its bytes, and answers 304 to who has it already. Clients ask again each
 * time (`no-cache`) unless the route said that the answer never changes. Event streams have no ETag.
 */
export function tagAnswers(app: App): void {
  app.addHook("onSend", async (request, reply, payload) => {
    const asked = request.method === "GET" || request.method === "HEAD";
    if (!asked || reply.statusCode !== 200 || typeof payload !== "string" || !request.url.startsWith("/v1/")) return payload;
    const etag = `"${createHash("sha256").update(payload).digest("base64url").slice(0, 27)}"`;
    reply.header("etag", etag);
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-cache");
    const known = request.headers["if-none-match"];
    if (known === undefined || !matches(known, etag)) return payload;
    reply.code(304).removeHeader("content-type");
    return null;
  });
}
