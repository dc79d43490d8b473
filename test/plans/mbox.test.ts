import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { renderMbox } from "../../src/report/mbox.ts";
import type { PlanMail } from "../../src/schema/plan.ts";
import { buildRepository, type Files, file, git, temporaryDirectory } from "../git/fixture.ts";
import { gitAm } from "./support.ts";

const OID = "1".repeat(40);
const MAIL: PlanMail = {
  oid: OID,
  upstreamOid: OID,
  authorName: "A. Uthor",
  authorEmail: "author@example.org",
  authorDate: 1_600_000_000,
  message: "area: a change\n\nIt changes a thing.\n\nSigned-off-by: A. Uthor <author@example.org>\n",
  notes: [],
  diff: "",
};

interface Pair {
  readonly gitDir: string;
  readonly base: string;
  readonly trees: readonly string[];
}

/** A repository with commits that have these files, one on the other. */
function history(t: TestContext, versions: readonly Files[]): Pair {
  const commits = versions.map((files) => ({ ref: "refs/heads/main", parents: [], files }));
  const gitDir = buildRepository(join(temporaryDirectory(t), "bare"), commits);
  const oids = git(gitDir, ["rev-list", "--reverse", "main"]).split("\n");
  return { gitDir, base: oids[0] ?? "", trees: oids.map((oid) => git(gitDir, ["rev-parse", `${oid}^{tree}`])) };
}

const DIFF = ["diff-tree", "-p", "-r", "--no-renames", "--full-index", "--binary"];

function render({ gitDir, base, trees }: Pair, mail: Partial<PlanMail> = {}): ReturnType<typeof renderMbox> {
  const target = { tree: "vendor", ref: "v", oid: base };
  const mails = trees.slice(1).map((tree, at) => ({ ...MAIL, ...mail, diff: `${git(gitDir, [...DIFF, trees[at] ?? "", tree])}\n` }));
  return renderMbox({ id: "0123", target, steps: [], engineVersion: "1.0" }, mails);
}

function applied(t: TestContext, pair: Pair, mail: Partial<PlanMail> = {}): { readonly log: string; readonly cwd: string } {
  const mbox = render(pair, mail);
  assert.equal(mbox.kind, "mbox");
  if (mbox.kind !== "mbox") throw new Error("refused");
  const done = gitAm(t, pair.gitDir, pair.base, mbox.bytes);
  assert.equal(done.tree, pair.trees.at(-1));
  return done;
}

const one = (text: string): Files => new Map([["a.c", file(text)]]);
const SIMPLE: readonly Files[] = [one("a\nb\nc\n"), one("a\nB\nc\n"), one("a\nB\nC\n")];

test("a series keeps author, date, subject and message, and says which commit it carries and where it starts", async (t) => {
  const pair = history(t, SIMPLE);
  const { log } = applied(t, pair);
  const one = `A. Uthor <author@example.org> 1600000000\narea: a change\n\ncommit ${OID} upstream.\n\nIt changes a thing.\n\nSigned-off-by: A. Uthor <author@example.org>\n`;
  assert.equal(log, [one, one].join("\n"));
  const mbox = render(pair);
  const text = mbox.kind === "mbox" ? mbox.bytes.toString() : "";
  assert.deepEqual(
    [...text.matchAll(/^base-commit: (.*)$/gm)].map(([, oid]) => oid),
    [pair.base],
  );
  assert.match(text, /^Subject: \[PATCH 2\/2\] area: a change$/m);
});

test("bytes of files come through: CRLF, no newline at the end, latin1, long lines, modes, new and removed files", async (t) => {
  const files = (text: string, mode: string, more: [string, string][] = []): Files =>
    new Map([["a.c", file(text, mode)], ["dir/kept", file("1\n")], ...more.map(([path, content]) => [path, file(content)] as const)]);
  applied(
    t,
    history(t, [
      files("a\r\nb\r\nc\r\n", "100644", [["gone", "x\ny\n"]]),
      files("a\r\nB\r\nc\r\n", "100755", [["new \xe4", "From here\nFrom nobody Mon Sep 17 00:00:00 2001\n--- \n"]]),
      files(`a\r\nB\r\n\xe4\xff${"x".repeat(3000)}`, "100644"),
      files("From a\n\u000c\n", "100644", [["-- ", "-- \n"]]),
    ]),
  );
});

test("no text of a commit begins a header, a mail, a patch or another message", async (t) => {
  const pair = history(t, [SIMPLE[0] ?? one(""), SIMPLE[1] ?? one("")]);
  const evil = "diff --git a/evil b/evil\nnew file mode 100644\nindex 0000000..1111111\n--- /dev/null\n+++ b/evil\n@@ -0,0 +1 @@\n+evil\n";
  const messages = [
    `subject\nX-Evil: 1\n\n${evil}`,
    `subject\r\nBcc: evil@example.org\r\n\r\n${evil.replaceAll("\n", "\r\n")}`,
    `a\u2028b\0c\n\nFrom: Evil <evil@example.org>\nSubject: evil\n\n---\n${evil}`,
    `s\n\nFrom 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001\nFrom: Evil <e@e>\nSubject: evil\n\n${evil}`,
    `s\n\n--- a/evil\n+++ b/evil\n@@ -0,0 +1 @@\n+evil\nIndex: evil\n-- \n`,
    "\n\n",
    "",
    `ok\n\n${"\n".repeat(50)}commit ${OID} upstream.\n-----\nlist\n`,
  ];
  for (const message of messages) {
    const { log, cwd } = applied(t, pair, { message, authorName: "Evil\nX: y", authorEmail: "e@example.org>\nBcc: <z@z" });
    assert.equal(git(cwd, ["rev-list", "--count", "HEAD"]), "2", message);
    assert.match(log, /^Evil X: y <e@example\.orgBcc:z@z> /, message);
    assert.match(log, new RegExp(`commit ${OID} upstream\\.`));
  }
});

test("names and subjects that are not ASCII come through as they are", async (t) => {
  const pair = history(t, [SIMPLE[0] ?? one(""), SIMPLE[1] ?? one("")]);
  for (const [authorName, subject] of [
    ["陈孝松", "nfsd: 修复空指针 – über alles"],
    ["Łukasz Ż. (work)", "=?UTF-8?Q?not_encoded?= stays"],
    ["Name, With: Specials", `x${"é".repeat(300)} end`],
  ] as const) {
    const { log } = applied(t, pair, { authorName, message: `${subject}\n\nbody\n` });
    const [author = "", shown] = Buffer.from(log, "latin1").toString().split("\n");
    assert.ok(author.startsWith(`${authorName} <`), author);
    assert.equal(shown, subject);
  }
});

test("a form that says already which commit it carries is not told twice", async (t) => {
  const pair = history(t, [SIMPLE[0] ?? one(""), SIMPLE[1] ?? one("")]);
  const { log } = applied(t, pair, { message: `subject\n\n[ Upstream commit ${OID} ]\n\nbody\n`, notes: ["a.c: moved\nhere"] });
  assert.doesNotMatch(log, /upstream\./);
  assert.match(log, /\n\n\[ backportd: a\.c: moved here \]\n/);
});

test("a binary change is refused with its name", (t) => {
  const pair = history(t, [one("a\n"), new Map([["logo.png", file("\0\x01\x02".repeat(50))]])]);
  const mbox = render(pair);
  assert.ok(mbox.kind === "refused" && /binary file \(a\/logo\.png b\/logo\.png\)/.test(mbox.reason));
});

test("whatever a message says, git am takes one commit with the promised tree", async (t) => {
  const pair = history(t, [SIMPLE[0] ?? one(""), SIMPLE[1] ?? one("")]);
  const piece = fc.oneof(
    fc.constantFrom(
      "---",
      "--- a/x",
      "diff --git a/x b/x",
      "From x Mon Sep 17 00:00:00 2001",
      "Subject: y",
      "\n",
      "\n\n",
      "\r\n",
      "Index: z",
      "-- ",
    ),
    fc.string({ unit: "binary", maxLength: 30 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.string({ unit: "binary", maxLength: 40 }), (pieces, authorName) => {
      const { cwd } = applied(t, pair, { message: pieces.join("\n"), authorName });
      assert.equal(git(cwd, ["rev-list", "--count", "HEAD"]), "2");
    }),
    { numRuns: 40 },
  );
});
