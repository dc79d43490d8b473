import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fileText } from "../../src/analysis/file-text.ts";
import { findHunks, type HunkFinding } from "../../src/analysis/presence-hunks.ts";
import { parsePatch } from "../../src/patch/parse.ts";
import { buildRepository, file, git, temporaryDirectory } from "../git/fixture.ts";

const NAMES = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima"];
const LINES = NAMES.map((name, i) => `\tdev->${name}_state = ${name}_setup(dev, ${i * 7});\n`);

interface Diff {
  readonly base: string;
  readonly fix: string;
}

/** The diffs of many pairs of texts by one run of git. */
function gitDiffs(directory: string, diffs: readonly Diff[]): (at: number, target: string) => HunkFinding[] {
  const tree = (side: keyof Diff) => new Map(diffs.map((diff, at) => [`f${at}.c`, file(diff[side])]));
  const bare = buildRepository(join(directory, "bare"), [
    { ref: "refs/heads/base", parents: [], files: tree("base") },
    { ref: "refs/heads/fix", parents: [], files: tree("fix") },
  ]);
  const { files } = parsePatch(git(bare, ["diff", "--no-renames", "--full-index", "base", "fix"]));
  const byPath = new Map(files.map((each) => [each.newPath, each]));
  return (at, target) => {
    const patch = byPath.get(`f${at}.c`);
    const diff = diffs[at];
    return patch === undefined || diff === undefined ? [] : findHunks(patch, fileText(diff.base), fileText(diff.fix), fileText(target));
  };
}

const base = LINES.join("");
const FIXED = "\tif (dev->foxtrot_lock) mutex_lock(dev->foxtrot_lock);\n";

describe("a hunk in a third text", () => {
  const replaced = LINES.with(5, FIXED).join("");
  const added = LINES.toSpliced(5, 0, FIXED).join("");
  const removed = LINES.toSpliced(5, 1).join("");
  const include = ["#include <linux/slab.h>\n", ...LINES].join("");
  const reindented = LINES.with(5, `\t\t${FIXED}`).join("");
  const other = NAMES.map((name) => `\tother_${name}_call(${name}, ${name}_value);\n`);
  const twice = [...LINES, ...other, ...LINES].join("");
  const lonely = [...other.slice(0, 4), FIXED, ...other.slice(4)].join("");
  const lock = LINES.with(1, FIXED).join("");
  const lockTwice = LINES.with(1, FIXED).toSpliced(9, 0, FIXED).join("");
  const lockElsewhere = [...other.slice(0, 4), FIXED, ...other.slice(4), FIXED].join("");
  const cases: readonly (readonly [name: string, diff: Diff, target: string, state: HunkFinding["state"]])[] = [
    ["replaced: there", { base, fix: replaced }, replaced, "present"],
    ["replaced: not there", { base, fix: replaced }, base, "absent"],
    ["further down", { base, fix: replaced }, `${other.join("")}${replaced}`, "present"],
    ["alone among other lines: no proof", { base, fix: replaced }, lonely, "unknown"],
    [
      "among other lines, near one that stood beside it",
      { base, fix: replaced },
      lonely.replace(FIXED, `${FIXED}${other[6]}${LINES[6]}`),
      "present",
    ],
    ["indented otherwise", { base, fix: replaced }, reindented, "present"],
    ["added: there", { base, fix: added }, added, "present"],
    ["added: not there", { base, fix: added }, base, "absent"],
    ["removed: gone, and what stood around it is joined", { base, fix: removed }, removed, "present"],
    ["removed: still there", { base, fix: removed }, base, "absent"],
    ["removed: the code was never there", { base, fix: removed }, other.join(""), "unknown"],
    ["lines that stand twice, fixed once of two", { base: twice, fix: `${replaced}${other.join("")}${LINES.join("")}` }, twice, "absent"],
    ["one more of a line that stood elsewhere, in another place: no proof", { base: lock, fix: lockTwice }, lockElsewhere, "unknown"],
    ["one more of a line that stood elsewhere, in its place", { base: lock, fix: lockTwice }, `${other.join("")}${lockTwice}`, "present"],
    ["an include says nothing without its context", { base, fix: include }, `#include <linux/slab.h>\n${other.join("")}`, "unknown"],
  ];
  for (const [name, diff, target, state] of cases) {
    test(name, (t) => {
      const found = gitDiffs(temporaryDirectory(t), [diff])(0, target);
      assert.deepEqual(
        found.map((one) => one.state),
        [state],
      );
    });
  }

  test("most of its new lines are there in another order: rewritten, so present", (t) => {
    const lines = NAMES.map((name) => `\tset_${name}(dev, ${name}_default, GFP_KERNEL);\n`);
    const diff = { base, fix: LINES.toSpliced(5, 1, ...lines.slice(0, 5)).join("") };
    const judge = gitDiffs(temporaryDirectory(t), [diff]);
    const rewritten = LINES.toSpliced(5, 1, ...lines.slice(0, 4).reverse()).join("");
    assert.equal(judge(0, rewritten)[0]?.state, "present");
    assert.equal(judge(0, LINES.toSpliced(5, 1, ...lines.slice(0, 1)).join(""))[0]?.state, "absent");
  });

  test("it tells whether it would apply and whether lines that it removes are there", (t) => {
    const judge = gitDiffs(temporaryDirectory(t), [
      { base, fix: replaced },
      { base, fix: added },
    ]);
    const facts = (found: HunkFinding | undefined) => [found?.applies, found?.removesLinesThere];
    assert.deepEqual(facts(judge(0, base)[0]), [true, true]);
    assert.deepEqual(facts(judge(1, base)[0]), [true, false]);
    assert.deepEqual(facts(judge(0, replaced)[0]), [false, false]);
  });
});

test("in the base no hunk is present, in the fix none is absent, whatever the change", (t) => {
  const line = fc.oneof(
    fc.constantFrom(...LINES, "}\n", "\treturn 0;\n", "\n", "#include <linux/slab.h>\n"),
    fc.constantFrom(FIXED, FIXED.trimStart()),
  );
  const text = fc.array(line, { minLength: 1, maxLength: 30 }).map((lines) => lines.join(""));
  const edited = fc.tuple(text, fc.nat(), fc.nat(4), fc.array(line, { maxLength: 5 })).map(([before, at, length, lines]) => {
    const all = before.split(/(?<=\n)/);
    return { base: before, fix: all.toSpliced(at % (all.length + 1), length, ...lines).join("") };
  });
  const diffs = fc.sample(edited, { numRuns: 400, seed: 7 });
  const judge = gitDiffs(temporaryDirectory(t), diffs);
  let decided = 0;
  for (const [at, diff] of diffs.entries()) {
    for (const [target, never] of [
      [diff.base, "present"],
      [diff.fix, "absent"],
    ] as const) {
      for (const found of judge(at, target)) {
        assert.notEqual(found.state, never, JSON.stringify(diff));
        if (found.state !== "unknown") decided++;
      }
    }
  }
  assert.ok(decided > 200, `${decided} decided`);
});
