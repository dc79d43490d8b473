import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readReferences } from "../../src/rules/read-references.ts";
import { REFERENCE_CONVENTIONS } from "../../src/rules/reference-conventions.ts";

const FULL = "1234567890abcdef1234567890abcdef12345678";
const OTHER = "abcdef1234567890abcdef1234567890abcdef12";

function found(message: string): string[] {
  return readReferences(message).map(({ kind, id, convention }) => `${kind} ${id.slice(0, 7)} ${convention}`);
}

describe("reference conventions", () => {
  for (const row of REFERENCE_CONVENTIONS) {
    test(`${row.id}: its sample is read by it, in both letter cases`, () => {
      for (const sample of [row.sample, row.sample.toUpperCase()]) {
        const [reference, ...others] = readReferences(sample);
        assert.deepEqual({ convention: reference?.convention, kind: reference?.kind }, { convention: row.id, kind: row.kind });
        assert.match(reference?.id ?? "", /^[0-9a-f]{7,40}$/);
        assert.deepEqual(others, []);
      }
    });
  }
});

describe("readReferences", () => {
  const cases: readonly (readonly [name: string, message: string, expected: readonly string[]])[] = [
    ["lower case without blanks", `s\n\n[upstream commit ${FULL}]`, ["backport_of 1234567 stable-bracket"]],
    ["a doubled word", `s\n\ncommit commit ${FULL} upstream`, ["backport_of 1234567 stable-line"]],
    [
      "several, in order",
      `s\n\ncommit ${FULL} upstream.\n\nFixes: ${OTHER.slice(0, 12)} ("x")`,
      ["backport_of 1234567 stable-line", "fixes abcdef1 fixes"],
    ],
    [
      "stable inclusion: the stable id and the mainline id",
      `s\n\nstable inclusion\nfrom stable-v5.10.1\ncommit ${FULL}\n\n[ Upstream commit ${OTHER} ]`,
      ["backport_of 1234567 euler-inclusion", "backport_of abcdef1 stable-bracket"],
    ],
    ["quoted mail does not count", `s\n\n> commit ${FULL} upstream.\n>> Fixes: ${OTHER}`, []],
    ["indented text does not count", `s\n\n    commit ${FULL} upstream.\n\tFixes: ${OTHER}`, []],
    ["a quoted log does not count", `s\n\nbisected to\n\ncommit ${FULL}\nAuthor: A <a@b>\nDate:   now\n\n    Fixes: ${OTHER}\n\nend`, []],
    ["the text after a quoted log counts", `s\n\ncommit ${FULL}\nAuthor: A <a@b>\n\n    x\n\nFixes: ${OTHER}`, ["fixes abcdef1 fixes"]],
    [
      "inside a RHEL block only its commit line counts",
      `s\n\nBugzilla: https://bugs.example/1\n\ncommit ${FULL}\nAuthor: A <a@b>\n\n    x\n\n    (cherry picked from commit ${OTHER})`,
      ["backport_of 1234567 rhel"],
    ],
    ["several mentions of one line", "s\n\nafter commit 1234567 and commit abcdef1", ["mention 1234567 prose", "mention abcdef1 prose"]],
    ["a mention over two lines", `s\n\nsince commit\n${OTHER} it fails`, ["mention abcdef1 prose-above"]],
    ["prose that opens with a commit is no provenance", "s\n\nCommit 1234567890ab introduced a leak.", ["mention 1234567 prose"]],
    ["a wrapped bare id in prose is no provenance", `s\n\nthis was broken by\ncommit ${FULL}\n("a subject")`, ["mention 1234567 prose"]],
    ["a bare id that prose announces is no provenance", `s\n\nintroduced by:\n\ncommit ${FULL}\n\nend`, ["mention 1234567 prose"]],
    ["a key that prose leads to is no provenance", `s\n\nthis came with\ncommit: ${FULL}\n\nend`, ["mention 1234567 prose"]],
    ["a version range names nothing", "s\n\nCc: stable@vger.kernel.org # v4.19+", []],
    ["a refusal names nothing", "s\n\nCc: stable@vger.kernel.org # no semi-automatic backport", []],
    ["fewer than seven digits", "s\n\nFixes: 123456", []],
    ["more than forty digits", `s\n\nFixes: ${FULL}1`, []],
    ["no message", "", []],
  ];
  for (const [name, message, expected] of cases) {
    test(name, () => assert.deepEqual(found(message), expected));
  }

  test("never throws, and returns only ids that stand in the message", () => {
    const piece = fc.constantFrom(
      "commit ",
      FULL,
      OTHER,
      "\n",
      " ",
      "upstream",
      "Fixes: ",
      "> ",
      "[ ",
      " ]",
      "Author: ",
      "jira X",
      "(cherry picked from ",
      "Cc: stable@ # ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const message = pieces.join("");
        for (const { id } of readReferences(message)) assert.ok(message.includes(id));
      }),
    );
  });

  test("hostile messages take linear time", () => {
    const hostile = [
      `Cc: ${"stable@".repeat(50_000)} 1234567`,
      `${"commit ".repeat(50_000)}1234567`,
      `commit ${FULL}\n`.repeat(20_000),
      `Origin: ${"//linus/".repeat(50_000)}1234567`,
      `\t${" ".repeat(200_000)}1234567`,
    ];
    const start = performance.now();
    for (const message of hostile) readReferences(message);
    assert.ok(performance.now() - start < 3000, `${performance.now() - start} ms`);
  });
});
