import { boundaryOf, type Entity, entityOf, headerOf, readableParts } from "./mime.ts";
import { looksLikePatch } from "./parse.ts";

/** One mail of `git format-patch`, or a bare diff. Text is latin1: one character per byte. */
export interface PatchMail {
  /** Without `[PATCH v2 1/3]`; null when the text names none. */
  readonly subject: string | null;
  readonly author: string | null;
  /** Its place in the series; null when it does not tell. */
  readonly part: number | null;
  /** The commit that the series was made on, from the trailer `base-commit:`. */
  readonly baseCommit: string | null;
  /** `prerequisite-patch-id:` trailers: patches that lie between the base commit and the series, in order. */
  readonly prerequisites: readonly string[];
  readonly text: string;
}

/** The line that begins a mail in an mbox: git writes the commit's id, mail programs a sender. */
const MBOX_FROM = /^From \S+ +\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}/;
const BASE_COMMIT = /^base-commit: ([0-9a-f]{40})\s*$/m;
const PREREQUISITE = /^prerequisite-patch-id: ([0-9a-f]{40})\s*$/gm;

/** Mails attached to mails that were attached themselves are read to this depth. */
const MOST_NESTED = 2;
/** Header lines of a mail that are read; a text without blank lines is no header. */
const MOST_HEADER_LINES = 300;

/**
 * Splits a mailbox, or a text that is one mail or one diff, into its patches, in the order of their numbers `n/m`. A cover letter holds no patch
 * and is left out; its base and prerequisites, like those of any mail (git writes them into one), count for the whole series. Of a multipart the
 * readable parts count as the mail's text (mime.ts), but an attached mail is a mail of its own.
 */
export function readMails(text: string): PatchMail[] {
  const mails = splitMailbox(text).flatMap((raw) => readMail(raw, 0));
  const baseCommit = mails.find((mail) => mail.baseCommit !== null)?.baseCommit ?? null;
  const prerequisites = mails.find((mail) => mail.prerequisites.length > 0)?.prerequisites ?? [];
  const patches = mails.filter((mail) => looksLikePatch(mail.text)).map((mail) => ({ ...mail, baseCommit, prerequisites }));
  return patches.every((mail) => mail.part !== null) ? patches.sort((a, b) => (a.part ?? 0) - (b.part ?? 0)) : patches;
}

/** Cut before each line that begins a mail; attached patches have such lines too, so none counts before a multipart has ended. */
function splitMailbox(text: string): string[] {
  const lines = text.split("\n");
  const dashed = new Map<string, number[]>();
  for (const [at, line] of lines.entries()) {
    if (!/^--.*--\s*$/.test(line)) continue;
    const places = dashed.get(line.trimEnd());
    if (places === undefined) dashed.set(line.trimEnd(), [at]);
    else places.push(at);
  }
  const endOfParts = (start: number): number => {
    const head = lines.slice(start, start + MOST_HEADER_LINES);
    const blank = head.findIndex((line) => line.trim() === "");
    const boundary = boundaryOf(head.slice(0, Math.max(blank, 0)).join("\n"));
    const ends = boundary === null ? undefined : dashed.get(`--${boundary}--`);
    // git ends all multiparts of a mailbox alike: those before this mail are none of its own.
    while (ends?.[0] !== undefined && ends[0] < start) ends.shift();
    return ends?.[0] ?? -1;
  };
  const starts = [lines.findIndex((line) => line.trim() !== "")];
  let end = endOfParts(starts[0] ?? 0);
  for (const [at, line] of lines.entries()) {
    if (at <= Math.max(end, starts.at(-1) ?? 0) || !MBOX_FROM.test(line)) continue;
    starts.push(at);
    end = endOfParts(at);
  }
  return starts.map((start, i) => lines.slice(start, starts[i + 1]).join("\n"));
}

function readMail(raw: string, depth: number): PatchMail[] {
  const entity = entityOf(raw);
  if (entity === null) return [mailOf({ head: "", body: raw })];
  const parts = readableParts(entity);
  const isMail = (part: (typeof parts)[number]): boolean => depth < MOST_NESTED && (part.isMail || MBOX_FROM.test(part.text));
  const attached = parts.filter(isMail).flatMap((part) => splitMailbox(part.text).flatMap((one) => readMail(one, depth + 1)));
  const own = parts.flatMap((part) => (isMail(part) ? [] : [part.text]));
  return [mailOf({ head: entity.head, body: `\n\n${own.join("\n")}` }), ...attached];
}

function mailOf({ head, body }: Entity): PatchMail {
  const text = head + body;
  const subject = headerOf(head, "Subject");
  const part = /^\[[^\]]*?\b(\d+)\/\d+\]/.exec(subject ?? "")?.[1];
  return {
    subject: subject?.replace(/^(?:\[[^\]]*\]\s*)+/, "") ?? null,
    author: headerOf(head, "From"),
    part: part === undefined ? null : Number(part),
    baseCommit: BASE_COMMIT.exec(text)?.[1] ?? null,
    prerequisites: [...text.matchAll(PREREQUISITE)].map((match) => match[1] ?? ""),
    text,
  };
}
