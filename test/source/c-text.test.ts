import assert from "node:assert/strict";
import { test } from "node:test";
import { callsIn, declarationOf, definesIn, functionOpenedBy, functionSpans, identifiersOf } from "../../src/source/c-text.ts";

const SOURCE = `#include <linux/x.h>
/* static int commented(void) { } */
struct client {
	int refs;
};

static struct client *
find_client(struct net *net,
	    int id)
{
	if (id) {
		return NULL;
	}
	return lookup(net, "}", id);
}

int simple(void) {
	return 1;
}

void declared(int a);

SYSCALL_DEFINE2(frob, int, a, int, b)
{
	return 0;
}
`;

test("functions span from the line of their name to their closing brace", () => {
  assert.deepEqual(
    functionSpans(SOURCE).map((span) => [span.name, span.start, span.end]),
    [
      ["find_client", 7, 14],
      ["simple", 16, 18],
      ["sys_frob", 22, 25],
    ],
  );
});

test("the function of a hunk header", () => {
  assert.equal(functionOpenedBy("static void __free_client(struct kref *k)"), "__free_client");
  assert.equal(functionOpenedBy("nfs4_state_start(void)"), "nfs4_state_start");
  assert.equal(functionOpenedBy("struct nfs4_client {"), null);
  assert.equal(functionOpenedBy("static const struct ops x = {"), null);
});

test("identifiers leave out comments, strings, keywords and short names", () => {
  assert.deepEqual([...identifiersOf('/* gone */ int ab = frob("text", x_y); // also\nreturn abc;')], ["frob", "x_y", "abc"]);
});

test("declarations give return type and number of parameters", () => {
  assert.deepEqual(declarationOf("run_cb", "extern bool run_cb(struct cb *cb);\n"), { returnType: "bool", parameters: 1 });
  assert.deepEqual(declarationOf("find_client", SOURCE), { returnType: "struct client *", parameters: 2 });
  assert.deepEqual(declarationOf("simple", SOURCE), { returnType: "int", parameters: 0 });
  assert.equal(declarationOf("lookup", SOURCE), null);
});

test("a call's value counts as used where something reads it", () => {
  const used = new Map(
    callsIn("\tif (!a_run(x))\n\tb_run(y);\n\tz = c_run(1, f(2, 3));\n\treturn d_run();\n\t(void)e_run(q);\n").map((call) => [
      call.name,
      call,
    ]),
  );
  assert.equal(used.get("a_run")?.valueUsed, true);
  assert.equal(used.get("b_run")?.valueUsed, false);
  assert.equal(used.get("c_run")?.valueUsed, true);
  assert.equal(used.get("c_run")?.arguments, 2);
  assert.equal(used.get("d_run")?.valueUsed, true);
  assert.equal(used.get("d_run")?.arguments, 0);
  assert.equal(used.get("e_run")?.valueUsed, false);
});

test("definitions are told from uses", () => {
  for (const [name, text] of [
    ["MAX", "#define MAX 4\n"],
    ["client", "struct client {\n"],
    ["cb_flags", "\tunsigned long cb_flags;\n"],
    ["wait", "\tstruct list_head wait, other;\n"],
    ["helper", "static int helper(void)\n{\n"],
    ["STATE_A", "\tSTATE_A,\n"],
  ] as const) {
    assert.equal(definesIn(name, text), true, text);
  }
  for (const [name, text] of [
    ["helper", "\thelper();\n"],
    ["cb_flags", "\tcb->cb_flags = 0;\n"],
    ["ret", "\treturn ret;\n"],
    ["count", "\tcount = 3;\n"],
  ] as const) {
    assert.equal(definesIn(name, text), false, text);
  }
});
