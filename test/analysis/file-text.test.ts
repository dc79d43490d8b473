import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { blobTexts } from "../../src/analysis/blob-texts.ts";
import { fileText, likeness, runOf } from "../../src/analysis/file-text.ts";

const lines = fc.array(fc.constantFrom("a\n", "b\n", "  a\n", "\n", "a  b\n", "c"), { maxLength: 40 });

describe("a text of a file", () => {
  test("counts lines the same way by searching and, when many are asked for, all at once", () => {
    fc.assert(
      fc.property(lines, (all) => {
        const text = fileText(all.join("")).in("collapsed");
        const asked = ["a", "b", "a b", "c", "x"];
        const first = asked.map((line) => text.countLine(line));
        for (let n = 0; n < 100; n++) text.countLine("x");
        assert.deepEqual(
          asked.map((line) => text.countLine(line)),
          first,
        );
        assert.deepEqual(
          asked.map((line) => text.count(`\n${line}\n`)),
          first,
        );
      }),
    );
  });

  test("finds every run of its own lines, in both shapes", () => {
    fc.assert(
      fc.property(lines, fc.nat(), fc.nat(), (all, from, length) => {
        const whole = all.map((line) => (line.endsWith("\n") ? line : `${line}\n`));
        const run = whole.slice(from % (whole.length + 1)).slice(0, 1 + (length % 5));
        for (const shape of ["exact", "collapsed"] as const) {
          if (run.length > 0) assert.ok(fileText(whole.join("")).in(shape).has(runOf(run, shape)), JSON.stringify(run));
        }
      }),
    );
  });

  test("tells whether a run stands near another one", () => {
    const text = fileText(Array.from({ length: 50 }, (_, at) => `line ${at}\n`).join("")).in("exact");
    const near = (a: number, b: number, distance: number) => text.hasNear(`\nline ${a}\n`, [`\nline ${b}\n`], distance);
    assert.deepEqual([near(20, 25, 5), near(20, 26, 5), near(20, 15, 5), near(20, 14, 5)], [true, false, true, false]);
    assert.deepEqual([near(0, 2, 5), near(49, 47, 5), near(0, 49, 100), near(60, 1, 100)], [true, true, true, false]);
  });

  test("is like another one when much of the smaller is in the larger", () => {
    const text = (from: number, to: number) =>
      fileText(Array.from({ length: to - from }, (_, at) => `\tsetup_part_${from + at}(device);\n`).join(""));
    assert.equal(likeness(text(0, 100), text(40, 60)), 1);
    assert.equal(likeness(text(0, 20), text(10, 30)), 0.5);
    assert.equal(likeness(text(0, 20), fileText("}\n")), 0);
  });
});

describe("texts of blobs", () => {
  const repo = (contents: Readonly<Record<string, string>>) => {
    const asked: string[] = [];
    const blob = async (oid: string) => {
      asked.push(oid);
      const content = contents[oid];
      return content === undefined ? null : Buffer.from(content);
    };
    return { asked, blob };
  };

  test("are read once, also when asked for at the same time; a missing one is asked for again", async () => {
    const { asked, ...git } = repo({ a: "text\n" });
    const texts = blobTexts();
    const [first, second] = await Promise.all([texts.read(git, "a"), texts.read(git, "a")]);
    assert.equal(first, second);
    assert.equal(await texts.read(git, "a"), first);
    assert.deepEqual([await texts.read(git, "b"), await texts.read(git, "b")], [null, null]);
    assert.deepEqual(asked, ["a", "b", "b"]);
  });

  test("those used last are kept, up to a limit", async () => {
    const { asked, ...git } = repo({ a: "1234", b: "1234", c: "1234" });
    const texts = blobTexts(10);
    for (const oid of ["a", "b", "a", "c", "a", "b"]) await texts.read(git, oid);
    assert.deepEqual(asked, ["a", "b", "c", "b"]);
  });
});
