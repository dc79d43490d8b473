import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { buildRepository, type Files, file, git, open, temporaryDirectory } from "./fixture.ts";

const START: Files = new Map([
  ["a", file("a\n")],
  ["a.c", file("a.c\n")],
  ["d/b", file("b\n")],
  ["d/e/c", file("c\n")],
  ["d-e", file("d-e\n", "100755")],
  ["lat\xefn", file("x\n")],
]);

/** Names that sort differently as file and as directory (`d`, `d-e`, `d/`), deep ones, and ones that are not UTF-8. */
const path = fc.constantFrom(
  "a",
  "a.c",
  "a/x",
  "d",
  "d/b",
  "d/b/y",
  "d/e",
  "d/e/c",
  "d/e/f/g",
  "d-e",
  "d0",
  "lat\xefn",
  "lat\xefn/z",
  "n\xff",
);
const content = fc.record({ text: fc.constantFrom("1\n", "2", ""), mode: fc.constantFrom("100644", "100755", "120000") });
const edits = fc.dictionary(path, fc.option(content), { maxKeys: 5, noNullPrototype: true });

/** The same edits in git's own way: what is removed first, then what is added, through an index. */
function inIndex(bare: string, tree: string, changes: readonly (readonly [string, { text: string; mode: string } | null])[]): string {
  const lines = changes.map(([name, change]) => {
    if (change === null) return `0 ${"0".repeat(40)}\t${name}\0`;
    const oid = git(bare, ["hash-object", "-w", "--stdin"], Buffer.from(change.text));
    return `${change.mode} ${oid}\t${name}\0`;
  });
  git(bare, ["read-tree", tree]);
  git(bare, ["update-index", "-z", "--index-info"], Buffer.from(lines.join(""), "latin1"));
  return git(bare, ["write-tree"]);
}

/** Does one path lie below another: a tree cannot hold both. */
function clash(paths: readonly string[]): boolean {
  return paths.some((one) => paths.some((other) => other.startsWith(`${one}/`)));
}

test("an edited tree is the one that git's index writes", async (t) => {
  const bare = buildRepository(join(temporaryDirectory(t), "bare"), [{ ref: "refs/heads/main", parents: [], files: START }]);
  const tree = git(bare, ["rev-parse", "main^{tree}"]);
  const repository = open(t, bare);
  const property = fc.asyncProperty(edits, async (changes) => {
    const entries = Object.entries(changes);
    const added = entries.filter(([, change]) => change !== null);
    const removed = entries.filter(([, change]) => change === null);
    fc.pre(!clash(added.map(([name]) => name)));
    const files = new Map(
      entries.map(([name, change]) => [name, change === null ? null : { mode: change.mode, bytes: Buffer.from(change.text) }]),
    );
    assert.equal(await repository.withFiles(tree, files), inIndex(bare, tree, [...removed, ...added]));
  });
  await fc.assert(property, { numRuns: 100, seed: 7 });
});

test("an edited tree is read back, and an impossible edit is refused", async (t) => {
  const bare = buildRepository(join(temporaryDirectory(t), "bare"), [{ ref: "refs/heads/main", parents: [], files: START }]);
  const tree = git(bare, ["rev-parse", "main^{tree}"]);
  const repository = open(t, bare);
  const edited = await repository.withFiles(tree, new Map([["d/e/new", file("n\n")]]));
  const entry = await repository.entry(edited, "d/e/new");
  assert.equal(String(await repository.blob(entry?.oid ?? "")), "n\n");
  assert.equal((await repository.list(edited)).length, START.size + 1);
  assert.equal(await repository.withFiles(tree, new Map()), tree);

  for (const paths of [["x", "x/y"], ["x/y", "x"], ["/x"], ["x/"], ["x//y"], [""]]) {
    const files = new Map(paths.map((name) => [name, file("x")]));
    await assert.rejects(repository.withFiles(tree, files), TypeError, paths.join(" "));
  }
});
