import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OwnConventions, withOwn } from "../../src/rules/own-conventions.ts";
import { readReferences } from "../../src/rules/read-references.ts";

const ID = "1234567890ab";
const ROW = { id: "acme", kind: "backport_of", line: "Acme-Origin: {oid}", sample: `Acme-Origin: ${ID}` } as const;

function read(line: string, message: string, more: object = {}): string[] {
  const { conventions } = OwnConventions.parse({ conventions: [{ ...ROW, line, sample: message.split("\n").at(-1), ...more }] });
  return readReferences(`subject\n\n${message}`, withOwn(conventions)).map(({ kind, id, convention }) => `${convention} ${kind} ${id}`);
}

describe("a convention of the user", () => {
  const reads = [`acme backport_of ${ID}`];
  const cases: readonly (readonly [name: string, line: string, message: string])[] = [
    ["is the beginning of a line", "Acme-Origin: {oid}", `Acme-Origin: ${ID} ("a subject")`],
    ["does not care for letter case and the number of blanks", "Acme-Origin: {oid}", `  ACME-ORIGIN:   ${ID.toUpperCase()}`],
    ["has text behind the id", "taken ({oid}) upstream", `taken (${ID}) upstream, by hand`],
    ["has any text in one place", "Acme * change {oid}", `Acme stable tree 5.10: change ${ID}`],
    ["may begin with any text", "* of acme {oid}", `the sister of acme ${ID}`],
    ["takes signs as they are", "x.acme+[{oid}]", `x.acme+[${ID}]`],
    ["goes before the built-in ones", "commit {oid} upstream", `commit ${ID} upstream.`],
  ];
  for (const [name, line, message] of cases) test(name, () => assert.deepEqual(read(line, message), reads));

  test("reads whole ids in its own form only", () => {
    assert.deepEqual(
      read("Acme-Origin: {oid}", `Acme-Origin: ${ID}x\nAcme+Origin: ${ID}\nsee Acme-Origin: ${ID}\nAcme-Origin: ${ID}`),
      reads,
    );
  });

  test("counts in indented lines when it says so", () => {
    assert.deepEqual(read("Acme-Origin: {oid}", `    Acme-Origin: ${ID}`, { indented: true }), reads);
    assert.throws(() => read("Acme-Origin: {oid}", `    Acme-Origin: ${ID}`), /is not read by this convention/);
  });

  test("leaves the built-in ones as they are", () => {
    const both = `Fixes: ${ID} ("x")\nAcme-Origin: ${ID}`;
    assert.deepEqual(read("Acme-Origin: {oid}", both), [`fixes fixes ${ID}`, ...reads]);
  });
});

describe("a file of conventions that cannot be meant is refused, with the place", () => {
  const refuse = (row: object, reason: RegExp) => () =>
    assert.throws(() => OwnConventions.parse({ conventions: [{ ...ROW, ...row }] }), reason);
  test("no id in the template", refuse({ line: "Acme-Origin" }, /must hold \{oid\} once/));
  test("two ids", refuse({ line: "Acme {oid} {oid}" }, /must hold \{oid\} once/));
  test("two places for any text", refuse({ line: "Acme * and * {oid}" }, /may hold \* once/));
  test("nothing but an id", refuse({ line: "* {oid}" }, /needs 3 letters/));
  test("the name of a built-in one", refuse({ id: "fixes" }, /built-in/));
  test("a kind that does not exist", refuse({ kind: "copy" }, /kind/));
  test("a member that does not exist", refuse({ pattern: ".*" }, /pattern/));
  test("a sample that it does not read", refuse({ sample: "Acme-Origin: none" }, /is not read by this convention/));
  test("two of one name", () => assert.throws(() => OwnConventions.parse({ conventions: [ROW, ROW] }), /two conventions have one id/));
});

test("hostile lines take linear time: 20 MB in seconds, where squares of their length would take minutes", () => {
  const { conventions } = OwnConventions.parse({
    conventions: [{ ...ROW, line: "Acme * a b {oid}", sample: `Acme x a b ${ID}` }],
  });
  const hostile = `Acme ${"a b  ".repeat(190)}${ID.slice(0, 6)}\n${ID}\n`;
  const start = performance.now();
  assert.deepEqual(readReferences(`subject\n\n${hostile.repeat(20_000)}`, withOwn(conventions)), []);
  assert.ok(performance.now() - start < 20_000, `${performance.now() - start} ms`);
});
