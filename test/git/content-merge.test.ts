import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { mergeContent } from "../../src/git/content-merge.ts";
import { openMerger } from "../../src/git/merger.ts";
import { openObjectReader } from "../../src/git/object-reader.ts";
import { openScratchStore } from "../../src/git/scratch-store.ts";
import { buildRepository, file, temporaryDirectory } from "./fixture.ts";

const TEXTS = 1500;

/** Few different lines, so that they repeat and runs of changes can slide; some stand once, some more than 64 times. */
const line = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("{\n", "}\n", "\n", "\treturn 0;\n", "\tx++;\n") },
  { weight: 3, arbitrary: fc.nat(40).map((at) => `statement ${at}\n`) },
);

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
}

const edits = fc.array(fc.record({ at: fc.nat(60), remove: fc.nat(4), insert: fc.array(line, { maxLength: 4 }) }), {
  minLength: 1,
  maxLength: 2,
});

function edited(lines: readonly string[], changes: readonly Edit[], cut: boolean): string {
  const copy = [...lines];
  for (const { at, remove, insert } of changes) copy.splice(Math.min(at, copy.length), remove, ...insert);
  return cut ? copy.join("").replace(/\n$/, "") : copy.join("");
}

const versions = fc
  .record({
    lines: fc.array(line, { minLength: 10, maxLength: 60 }),
    // Most lines stand too often to be an anchor.
    padding: fc.constantFrom(0, 0, 0, 70),
    ours: edits,
    theirs: edits,
    cuts: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  })
  .map(({ lines, padding, ours, theirs, cuts }) => {
    const base = [...lines, ...Array.from({ length: padding }, () => "{\n")];
    return [edited(base, [], cuts[0] && cuts[1]), edited(base, ours, cuts[1]), edited(base, theirs, cuts[2])] as const;
  });

test("contents are merged to the bytes that git leaves, conflicts included", async (t) => {
  const directory = temporaryDirectory(t);
  const bare = buildRepository(join(directory, "bare"), [{ ref: "refs/heads/main", parents: [], files: new Map([["f", file("x\n")]]) }]);
  const scratch = openScratchStore(bare, join(directory, "scratch"));
  const options = { gitDir: bare, env: scratch.env };
  const merger = openMerger(options, scratch);
  const reader = openObjectReader(options, {}, scratch);
  t.after(() => Promise.all([merger.close(), reader.close()]));
  const counts = { clean: 0, conflict: 0, left: 0 };
  for (const texts of fc.sample(versions, { numRuns: TEXTS, seed: 815 })) {
    const [base, ours, theirs] = texts.map((text) => Buffer.from(text, "latin1")) as [Buffer, Buffer, Buffer];
    if (base.equals(ours) || base.equals(theirs) || ours.equals(theirs)) continue;
    const merged = mergeContent(base, ours, theirs);
    if (merged === null) {
      counts.left++;
      continue;
    }
    const treeOf = (bytes: Buffer) => scratch.writeTree(new Map([["f.c", { mode: "100644", oid: scratch.writeBlob(bytes) }]]));
    const git = await merger.merge(treeOf(base), treeOf(ours), treeOf(theirs));
    const entry = await reader.entry(git.tree, "f.c");
    const bytes = (await reader.blob(entry?.oid ?? "")) ?? Buffer.alloc(0);
    counts[git.clean ? "clean" : "conflict"]++;
    assert.deepEqual(
      { clean: merged.clean, text: unnamed(merged.bytes) },
      { clean: git.clean, text: unnamed(bytes) },
      JSON.stringify(texts),
    );
  }
  assert.ok(counts.clean > TEXTS / 10 && counts.conflict > TEXTS / 5, JSON.stringify(counts));
  assert.ok(counts.left > 0 && counts.left < TEXTS / 5, JSON.stringify(counts));
});

/** Without the names of the sides, which are ids in git's markers. */
function unnamed(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/^(<<<<<<<|>>>>>>>) (?:[0-9a-f]{40}|ours|theirs)$/gm, "$1");
}

test("binary files, conflicts in files with CRLF and texts that would take too long are left to git", () => {
  const merge = (...texts: readonly string[]) =>
    mergeContent(...(texts.map((text) => Buffer.from(text, "latin1")) as [Buffer, Buffer, Buffer]));
  assert.equal(merge("a\0\n", "b\0\n", "c\0\n"), null);
  assert.equal(merge("a\r\nb\r\nc\r\n", "x\r\nb\r\nc\r\n", "y\r\nb\r\nc\r\n"), null);
  assert.equal(String(merge("a\r\nb\r\nc\r\n", "x\r\nb\r\nc\r\n", "a\r\nb\r\ny\r\n")?.bytes), "x\r\nb\r\ny\r\n");
  const crossed = (period: number) => Array.from({ length: 200_000 }, (_, at) => `${at % period}\n`).join("");
  const started = performance.now();
  assert.equal(merge(crossed(3500), crossed(3499), crossed(3498)), null);
  assert.ok(performance.now() - started < 10_000);
});
