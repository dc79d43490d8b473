import assert from "node:assert/strict";
import { test } from "node:test";
import { readReferences } from "../../src/rules/read-references.ts";

const FULL = "1234567890abcdef1234567890abcdef12345678";

/** Forms that were met in real trees, beside the sample of each convention. */
const FORMS: readonly (readonly [message: string, expected: readonly string[]])[] = [
  [`s\n\n[upstream commit] ${FULL}`, ["backport_of"]],
  [`s\n\nUpstream commit id:\n${FULL}\n\nbody`, ["backport_of"]],
  [`s\n\nbackport from another tree:\ncommit ${FULL}\n\nbody`, ["backport_of"]],
  [`s\n\nThis was a backport that broke\n${FULL}`, ["mention"]],
  [`s\n\nThis reverts stable commit ${FULL}.`, ["reverts"]],
  [`s\n\nThis commit reverts part of ${FULL}`, ["mention"]],
  ['s\n\nFixes: ("1234567890ab") net: x', ["fixes"]],
  [`s\n\n[commit]: ${FULL}\n\nbody`, ["backport_of"]],
  ['s\n\nAddresses-Coverity-ID: 1374016 ("Uninitialized")', []],
  [`s\n\nhttps://bugs.example.org/bug?id=${FULL}`, []],
  [`s\n\nLink: https://git.example.org/linux.git/commit/?h=next&id=${FULL}`, ["mention"]],
  [`s\n\nhttps://raw.example.org/x/${FULL}/file.py`, []],
  [`s\n\nReported-by: syzbot+${FULL.slice(0, 20)}@example.org`, []],
  [`s\n\n(backported from zfs upstream commit ${FULL})`, ["backport_of"]],
  [`s\n\n(cherry picked from commit commit ${FULL})`, ["backport_of"]],
  ["s\n\nThis is a follow up to 3c356622994 which standardizes it", ["mention"]],
  ["s\n\nThis change partially reverts e89260a. This is safe", ["mention"]],
  ["s\n\ngit-svn-id: https://example.org/svn/trunk@34 7e1ea52c-4ff2-0310-8f11-9dd32ca42a1c", []],
  ["s\n\nunable to handle a read at virtual address 000000000000002a", []],
];

for (const [message, expected] of FORMS) {
  test(JSON.stringify(message), () => {
    assert.deepEqual(
      readReferences(message).map((reference) => reference.kind),
      expected,
    );
  });
}
