import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changeFacts } from "../../src/patch/change-facts.ts";

function diffOf(path: string, ...hunks: string[]): string {
  return `diff --git a/${path} b/${path}\nindex 1..2 100644\n--- a/${path}\n+++ b/${path}\n${hunks.join("")}`;
}

function functionsOf(diff: string): string[] {
  return changeFacts(diff).functions.map(({ path, function: name }) => `${path}:${name}`);
}

describe("the function that a hunk header names", () => {
  const cases: readonly (readonly [line: string, name: string | null])[] = [
    ["static int nfsd4_run(struct client *clp)", "nfsd4_run"],
    ["static inline void __init setup_arch (char **line) {", "setup_arch"],
    ["void *kmalloc_node(size_t size, gfp_t flags,", "kmalloc_node"],
    ["probe(struct device *dev)", "probe"],
    ["SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf,", "sys_read"],
    ["COMPAT_SYSCALL_DEFINE2(stat, char *, name,", "compat_sys_stat"],
    ["ENTRY(memcpy)", "memcpy"],
    ["int prototype(int a);", null],
    ["EXPORT_SYMBOL(memcpy);", null],
    ["module_init(start);", null],
    ["DEFINE_EVENT(sched, wakeup,", null],
    ["static struct ops x = INIT(1) {", null],
    ["struct client {", null],
    ["out:", null],
    ["if (x)", null],
    ["\treturn call(x)", null],
    ["", null],
  ];
  for (const [line, name] of cases) {
    test(line === "" ? "an empty line" : line, () => {
      assert.deepEqual(functionsOf(diffOf("fs/a.c", `@@ -10,1 +10,1 @@ ${line}\n-\ta;\n+\tb;\n`)), name === null ? [] : [`fs/a.c:${name}`]);
    });
  }
});

describe("changeFacts", () => {
  test("a change belongs to the function of the hunk header", () => {
    assert.deepEqual(
      functionsOf(diffOf("fs/a.c", "@@ -10,3 +10,3 @@ static int first(int a)\n \tx;\n-\told_call(a);\n+\tnew_call(a);\n \ty;\n")),
      ["fs/a.c:first"],
    );
  });

  test("a function that begins in the hunk takes the changes below it", () => {
    const hunk = "@@ -10,6 +10,6 @@ static int first(int a)\n \treturn 0;\n }\n \n int second(void)\n {\n-\told();\n+\tnew();\n";
    assert.deepEqual(functionsOf(diffOf("fs/a.c", hunk)), ["fs/a.c:second"]);
  });

  test("changes between functions belong to none", () => {
    const hunk = "@@ -10,4 +10,4 @@ static int first(int a)\n \treturn 0;\n }\n \n-int old;\n+int new;\n";
    assert.deepEqual(functionsOf(diffOf("fs/a.c", hunk)), []);
  });

  test("added and removed definitions count", () => {
    const hunk = "@@ -1,3 +1,3 @@\n-int gone(int a)\n+int come(int a)\n {\n }\n";
    assert.deepEqual(functionsOf(diffOf("fs/a.c", hunk)), ["fs/a.c:gone", "fs/a.c:come"]);
  });

  test("only source files have functions", () => {
    assert.deepEqual(functionsOf(diffOf("Documentation/a.txt", "@@ -1,1 +1,1 @@ Call it (twice)\n-a\n+b\n")), []);
  });

  test("a deleted file keeps its path, a quoted path is decoded", () => {
    const body = "@@ -1,2 +0,0 @@\n-int gone(int a)\n-{\n";
    assert.deepEqual(functionsOf(`diff --git a/x.c b/x.c\ndeleted file mode 100644\n--- a/x.c\n+++ /dev/null\n${body}`), ["x.c:gone"]);
    assert.deepEqual(functionsOf(`diff --git "a/\\303\\244.c" "b/\\303\\244.c"\n--- "a/\\303\\244.c"\n+++ /dev/null\n${body}`), [
      "ä.c:gone",
    ]);
  });

  test("identifiers of changed lines, once each, without keywords and short names", () => {
    const hunk =
      "@@ -1,3 +1,4 @@\n static int context_word;\n-\tif (old_name) return xy;\n+\tstruct page *new_name = old_name;\n+\tnew_name();\n";
    const { added, removed, changedLines } = changeFacts(diffOf("a.c", hunk));
    assert.deepEqual({ added, removed, changedLines }, { added: ["page", "new_name", "old_name"], removed: ["old_name"], changedLines: 3 });
  });

  test("lines of a hunk that look like headers are content", () => {
    const { added, removed, changedLines } = changeFacts(diffOf("a.c", "@@ -1,1 +1,1 @@\n--- removed_word\n+++ added_word\n"));
    assert.deepEqual({ added, removed, changedLines }, { added: ["added_word"], removed: ["removed_word"], changedLines: 2 });
  });

  test("hostile lines take linear time", () => {
    const start = performance.now();
    changeFacts(diffOf("a.c", `@@ -1,1 +1,2 @@\n+${"a ".repeat(500_000)}\n+${"a".repeat(1_000_000)}(\n`));
    assert.ok(performance.now() - start < 3000);
  });
});
