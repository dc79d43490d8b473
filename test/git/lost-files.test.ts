import assert from "node:assert/strict";
import { test } from "node:test";
import { oidOf } from "../../src/git/loose-object.ts";
import { openLostFiles } from "../../src/git/lost-files.ts";
import type { RawEntry } from "../../src/git/raw-tree.ts";

const BASE = "base";
const OURS = "ours";

function entryOf(text: string, mode = "100644"): RawEntry {
  return { mode, oid: oidOf("blob", Buffer.from(text)) };
}

/** A target that has these files and the base has not; `claimed` gives a blob another size than it has. */
function target(added: readonly RawEntry[], texts: readonly string[], claimed: ReadonlyMap<string, number> = new Map()) {
  const blobs = new Map(texts.map((text) => [entryOf(text).oid, Buffer.from(text)]));
  const read: string[] = [];
  const lost = openLostFiles({
    added: async (from, to) => (from === BASE && to === OURS ? added : []),
    sizes: async (oids) => oids.map((oid) => claimed.get(oid) ?? blobs.get(oid)?.length ?? null),
    readBlob: async (oid) => {
      read.push(oid);
      return blobs.get(oid) ?? null;
    },
  });
  return { read, areGone: (...files: RawEntry[]) => lost.areGone(files, BASE, OURS) };
}

const lines = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name} ${at}\n`).join("");

test("a file is gone unless an added one has its content or half of it", async () => {
  const text = lines("statement", 20);
  const half = lines("statement", 12) + lines("other", 8);
  const less = lines("statement", 6) + lines("other", 14);
  const others = [less, half, text, "x\n"];
  const ask = (...added: string[]) =>
    target(
      added.map((one) => entryOf(one)),
      others,
    ).areGone(entryOf(text));
  assert.equal(await ask(), true);
  assert.equal(await ask(less, "x\n"), true);
  assert.equal(await ask(less, half), false);
  assert.equal(await ask(text), false);
  const link = target([entryOf(text, "100755"), entryOf(less, "120000")], others);
  assert.equal(await link.areGone(entryOf("elsewhere", "120000")), true);
  assert.equal(await link.areGone(entryOf(less, "120000")), false);
});

test("files are read once, and only those of a fitting size", async () => {
  const [text, like, large] = [lines("a", 20), lines("b", 25), lines("c", 90)];
  const { read, areGone } = target([entryOf(like), entryOf(large)], [text, like, large]);
  assert.equal(await areGone(entryOf(text)), true);
  assert.deepEqual(read, [entryOf(text).oid, entryOf(like).oid]);
  assert.equal(await areGone(entryOf(text)), true);
  assert.equal(read.length, 2);
});

test("what is missing, and too much to read, is left to git", async () => {
  const [text, like] = [lines("a", 20), lines("b", 25)];
  assert.equal(await target([entryOf(like)], [text]).areGone(entryOf(text)), false);
  const huge = new Map([text, like].map((one) => [entryOf(one).oid, 1 << 30]));
  const { read, areGone } = target([entryOf(like)], [text, like], huge);
  assert.equal(await areGone(entryOf(text)), false);
  assert.equal(read.length, 0);
});
