import type { Plan, PlanMail } from "../schema/plan.ts";
import { encodedWords, headerText } from "./mail-headers.ts";

/** What of a plan goes into the mails. */
export type MboxPlan = Pick<Plan, "id" | "target" | "steps" | "engineVersion">;

export type Mbox = { readonly kind: "mbox"; readonly bytes: Buffer } | { readonly kind: "refused"; readonly reason: string };

/**
 * A plan as a series of mails that `git am` takes on the target: what `git format-patch --base` writes, with the line `commit <id> upstream.`
 * that the stable trees use. A binary change is refused: its patch could not be read by those who review mail.
 */
export function renderMbox(plan: MboxPlan, mails: readonly PlanMail[]): Mbox {
  for (const { oid, diff } of mails) {
    const binary = /^diff --git (.*)\n(?:.*\n){0,6}?GIT binary patch$/m.exec(diff);
    if (binary !== null) return { kind: "refused", reason: `${oid} changes a binary file (${headerText(binary[1] ?? "")})` };
  }
  return { kind: "mbox", bytes: Buffer.concat(mails.map((mail, at) => renderMail(plan, mail, at, mails.length))) };
}

function renderMail(plan: MboxPlan, mail: PlanMail, at: number, of: number): Buffer {
  const body = renderBody(plan, mail, at);
  const encoding = mustEncode(body) ? "base64" : "8bit";
  const first = `<${plan.id}.1@backportd.invalid>`;
  const headers = [
    `From ${mail.oid} Mon Sep 17 00:00:00 2001`,
    `From: ${mailbox(mail.authorName, mail.authorEmail)}`,
    `Date: ${mailDate(mail.authorDate)}`,
    `Subject: [PATCH ${at + 1}/${of}] ${encodedWords(subjectOf(mail.message))}`,
    `Message-ID: <${plan.id}.${at + 1}@backportd.invalid>`,
    ...(at === 0 ? [] : [`In-Reply-To: ${first}`, `References: ${first}`]),
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=UTF-8",
    `Content-Transfer-Encoding: ${encoding}`,
  ];
  const content = encoding === "8bit" ? body : Buffer.from(`${body.toString("base64").replace(/.{76}/g, "$&\n")}\n`);
  return Buffer.concat([Buffer.from(`${headers.join("\n")}\n\n`), content, Buffer.from("\n")]);
}

/** The message is UTF-8, the diff has the bytes of the files. */
function renderBody(plan: MboxPlan, { upstreamOid, oid, message, notes, diff }: PlanMail, at: number): Buffer {
  const because = plan.steps.find((step) => step.oid === oid)?.because ?? "";
  const lines = [
    ...(namesItsOrigin(message) ? [] : [`commit ${upstreamOid} upstream.`, ""]),
    ...bodyOf(message).map(harmless),
    ...(notes.length === 0 ? [] : ["", ...notes.map((note) => `[ backportd: ${headerText(note)} ]`)]),
    "---",
    `  Why: ${headerText(because)}`,
    "",
    "",
  ];
  const base = at === 0 ? `\nbase-commit: ${plan.target.oid}\n` : "";
  const tail = `${base}-- \nbackportd ${headerText(plan.engineVersion)}\n`;
  return Buffer.concat([Buffer.from(lines.join("\n"), "utf8"), Buffer.from(diff, "latin1"), Buffer.from(tail, "utf8")]);
}

/** A form from a stable tree says already which commit it carries; it must be the first line for `git am` to see no header in the text. */
function namesItsOrigin(message: string): boolean {
  return /^(?:commit [0-9a-f]{7,40} upstream\b|\[ Upstream commit [0-9a-f]{7,40} \])/.test(bodyOf(message)[0] ?? "");
}

/** The first paragraph on one line, as git reads it. */
function subjectOf(message: string): string {
  return headerText(message.trimStart().split(/\n[ \t]*\n/, 1)[0] ?? "");
}

/** The lines below the subject, without blank ones around them; control characters are taken out. */
function bodyOf(message: string): string[] {
  const text = message.trimStart().replace(/^.*?(?:\n[ \t]*\n|$)/s, "");
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\0-\x08\x0b-\x1f\x7f]/g, "")
    .replace(/^\n+|\s+$/g, "")
    .split("\n");
}

/** Where `git am` would see the beginning of a patch, the line is moved by a blank (patchbreak() in git's mailinfo.c). */
function harmless(line: string): string {
  return /^(?:diff -|Index: |--- ?\S|---\s*$)/.test(line) && !/^----/.test(line) ? ` ${line}` : line;
}

/** Carriage returns do not survive git's mailsplit, and a line that begins with `From ` begins a mail. */
function mustEncode(body: Buffer): boolean {
  return body.includes("\r") || body.includes("\nFrom ") || body.indexOf("From ") === 0;
}

/** A name without what git takes for the beginning of the address. */
function mailbox(name: string, email: string): string {
  const plainName = headerText(name)
    .replace(/[<>"\\]/g, "")
    .replaceAll("@", " at ")
    .trim();
  const address = headerText(email).replace(/[<>\s"()]/g, "");
  const shown = /[^\w .'-]/.test(plainName) && /^[\x20-\x7e]*$/.test(plainName) ? `"${plainName}"` : encodedWords(plainName);
  return `${shown} <${/^[\x21-\x7e]+$/.test(address) ? address : "unknown@localhost"}>`.trim();
}

const LAST_SECOND = 253_402_300_799;

/** UTC: the index keeps no time zones, and the moment is the same. */
function mailDate(seconds: number): string {
  const moment = new Date(Math.min(Math.max(seconds, 0), LAST_SECOND) * 1000);
  return moment.toUTCString().replace("GMT", "+0000");
}
