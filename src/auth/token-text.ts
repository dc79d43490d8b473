import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** `bpd_<id>_<secret>`: the id finds the row and may be shown; the secret is 256 random bits, base64url. Scanners for leaked secrets know the form. */
const TOKEN = /^bpd_([0-9a-f]{12})_([\w-]{43})$/;

export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

/** Makes a new token. Its text is shown once; only the hash of the secret is kept. */
export function makeToken(): { readonly id: string; readonly text: string; readonly hash: string } {
  const id = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  return { id, text: `bpd_${id}_${secret}`, hash: hashOf(secret) };
}

export function readToken(text: string): TokenParts | null {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

/** A plain hash is enough: nobody can guess 256 random bits, so there is nothing that a slow one would slow down. */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Compares in a time that does not tell how much agrees. */
export function secretMatches(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(secret), "hex"), Buffer.from(hash, "hex"));
}
