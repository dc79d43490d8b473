import { readFile, stat } from "node:fs/promises";

export interface Credential {
  readonly username: string;
  readonly password: string;
}

interface StoredCredential extends Credential {
  /** `https://host:port`, the port left out when it is the usual one. */
  readonly origin: string;
  /** Without slashes at its ends; empty when the entry is for the whole host. */
  readonly path: string;
}

/** The file with credentials cannot be used; the message names neither its path nor anything in it. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
}

const READABLE_BY_OTHERS = 0o077;
/** git's own credential protocol ends a value at the end of the line. */
const CONTROL = /\p{Cc}/u;

/**
 * Reads a file in the format of git-credential-store: one URL with user and password a line, percent-encoded; blank lines and comments (#)
 * are skipped. Read at each use, so that a changed password counts at once.
 * @throws CredentialsError when it cannot be read, others may read it, or a line is not such a URL.
 */
export async function readCredentials(file: string): Promise<StoredCredential[]> {
  let text: string;
  let mode: number;
  try {
    text = await readFile(file, "utf8");
    mode = (await stat(file)).mode;
  } catch (error) {
    throw new CredentialsError("the credentials file cannot be read", { cause: error });
  }
  if ((mode & READABLE_BY_OTHERS) !== 0) throw new CredentialsError("the credentials file must be readable by its owner only (mode 0600)");
  const found: StoredCredential[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const entry = parseEntry(line);
    if (entry === null) throw new CredentialsError(`line ${at + 1} of the credentials file is not a URL with user and password`);
    found.push(entry);
  }
  return found;
}

function parseEntry(line: string): StoredCredential | null {
  const url = URL.parse(line);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  const credential = credentialIn(url);
  return credential === null ? null : { ...credential, origin: originOf(url), path: pathOf(url) };
}

/** User and password that stand in an address; null when there are none or they cannot be decoded. */
export function credentialIn(url: URL): Credential | null {
  try {
    const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    return `${username}${password}` === "" || CONTROL.test(`${username}${password}`) ? null : { username, password };
  } catch {
    return null;
  }
}

const originOf = (url: URL) => `${url.protocol}//${url.host}`;
const pathOf = (url: URL) => url.pathname.replace(/^\/+|\/+$/g, "");

/**
 * The credential for an address: of the same scheme, host and port, of the same user if the address names one, and for a path at or above
 * that of the address; the longest such path, then the first line.
 */
export function findCredential(stored: readonly StoredCredential[], url: URL): Credential | null {
  const user = credentialIn(url)?.username ?? "";
  const path = `${pathOf(url)}/`;
  let best: StoredCredential | null = null;
  for (const entry of stored) {
    const fits = entry.origin === originOf(url) && (user === "" || user === entry.username);
    if (!fits || !(entry.path === "" || path.startsWith(`${entry.path}/`))) continue;
    if (best === null || entry.path.length > best.path.length) best = entry;
  }
  return best === null ? null : { username: best.username, password: best.password };
}
