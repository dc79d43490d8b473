import assert from "node:assert/strict";
import { test } from "node:test";
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
