import assert from "node:assert/strict";
import { test } from "node:test";
import { differenceOf } from "../../../src/patch/adapt/difference.ts";
import { changeOf } from "./support.ts";

const BASE = "int a;\nint b;\nint c;\nint d;\n";

test("the same change elsewhere is no difference", () => {
  const change = changeOf(BASE, BASE.replace("int c;\n", "int c;\nint added;\n"));
  const target = `int vendor;\n${BASE}`;
  assert.equal(differenceOf(change, target, target.replace("int c;\n", "int c;\nint added;\n")), "");
});

test("lines that were made otherwise are told with both forms", () => {
  const change = changeOf(BASE, BASE.replace("int c;\n", "long users;\nint more;\n"));
  assert.equal(
    differenceOf(change, BASE, BASE.replace("int c;\n", "long refcount;\nint more;\n")),
    " -int c;\n-+long users;\n++long refcount;\n +int more;\n",
  );
});
