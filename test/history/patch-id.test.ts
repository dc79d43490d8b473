import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { patches } from "../../src/git/patch-stream.ts";
import { patchId } from "../../src/patch/patch-id.ts";
import { type FileChange, type GitFixture, gitFixture, importCommits, type NewCommit } from "./git-fixture.ts";

const DIFF = ["--stdin", "-p", "-r", "--root", "--no-renames", "--full-index"];

/** What git says: commit -> patch-id. */
function gitPatchIds(fixture: GitFixture, oids: readonly string[]): Map<string, string> {
  const diffs = fixture.git(["diff-tree", ...DIFF], oids.map((oid) => `${oid}\n`).join(""));
  const lines = fixture.git(["patch-id", "--stable"], Buffer.from(diffs, "latin1")).trim().split("\n");
  return new Map(lines.filter((line) => line !== "").map((line) => [line.slice(41), line.slice(0, 40)]));
}

async function assertSameIds(fixture: GitFixture, oids: readonly string[]): Promise<void> {
  const expected = gitPatchIds(fixture, oids);
  let seen = 0;
  for await (const patch of patches({ gitDir: fixture.gitDir, oids })) {
    seen += 1;
    assert.equal(patchId(patch.text), expected.get(patch.oid) ?? null, fixture.git(["show", patch.oid]));
  }
  assert.equal(seen, oids.length);
}

describe("patchId equals git patch-id --stable", () => {
  let fixture: GitFixture;
  before(() => {
    fixture = gitFixture();
  });
  after(() => fixture.remove());

  const binary = Buffer.from([0, 1, 2, 3, 0, 255]);
  const text = "one\ntwo\nthree\n";
  const cases: readonly (readonly [name: string, base: Record<string, FileChange>, next: Record<string, FileChange>])[] = [
    ["no newline at the end", { a: "x\ny" }, { a: "x\nz" }],
    ["newline added at the end", { a: "x\ny" }, { a: "x\ny\n" }],
    ["mode change alone", { a: text, b: text }, { a: { content: text, executable: true } }],
    ["mode change before a change", { a: text, b: text }, { a: { content: text, executable: true }, b: "one\n" }],
    ["mode change and change in one file", { a: text }, { a: { content: "one\n2\n", executable: true } }],
    ["new file", { a: text }, { b: text }],
    ["new empty file, then a change", { b: text }, { a: "", b: "two\n" }],
    ["deleted file", { a: text, b: text }, { a: null }],
    ["deleted empty file", { a: "", b: text }, { a: null }],
    ["binary, then text", { a: binary, b: text }, { a: Buffer.concat([binary, binary]), b: "one\n" }],
    ["text, then binary", { a: text, b: binary }, { a: "one\n", b: Buffer.concat([binary, binary]) }],
    ["new binary", { a: text }, { b: binary, c: "text\n" }],
    ["CRLF", { a: "x\r\ny\r\n" }, { a: "x\r\nz\r\n" }],
    ["a NUL after the part that git looks at", { a: `${"x\n".repeat(5000)}a\0b\n` }, { a: `${"x\n".repeat(5000)}a\0c\n` }],
    ["quoted paths", { 'a"b\nc': text, ä: text }, { 'a"b\nc': "one\n", ä: "two\n" }],
    ["lines that look like headers", { a: "-- x\n++ y\n@@ -1 +1 @@\n" }, { a: "-- z\n++ w\ndiff --git a/a b/a\nindex 1..2\n" }],
    ["form feed and vertical tab are not white space", { a: "x\f\v\n" }, { a: "x\f \v \n" }],
    ["only white space", { a: "x y\n" }, { a: "x  y\n" }],
    ["nothing", { a: text }, {}],
  ];
  for (const [name, base, next] of cases) {
    test(name, async () => {
      const commits = [
        { parents: [], changes: base },
        { parents: [0], changes: next },
      ];
      await assertSameIds(fixture, importCommits(fixture, commits));
    });
  }

  test("random commits", async () => {
    const line = fc.constantFrom(
      "",
      " ",
      "a",
      "b;",
      "\tint x;",
      "}",
      "-- a",
      "++",
      "\\ No newline at end of file",
      "diff --git",
      "x\0y",
      "é",
    );
    const content = fc.oneof(
      fc.tuple(fc.array(line, { maxLength: 30 }), fc.boolean()).map(([lines, end]) => lines.join("\n") + (end ? "\n" : "")),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    );
    const change: fc.Arbitrary<FileChange> = fc.oneof(
      { weight: 4, arbitrary: content },
      { weight: 1, arbitrary: fc.record({ content, executable: fc.boolean() }) },
      { weight: 1, arbitrary: fc.constant(null) },
    );
    const path = fc.constantFrom("a.c", "b c", "dir/x", 'q"uote', "z");
    const tree = fc
      .uniqueArray(fc.tuple(path, change), { selector: ([name]) => name, maxLength: 4 })
      .map((entries) => Object.fromEntries(entries));
    const chains = fc.sample(fc.array(tree, { minLength: 8, maxLength: 8 }), { numRuns: 40, seed: 7 });
    const commits = chains.flatMap((chain, at) =>
      chain.map((changes, place): NewCommit => ({ parents: place === 0 ? [] : [at * 8 + place - 1], changes })),
    );
    await assertSameIds(fixture, [...new Set(importCommits(fixture, commits))]);
  });
});
