/** A mail, or a part of one: its header lines and what follows them. Text is latin1: one character per byte. */
export interface Entity {
  readonly head: string;
  readonly body: string;
}

/** A part that says something to a reader of patches, its transfer encoding undone. */
export interface Part {
  readonly text: string;
  /** It is declared to be a mail of its own. */
  readonly isMail: boolean;
}

/** Multiparts inside of multiparts, and parts of one mail, that are read. */
const MOST_DEPTH = 5;
const MOST_PARTS = 200;
/** Characters of a header that are read: what names a part is short. */
const MOST_OF_HEADER = 1000;

/** Null when the text does not begin with header lines. */
export function entityOf(raw: string): Entity | null {
  const end = raw.search(/\r?\n\r?\n/);
  if (end === -1 || !/^(?:From |[\w-]+:)/.test(raw)) return null;
  // A mail that was saved as it travelled has CRLF everywhere, and its patch has none of its own: git mailsplit takes them away too.
  const text = withoutCarriageReturns(raw);
  const head = text.slice(0, text.indexOf("\n\n"));
  return { head, body: text.slice(head.length + 2) };
}

/** A header, unfolded; null when there is none. */
export function headerOf(head: string, name: string): string | null {
  const match = new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t].*)*)`, "mi").exec(head);
  return match?.[1]?.replace(/\n[ \t]+/g, " ").trim() ?? null;
}

/** What separates the parts of a mail with this head (RFC 2046); null when it is no multipart. */
export function boundaryOf(head: string): string | null {
  const type = shortHeader(head, "Content-Type");
  const match = /^multipart\//i.test(type) ? /;\s?boundary="?([^"\s;]{1,200})/i.exec(type) : null;
  return match?.[1] ?? null;
}

/**
 * The parts of a mail that may hold a patch: all of `multipart/mixed` and the like, the first one of `multipart/alternative`, what is signed of
 * `multipart/signed`. A mail without parts is its own only part.
 */
export function readableParts(mail: Entity): Part[] {
  return partsOf(mail, { left: MOST_PARTS }, 0);
}

function partsOf({ head, body }: Entity, bound: { left: number }, depth: number): Part[] {
  const type = shortHeader(head, "Content-Type");
  const boundary = boundaryOf(head);
  if (boundary === null) {
    const isMail = /^message\/rfc822\b/i.test(type);
    return isMail || isReadable(type, shortHeader(head, "Content-Disposition")) ? [{ text: decoded(head, body), isMail }] : [];
  }
  const found: Part[] = [];
  for (const raw of depth < MOST_DEPTH ? between(body, boundary) : []) {
    if (bound.left-- <= 0) break;
    const parts = partsOf(entityOf(raw) ?? { head: "", body: raw }, bound, depth + 1);
    found.push(...parts);
    // What follows says the same in another form, or is the signature.
    if (parts.length > 0 && /^multipart\/(?:alternative|signed)\b/i.test(type)) break;
  }
  return found;
}

/** Text that is no HTML, and what is a patch or a mailbox by its type or name. */
function isReadable(type: string, disposition: string): boolean {
  if (type === "" || /^(?:text\/(?!html)|application\/(?:x-)?(?:patch|diff|mbox)\b)/i.test(type)) return true;
  return /\.(?:patch|diff|mbox)(?:"|;|$)/i.test(`${type};${disposition}`);
}

/** What stands between the lines `--boundary`, up to `--boundary--`. Text before the first is for readers that do not know parts. */
function between(body: string, boundary: string): string[] {
  const parts: string[][] = [];
  for (const line of body.split("\n")) {
    const rest = line.startsWith(`--${boundary}`) ? line.slice(boundary.length + 2).trimEnd() : null;
    if (rest === "--") break;
    if (rest === "") parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts.map((lines) => lines.map((line) => `${line}\n`).join(""));
}

function shortHeader(head: string, name: string): string {
  return (headerOf(head, name) ?? "").slice(0, MOST_OF_HEADER);
}

/** The body with its transfer encoding undone. */
function decoded(head: string, body: string): string {
  const encoding = headerOf(head, "Content-Transfer-Encoding")?.toLowerCase();
  if (encoding === "base64") return withoutCarriageReturns(Buffer.from(body, "base64").toString("latin1"));
  if (encoding !== "quoted-printable") return body;
  const plain = body.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return withoutCarriageReturns(plain);
}

/** Line ends of the transport: when every line has one, it is not the text's own (a patch to a file with such lines has headers without). */
function withoutCarriageReturns(text: string): string {
  return /(?:^|[^\r])\n/.test(text) ? text : text.replaceAll("\r\n", "\n");
}
