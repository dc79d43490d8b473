import assert from "node:assert/strict";
import { test } from "node:test";
import { undeclaredIn } from "../../src/source/c-locals.ts";

test("a parameter or variable that went away and is still used", () => {
  const before =
    "static void set(const struct dev *dev, int id)\n{\n\tint ret, *why = NULL;\n\n\tinterrupt(dev, id);\n\tret = go(why);\n\tuse(ret);\n}\n";
  assert.deepEqual(undeclaredIn(before, before.replace("const struct dev *dev, ", "")), [{ function: "set", name: "dev" }]);
  assert.deepEqual(undeclaredIn(before, before.replace("ret, *why", "*why")), [{ function: "set", name: "ret" }]);
  assert.deepEqual(undeclaredIn(before, before.replace(", *why = NULL", "")), [{ function: "set", name: "why" }]);
});

test("one that is declared otherwise, or is used no more", () => {
  const before = "static void set(struct dev *dev)\n{\n\tint ret;\n\n\tret = go(dev);\n\tuse(ret);\n}\n";
  const samples = [
    before.replace("struct dev *dev", "const struct chan *dev"),
    before.replace("int ret;", "long err, ret;"),
    before.replace("\tint ret;\n", "").replace("ret = go", "int ret = go"),
    before.replace("\tint ret;\n\n\tret = go(dev);\n\tuse(ret);\n", "\tgo(dev);\n"),
    before.replace("set(", "unset(").replace("\tint ret;\n", ""),
  ];
  for (const after of samples) assert.deepEqual(undeclaredIn(before, after), [], after);
});
