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

/**
 * Splits a mailbox, or a text that is one mail or one diff, into its patches, in the order of their numbers `n/m`. A cover letter holds no patch
 * and is left out; its base and prerequisites, like those of any mail (git writes them into one), count for the whole series.
 */
export function readMails(text: string): PatchMail[] {
  const mails = splitMailbox(text).map(readMail);
  const baseCommit = mails.find((mail) => mail.baseCommit !== null)?.baseCommit ?? null;
  const prerequisites = mails.find((mail) => mail.prerequisites.length > 0)?.prerequisites ?? [];
  const patches = mails.filter((mail) => looksLikePatch(mail.text)).map((mail) => ({ ...mail, baseCommit, prerequisites }));
  return patches.every((mail) => mail.part !== null) ? patches.sort((a, b) => (a.part ?? 0) - (b.part ?? 0)) : patches;
}

function splitMailbox(text: string): string[] {
  const mails: string[][] = [[]];
  for (const line of text.split("\n")) {
    if (MBOX_FROM.test(line) && mails.at(-1)?.some((one) => one !== "")) mails.push([]);
    mails.at(-1)?.push(line);
  }
  return mails.map((lines) => lines.join("\n"));
}

function readMail(raw: string): PatchMail {
  const split = raw.search(/\r?\n\r?\n/);
  const isMail = /^(?:From |From: |Subject: |Date: |[\w-]+: )/.test(raw) && split !== -1;
  const head = isMail ? raw.slice(0, split) : "";
  const text = isMail ? decoded(head, raw) : raw;
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

/** A header, unfolded; null when there is none. */
function headerOf(head: string, name: string): string | null {
  const match = new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, "mi").exec(head);
  return match?.[1]?.replace(/\r?\n[ \t]+/g, " ").trim() ?? null;
}

/** The mail with the transfer encoding of its body undone. */
function decoded(head: string, raw: string): string {
  const encoding = headerOf(head, "Content-Transfer-Encoding")?.toLowerCase();
  const body = raw.slice(head.length);
  if (encoding === "base64") return `${head}\n\n${Buffer.from(body, "base64").toString("latin1")}`;
  if (encoding !== "quoted-printable") return raw;
  const plain = body
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return head + plain;
}
