import assert from "node:assert/strict";
import { test } from "node:test";
import { looksLikePatch, PatchSyntaxError, parsePatch, unquotePath } from "../../src/patch/parse.ts";

const MAIL = `From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001
From: A Developer <a@example.org>
Subject: [PATCH] sample: fix it

--- this line and the next are prose
+++ of the message
---
 f.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/f.c b/f.c
index 1111111..2222222 100644
--- a/f.c
+++ b/f.c
@@ -1,3 +1,3 @@ int f(void)
 a
--- old
+++ new
 c
-- 
2.39.5
`;

test("a mail gives its file only: prose and the signature line are not part of it", () => {
  const patch = parsePatch(MAIL);
  assert.equal(patch.files.length, 1);
  assert.equal(patch.files[0]?.newPath, "f.c");
  assert.equal(patch.files[0]?.hunks[0]?.section, "int f(void)");
  assert.deepEqual(
    patch.files[0]?.hunks[0]?.lines.map((line) => `${line.op}${line.text}`),
    [" a\n", "--- old\n", "+++ new\n", " c\n"],
  );
});

test("new, deleted, renamed, mode-only and binary files are told apart", () => {
  const { files } = parsePatch(`diff --git a/new b/new
new file mode 100755
index 0000000000..e69de29bb2
diff --git a/gone b/gone
deleted file mode 100644
index 3b18e512db..0000000000
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-hello
diff --git a/from b/to
similarity index 100%
rename from from
rename to to
diff --git a/mode b/mode
old mode 100644
new mode 100755
diff --git a/pic.png b/pic.png
index 1234567..89abcde 100644
GIT binary patch
literal 3
Kc\${NkU|;|M00aO5
`);
  assert.deepEqual(
    files.map((file) => [file.oldPath, file.newPath, file.oldMode, file.newMode, file.unsupported]),
    [
      [null, "new", null, "100755", null],
      ["gone", null, "100644", null, null],
      ["from", "to", null, null, null],
      ["mode", "mode", "100644", "100755", null],
      ["pic.png", "pic.png", "100644", "100644", "binary"],
    ],
  );
});

test("a last line without a line feed is kept so on the side that lacks it", () => {
  const { files } = parsePatch("diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
  assert.deepEqual(files[0]?.hunks[0]?.lines, [
    { op: "-", text: "a" },
    { op: "+", text: "a\n" },
  ]);
});

test("a combined diff is refused as unsupported, not read as empty", () => {
  const { files } = parsePatch("diff --cc f.c\nindex 1,2..3\n--- a/f.c\n+++ b/f.c\n@@@ -1,1 -1,1 +1,1 @@@\n- a\n -b\n++c\n");
  assert.equal(files[0]?.unsupported, "combined");
  assert.equal(files[0]?.newPath, "f.c");
});

test("quoted paths are decoded", () => {
  assert.equal(unquotePath('"a\\tb\\303\\244\\"c"'), 'a\tb\xc3\xa4"c');
  const { files } = parsePatch(
    'diff --git "a/sp\\303\\244 ce" "b/sp\\303\\244 ce"\n--- "a/sp\\303\\244 ce"\n+++ "b/sp\\303\\244 ce"\n@@ -1 +1 @@\n-a\n+b\n',
  );
  assert.equal(files[0]?.newPath, "sp\xc3\xa4 ce");
});

test("a path with a blank stands in the git header only", () => {
  const { files } = parsePatch("diff --git a/a b c b/a b c\nold mode 100644\nnew mode 100755\n");
  assert.equal(files[0]?.newPath, "a b c");
});

test("a hunk whose counts are wrong is an error that names it", () => {
  assert.throws(
    () => parsePatch("diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,5 +1,1 @@\n-a\n+b\n"),
    (error: unknown) => error instanceof PatchSyntaxError && error.message.includes("@@ -1,5 +1,1 @@"),
  );
});

test("what is a patch and what is not", () => {
  assert.equal(looksLikePatch(MAIL), true);
  assert.equal(looksLikePatch("hello\n--- a\nworld"), false);
  assert.equal(looksLikePatch(""), false);
});
