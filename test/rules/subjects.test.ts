import assert from "node:assert/strict";
import { test } from "node:test";
import { isGeneric, plainSubject, revertSubjects } from "../../src/rules/subjects.ts";
import { hasTellingWords } from "../../src/rules/telling-words.ts";

test("what vendors and bots put around a subject is taken off", () => {
  const plain = "net: take the table lock";
  for (const subject of [
    plain,
    `UPSTREAM: ${plain}`,
    `UPSTREAM: BACKPORT: ${plain}`,
    `NVIDIA: SAUCE: ${plain}`,
    `[PATCH v2 3/7] ${plain}`,
    `${plain} (backport #1234)`,
  ])
    assert.equal(plainSubject(subject), plain, subject);
  assert.equal(plainSubject("ANDROID is a word here"), "ANDROID is a word here");
});

test("subjects that many commits bear name none", () => {
  for (const subject of [
    "fix typo",
    "doc: fix typos",
    "Merge branch 'x' of y into z",
    "Linux 5.4.203",
    "drivers/net: fix warnings in old code",
  ])
    assert.ok(isGeneric(subject), subject);
  for (const subject of ["net: take the table lock", "bgpd: fix the hold time of busy peers"]) assert.ok(!isGeneric(subject), subject);
});

test("a revert of a revert may be called a reapplication", () => {
  assert.deepEqual(revertSubjects("net: x"), ['Revert "net: x"']);
  assert.deepEqual(revertSubjects('Revert "net: x"'), ['Revert "Revert "net: x""', 'Reapply "net: x"']);
});

test("only words that say where a line comes from are telling", () => {
  assert.ok(!hasTellingWords(["\treturn -EINVAL;\n", "#include <linux/slab.h>\n", "}\n"], 1));
  assert.ok(hasTellingWords(["\tif (dev->table_ready)\n", "\tdev = NULL;\n"], 2));
  assert.ok(!hasTellingWords(["\tif (dev->table_ready)\n", "\tdev = NULL;\n"], 3));
});
