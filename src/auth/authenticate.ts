import type { Scope } from "../schema/access.ts";
import type { Db } from "../store/database.ts";
import { anyToken, getToken, touchToken } from "../store/tokens.ts";
import { readToken, secretMatches } from "./token-text.ts";

/** Who a request is from. `local`: the service listens on a loopback address and has never had a token, so every caller is its admin. */
export type Caller =
  | { readonly kind: "local"; readonly scope: Scope }
  | { readonly kind: "token"; readonly scope: Scope; readonly id: string }
  | { readonly kind: "anonymous"; readonly scope: Scope | null }
  /** Showed a token that is unknown, revoked or malformed. */
  | { readonly kind: "refused"; readonly scope: null };

export interface AccessSettings {
  /** The service can be reached from this machine only. */
  readonly loopback: boolean;
  /** Callers without a token may read. */
  readonly anonymousRead: boolean;
}

const LEVEL: Readonly<Record<Scope, number>> = { read: 1, analyze: 2, admin: 3 };
/** `last used` is kept to the minute, so that reading does not write all the time. */
const TOUCH_MS = 60_000;

export function includes(granted: Scope | null, needed: Scope): boolean {
  return granted !== null && LEVEL[granted] >= LEVEL[needed];
}

/**
 * Makes the function that tells who a request is from, by its Authorization header. Tokens are read at each request: one that is created
 * or revoked by the command counts at once, also in a service that runs.
 */
export function createAuthenticator(db: Db, settings: AccessSettings): (authorization: string | undefined) => Promise<Caller> {
  const touched = new Map<string, number>();
  let closed = !settings.loopback;

  async function byToken(authorization: string): Promise<Caller> {
    const [, text = ""] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    const parts = readToken(text);
    const row = parts === null ? null : await getToken(db, parts.id);
    if (parts === null || row === null || row.revokedAt !== null || !secretMatches(parts.secret, row.hash))
      return { kind: "refused", scope: null };
    const now = Date.now();
    if (now - (touched.get(row.id) ?? 0) >= TOUCH_MS) {
      touched.set(row.id, now);
      // Reading goes on when the disk is full or the database locked; a later request notes the use.
      touchToken(db, row.id, new Date(now).toISOString()).catch(() => touched.delete(row.id));
    }
    return { kind: "token", scope: row.scope, id: row.id };
  }

  return async (authorization) => {
    closed ||= await anyToken(db);
    if (!closed) return { kind: "local", scope: "admin" };
    if (authorization !== undefined) return byToken(authorization);
    return { kind: "anonymous", scope: settings.anonymousRead ? "read" : null };
  };
}
