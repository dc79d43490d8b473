import assert from "node:assert/strict";
import { test } from "node:test";
import { checkQuestion } from "../../src/jobs/question.ts";
import { readMails } from "../../src/patch/mails.ts";
import { parsePatch } from "../../src/patch/parse.ts";
import { commitAll, seriesRepository } from "./series.ts";

test("the mails of git format-patch are read in the order of their numbers, whatever the order they come in", (t) => {
  const { git, write } = seriesRepository(t);
  commitAll(write, git, ["first\n", "second\n", "third\n"]);
  const stdout = git(["format-patch", "--stdout", "--cover-letter", "--base=HEAD~3", "-3"]);
  const mails = stdout.split(/^(?=From [0-9a-f]{40} )/m);
  assert.equal(mails.length, 4, "a cover letter and three patches");
  const read = readMails([mails[0], mails[3], mails[1], mails[2]].join(""));
  assert.deepEqual(
    read.map((mail) => [mail.part, mail.subject]),
    [
      [1, "change 0"],
      [2, "change 1"],
      [3, "change 2"],
    ],
  );
  const base = git(["rev-parse", "HEAD~3"]).trim();
  assert.ok(
    read.every((mail) => mail.baseCommit === base),
    "the base of the series holds for each of its mails",
  );
  assert.ok(read.every((mail) => parsePatch(mail.text).files.length === 1));
});

test("prerequisite patches are named", (t) => {
  const { git, write } = seriesRepository(t);
  commitAll(write, git, ["first\n", "second\n"]);
  const [mail] = readMails(git(["format-patch", "--stdout", "--base=HEAD~2", "-1"]));
  assert.equal(mail?.prerequisites.length, 1);
  const id = git(["patch-id", "--stable"], git(["show", "HEAD~1"])).slice(0, 40);
  assert.deepEqual(mail?.prerequisites, [id]);
});

test("a bare diff is one patch without subject", () => {
  const diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n";
  assert.deepEqual(
    readMails(diff).map(({ subject, part, text }) => ({ subject, part, text })),
    [{ subject: null, part: null, text: diff }],
  );
});

test("transfer encodings of mail programs are undone", () => {
  const body = "Change it.\n\n---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a = 1\n+b = 2\n";
  const head = "From: A <a@example.org>\nSubject: [PATCH] f: change\nContent-Transfer-Encoding: ";
  const quoted = `${head}quoted-printable\n\n${body.replaceAll("=", "=3D").replace("Change it.", "Change =\nit.")}`;
  const base64 = `${head}base64\n\n${Buffer.from(body).toString("base64")}\n`;
  for (const mail of [quoted, base64]) {
    const [read] = readMails(mail);
    // The lines of a base64 body hold no diff until they are decoded.
    assert.ok(read, mail);
    assert.deepEqual(
      parsePatch(read.text).files[0]?.hunks[0]?.lines.map((line) => line.op + line.text),
      ["-a = 1\n", "+b = 2\n"],
    );
  }
});

function patchTo(file: string, from: string, to: string): string {
  return `diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-${from}\n+${to}\n`;
}

function mail(subject: string, type: string, body: string): string {
  return `From: A <a@example.org>\nSubject: ${subject}\nMIME-Version: 1.0\nContent-Type: ${type}\n\n${body}`;
}

function multipart(kind: string, boundary: string, ...parts: string[]): [type: string, body: string] {
  const body = parts.map((part) => `--${boundary}\n${part}\n`).join("");
  return [`multipart/${kind};\n boundary="${boundary}"`, `For old readers.\n${body}--${boundary}--\nA list's footer.\n`];
}

function part(type: string, body: string, encoding = "8bit"): string {
  return `Content-Type: ${type}\nContent-Transfer-Encoding: ${encoding}\n\n${body}`;
}

const PATCH = patchTo("f", "a", "b");
const changedFiles = (text: string): (string | undefined)[][] =>
  readMails(text).map((one) => parsePatch(one.text).files.map((file) => file.newPath ?? undefined));

test("patches that git attaches are read as those that it writes inline", (t) => {
  const { git, write } = seriesRepository(t);
  commitAll(write, git, ["first\n", "second\n"]);
  const plain = readMails(git(["format-patch", "--stdout", "-2"]));
  for (const way of ["--attach", "--inline"]) {
    const read = readMails(git(["format-patch", "--stdout", way, "-2"]));
    assert.deepEqual(
      read.map((one) => [one.subject, one.part, parsePatch(one.text).files]),
      plain.map((one) => [one.subject, one.part, parsePatch(one.text).files]),
      way,
    );
  }
});

test("the parts of mixed, signed and alternative mails that hold a patch are read, in any encoding and nested", () => {
  const base64 = part('application/octet-stream; name="0001-f.patch"', Buffer.from(PATCH).toString("base64"), "base64");
  const quoted = part("text/x-patch", PATCH.replaceAll("=", "=3D").replace("@@ -1", "@@ =\n-1"), "quoted-printable");
  const html = part("text/html", `<pre>${PATCH}</pre>`);
  const picture = part('image/png; name="graph.png"', Buffer.from(PATCH).toString("base64"), "base64");
  const samples: [type: string, body: string][] = [
    multipart("mixed", "=_1", part("text/plain", "See the attachment.\n"), base64, part("text/plain", "_____\nlist mailing list\n")),
    multipart("mixed", "=_1", part("text/plain", "Both parts are one mail.\n"), picture, quoted),
    multipart("signed", "=_1", part("text/plain", PATCH), part("application/pgp-signature", "-----BEGIN")),
    multipart("alternative", "=_1", part("text/plain", PATCH), part("text/x-other", PATCH), html),
    multipart("alternative", "=_1", html, part("text/plain", PATCH)),
    multipart("mixed", "=_1", `Content-Type: ${multipart("signed", "=_2", part("text/plain", PATCH)).join("\n\n")}`),
    multipart("mixed", "=_1", `\n${PATCH}`),
  ];
  for (const [type, body] of samples) {
    const text = mail("[PATCH] f: change", type, body);
    assert.deepEqual(changedFiles(text), [["f"]], text);
    assert.deepEqual(changedFiles(text.replaceAll("\n", "\r\n")), [["f"]], "as it travels");
    assert.deepEqual(
      parsePatch(readMails(text.replaceAll("\n", "\r\n"))[0]?.text ?? "").files[0]?.hunks[0]?.lines.map((line) => line.text),
      ["a\n", "b\n"],
    );
    assert.equal(readMails(text)[0]?.subject, "f: change");
  }
  const hidden = mail("[PATCH] f: change", ...multipart("mixed", "=_1", base64));
  assert.doesNotThrow(
    () => checkQuestion({ target: "vendor", patch: hidden, options: { maxCandidates: 1, includePresent: 0 } }),
    "and such a mail may be sent",
  );
  assert.deepEqual(changedFiles(mail("no patch", ...multipart("mixed", "=_1", html, picture))), []);
});

test("attached mails are mails of their own, in the order of their numbers, and do not cut the mail that holds them", () => {
  const from = (n: number): string => `From ${String(n).repeat(40)} Mon Sep 17 00:00:00 2001\n`;
  const attached = (n: number): string => from(n) + mail(`[PATCH ${n}/2] change ${n}`, "text/plain", patchTo(`f${n}`, "a", "b"));
  const forwarded = part("message/rfc822", mail("[PATCH 1/2] change 1", "text/plain", patchTo("f1", "a", "b")));
  const patchPart = (text: string): string => part('text/x-patch; charset="us-ascii"', text);
  for (const first of [patchPart(attached(1)), forwarded]) {
    const outer = mail("please take these", ...multipart("mixed", "=_1", part("text/plain", "Hello.\n"), patchPart(attached(2)), first));
    const box = from(0) + outer + from(3) + mail("unrelated talk", "text/plain", "Thanks.\n");
    assert.deepEqual(
      readMails(box).map((one) => [one.part, one.subject]),
      [
        [1, "change 1"],
        [2, "change 2"],
      ],
    );
    assert.deepEqual(changedFiles(box), [["f1"], ["f2"]]);
  }
});

test("multiparts are read to a bounded depth and number, in linear time, and a missing end is no harm", () => {
  let nested: [type: string, body: string] = ["text/plain", PATCH];
  for (let depth = 0; depth < 40; depth++) nested = multipart("mixed", `b${depth}-`, `Content-Type: ${nested.join("\n\n")}`);
  assert.deepEqual(changedFiles(mail("deep", ...nested)), []);
  const many = Array.from({ length: 5000 }, () => part("text/plain", PATCH));
  assert.ok(changedFiles(mail("many", ...multipart("mixed", "=_1", ...many))).flat().length <= 200);
  const [type, body] = multipart("mixed", "=_1", part("text/plain", PATCH));
  assert.deepEqual(changedFiles(mail("cut off", type, body.slice(0, body.indexOf("--=_1--")))), [["f"]]);
  const headers = `From a Mon Sep 17 00:00:00 2001\nContent-Type: multipart/mixed; boundary=x\n\n`;
  const started = process.cpuUsage().user;
  readMails(headers.repeat(30_000) + PATCH);
  readMails(`Content-Type: multipart/mixed; ${"; boundary ".repeat(100_000)}\n\n${PATCH}`);
  assert.ok(process.cpuUsage().user - started < 5_000_000, "seconds, not minutes");
});
