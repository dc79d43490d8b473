import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { symbolsOf } from "../../src/source/c-parser.ts";
import { withoutAnnotations } from "../../src/source/normalize.ts";
import { tokenTable } from "../../src/source/token-table.ts";

async function symbols(text: string, path = "a.c"): Promise<string[]> {
  return (await symbolsOf(path, text)).map(({ kind, name, line, of }) => `${line} ${kind} ${name}${of === null ? "" : ` of ${of}`}`);
}

/** Names that the fast pass marks as perhaps defined. */
function marked(text: string): Set<string> {
  const table = tokenTable();
  table.add(Buffer.from(text, "latin1"), 1);
  return new Set([...table.postings()].filter(({ definers }) => definers.length > 0).map(({ name }) => name));
}

const CASES: readonly (readonly [what: string, text: string, expected: readonly string[]])[] = [
  ["plain function", "int f(void)\n{\n\treturn g(1);\n}\n", ["1 function f"]],
  ["type on its own line", "static __be32\nnfsd_x(struct svc_rqst *r)\n{\n}\n", ["2 function nfsd_x"]],
  ["returns a structure", "struct foo *make(int a)\n{\n\tstruct bar b;\n}\n", ["1 function make"]],
  ["__init", "static int __init my_init(void)\n{\n}\nmodule_init(my_init);\n", ["1 function my_init"]],
  ["lock annotations", "static void s_stop(struct seq_file *s)\n\t__releases(&lock)\n{\n}\n", ["1 function s_stop"]],
  ["inline attribute", "static __always_inline void *get(gfp_t flags)\n{\n}\n", ["1 function get"]],
  ["loop macro is no function", "void f(void)\n{\n\tfor_each_cpu(cpu) {\n\t\tg();\n\t}\n}\n", ["1 function f"]],
  ["system call", "SYSCALL_DEFINE3(read, unsigned int, fd)\n{\n}\n", ["1 function sys_read"]],
  [
    "branches of the preprocessor that close differently",
    "int lost(int a)\n{\n#ifdef X\n\tif (a) {\n#else\n\tif (!a) {\n#endif\n\t\tg();\n\t}\n}\nint next(void)\n{\n}\n",
    ["1 function lost", "11 function next"],
  ],
  ["macros", "#define A 1\n# define B(x) \\\n\t(x)\n", ["1 macro A", "2 macro B"]],
  [
    "structure",
    "struct foo {\n\tint a, *b;\n\tvoid __user *p;\n\tint (*op)(struct inode *i);\n\tDECLARE_BITMAP(bits, 64);\n\tunsigned f:1;\n};\n",
    [
      "1 struct foo",
      "2 member a of foo",
      "2 member b of foo",
      "3 member p of foo",
      "4 member op of foo",
      "5 member bits of foo",
      "6 member f of foo",
    ],
  ],
  [
    "nested structures",
    "struct o {\n\tunion {\n\t\tint x;\n\t};\n\tstruct in {\n\t\tint y;\n\t} z;\n};\n",
    ["1 struct o", "3 member x of o", "5 struct in", "6 member y of in", "7 member z of o"],
  ],
  [
    "enumeration",
    "enum e {\n\tA_ONE,\n\tA_TWO = 2,\n#define A_TWO A_TWO\n\tA_LAST\n};\n",
    ["1 enum e", "2 enumerator A_ONE of e", "3 enumerator A_TWO of e", "4 macro A_TWO", "5 enumerator A_LAST of e"],
  ],
  [
    "types",
    "typedef u32 my_t;\ntypedef int (*cb_t)(foo_t x);\ntypedef void (end_t)(int);\n",
    ["1 typedef my_t", "2 typedef cb_t", "3 typedef end_t"],
  ],
  ["a declaration is none", "extern int f(int a);\nstruct foo;\nstruct foo *g(void);\n", []],
];

describe("symbols of C", () => {
  for (const [what, text, expected] of CASES) {
    test(what, async () => {
      assert.deepEqual(await symbols(text), expected);
      const names = expected.map((one) => one.split(" ")[2]?.replace(/^sys_/, "") ?? "");
      const may = marked(text);
      assert.deepEqual(
        names.filter((name) => !may.has(name)),
        [],
        "the fast pass must mark what the parser finds",
      );
    });
  }

  test("the fast pass does not mark what only uses a name", () => {
    const text =
      "static int f(struct inode *inode)\n{\n\tlocal = kmalloc(size, GFP_KERNEL);\n\tinode->i_count = other;\n\tlabel:\n\treturn call(a);\n}\nEXPORT_SYMBOL(f2);\n";
    const may = marked(text);
    for (const name of ["kmalloc", "GFP_KERNEL", "size", "i_count", "other", "call", "f2", "inode"])
      assert.equal(may.has(name), false, name);
    assert.ok(may.has("f"));
  });

  test("assembly and files too large for the parser are read by their text", async () => {
    assert.deepEqual(await symbols("#define A 1\nENTRY(memcpy)\n\tmov r0, r1\n", "a.S"), ["1 macro A", "2 function memcpy"]);
    const large = `struct foo {\n\tint a;\n};\nint f(void)\n{\n}\n/*${" ".repeat(3 << 20)}*/\n`;
    assert.deepEqual(await symbols(large), ["1 struct foo", "4 function f"]);
  });

  test("blanking annotations moves nothing and keeps the preprocessor", () => {
    const piece = fc.constantFrom(
      "__init ",
      "__user",
      "__acquires(a)",
      "__attribute__((x(y)))",
      "\n",
      "#define __init x\n",
      "DECLARE_BITMAP(b, 3);",
      "int",
      " (",
      ")",
      "é",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        const blanked = withoutAnnotations(text);
        assert.equal(blanked.length, text.length);
        assert.equal(blanked.split("\n").length, text.split("\n").length);
        const directives = (one: string) => one.match(/^#.*$/gm);
        assert.deepEqual(directives(blanked), directives(text));
      }),
    );
  });

  test("hostile text takes linear time", async () => {
    const texts = [
      "__acquires(".repeat(50_000),
      `__attribute__${"(".repeat(200_000)}`,
      "DECLARE_BITMAP(".repeat(50_000),
      "struct ".repeat(100_000),
      "{".repeat(100_000),
      "f(".repeat(500_000),
    ];
    for (const text of texts) {
      const started = performance.now();
      withoutAnnotations(text);
      marked(text);
      assert.ok(performance.now() - started < 10_000, `${text.slice(0, 20)} took ${performance.now() - started} ms`);
    }
  });
});
