import assert from "node:assert/strict";
import { test } from "node:test";
import { misleadingLines } from "../../src/source/c-indentation.ts";

const fn = (...lines: string[]): string => `int f(void)\n{\n${lines.map((line) => `\t${line}\n`).join("")}}\n`;

test("a second statement that is indented behind a head without braces", () => {
  assert.deepEqual(misleadingLines(fn("if (down)", "\t*ret = 1;", "\treturn 0;", "return 1;")), ["return 0;"]);
  assert.deepEqual(misleadingLines(fn("if (a &&", "    b)", "\tcall(one,", "\t     two);", "\tother();")), ["other();"]);
  assert.deepEqual(misleadingLines(fn("while (next())", "\tcount++;", "", "\t/* why */", "\tstep();")), ["step();"]);
  assert.deepEqual(misleadingLines(fn("if (a) {", "\tone();", "} else if (b &&", "\t   c)", "\ttwo();", "\tthree();")), ["three();"]);
  assert.deepEqual(misleadingLines(fn("else", "\tone();", "\ttwo();")), ["two();"]);
});

test("what is governed as it looks", () => {
  const samples = [
    ["if (down) {", "\t*ret = 1;", "\treturn 0;", "}"],
    ["if (down)", "\treturn 0;", "return 1;"],
    ["if (a)", "\tone();", "else", "\ttwo();", "three();"],
    ["if (a)", "\tif (b)", "\t\tone();", "\telse", "\t\ttwo();", "three();"],
    ["for_each(x) {", "\tone();", "\ttwo();", "}"],
    ["do", "\tone();", "while (x);", "two();"],
    ["switch (x) {", "case 1:", "\tif (y)", "\t\treturn 1;", "\tcase 2:", "\treturn 2;", "}"],
    ["if (x)", "#ifdef A", "\t\tone();", "#endif", "two();"],
  ];
  for (const lines of samples) assert.deepEqual(misleadingLines(fn(...lines)), [], lines.join("\n"));
});
