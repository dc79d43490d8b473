import assert from "node:assert/strict";
import { test } from "node:test";
import { adaptFile } from "../../../src/patch/adapt/adapt-file.ts";
import { adapted, changeOf } from "./support.ts";

const HEAD = "#include <linux/fs.h>\n\nstatic int depth;\n\n";

function fn(name: string, ...lines: string[]): string {
  return `static int ${name}(struct dev *dev)\n{\n${lines.map((line) => `\t${line}\n`).join("")}}\n\n`;
}

test("word merge: a line that both sides changed takes both changes", () => {
  const base = fn("go", "lock(dev);", "ret = send(dev, 0, GFP_KERNEL);", "unlock(dev);", "return ret;");
  const ours = base.replace("GFP_KERNEL", "GFP_KERNEL | NOWARN");
  const theirs = base.replace("send(dev, 0,", "send(dev, depth,");
  const result = adapted(base, ours, theirs);
  assert.equal(result?.content, ours.replace("send(dev, 0,", "send(dev, depth,"));
  assert.equal(result?.hunks[0]?.rule, "word_merge");
  assert.notEqual(result?.confidence, "high", "words alone are not trusted");
});

test("upstream's side: words that both sides changed are upstream's, which is said and never trusted", () => {
  const base = fn("go", "lock(dev);", "ret = send(dev, 0);", "unlock(dev);");
  const result = adapted(base, base.replace("send(dev, 0)", "post(dev, 7)"), base.replace("send(dev, 0)", "queue(dev, 1)"));
  assert.equal(result?.hunks[0]?.rule, "upstream_side");
  assert.equal(result?.confidence, "low");
});

test("lines of the target's own among those that upstream rewrites are not thrown away: refused", () => {
  const base = fn("go", "lock(dev);", "ret = send(dev, 0);", "unlock(dev);");
  const ours = base.replace("ret = send(dev, 0);", "vendor_account(tenant);\n\tvendor_charge(tenant);\n\tret = post(dev, 7);");
  assert.equal(adapted(base, ours, base.replace("send(dev, 0)", "queue(dev, 1)")), null);
});

test("a rewritten block is taken whole where the target spells it otherwise, in words that it has", () => {
  const base = fn("go", "first(dev);", "if (full(dev)) {", "\tstop(dev);", "\twarn(dev, FULL);", "}", "kick(dev);");
  const ours = base.replace("stop(dev)", "dev->ops->stop(dev)");
  const theirs = base.replace("\t\tstop(dev);\n\t\twarn(dev, FULL);\n", "\t\tdrop(dev);\n");
  assert.equal(adapted(base, ours, theirs)?.content, theirs);
});

test("insertion point: a new member goes behind the neighbour above when the target has members of its own between", () => {
  const base = "struct cx {\n\tu32 power;\n\tu64 time;\n\tchar desc[8];\n};\n";
  const ours = base.replace("\tchar desc", "\tstruct policy promotion;\n\tchar desc");
  const theirs = base.replace("\tchar desc", "\tu8 skip;\n\tchar desc");
  const result = adapted(base, ours, theirs, "f.h");
  assert.equal(result?.content, ours.replace("\tstruct policy", "\tu8 skip;\n\tstruct policy"));
  assert.equal(result?.hunks[0]?.rule, "insertion_point");
  assert.equal(result?.hunks[0]?.safe, false);
});

test("insertion point: includes, prototypes, table rows and cases go beside the neighbour that is left", () => {
  const samples: readonly [base: string, lost: string, before: string, added: string][] = [
    ["#include <a.h>\n#include <b.h>\n#include <c.h>\n\nint x;\n", "#include <c.h>\n", "#include <c.h>\n", "#include <bb.h>\n"],
    ["int a(void);\nint b(void);\nint c(int);\n\nint x;\n", "int c(int);\n", "int c(int);\n", "int bb(void);\n"],
    [
      "struct id ids[] = {\n\t{ 0x10, 1 },\n\t{ 0x20, 2 },\n\t{ 0x30, 3 },\n\t{ }\n};\n",
      "\t{ 0x30, 3 },\n",
      "\t{ 0x30, 3 },\n",
      "\t{ 0x21, 9 },\n",
    ],
    [
      fn("go", "switch (x) {", "case ONE:", "\treturn 1;", "case TWO:", "\treturn 22;", "case THREE:", "\treturn 3;", "}"),
      "\tcase THREE:\n\t\treturn 3;\n",
      "\tcase THREE:\n",
      "\tcase MORE:\n\t\treturn 9;\n",
    ],
  ];
  for (const [base, lost, before, added] of samples) {
    const theirs = base.replace(before, added + before);
    const ours = base.replace(lost, "");
    const wanted = theirs.replace(lost, "");
    assert.equal(adapted(base, ours, theirs)?.content, wanted, added);
  }
});

test("renamed identifier: the target's name is used where upstream's stands nowhere", () => {
  const base = HEAD + fn("get", "inc(&dev->users);", "return dev->users;") + fn("put", "dec(&dev->users);", "return 0;");
  const ours = base.replaceAll("users", "refcount");
  const theirs = base.replace("dec(&dev->users);\n", "dec(&dev->users);\n\twake(&dev->users);\n");
  const result = adapted(base, ours, theirs);
  assert.equal(result?.content, ours.replace("dec(&dev->refcount);\n", "dec(&dev->refcount);\n\twake(&dev->refcount);\n"));
  assert.match(result?.hunks[0]?.note ?? "", /"users" is "refcount" here/);
});

test("renamed identifier: a parameter that the target's calls never have is left out", () => {
  const base =
    HEAD +
    fn("one", "a(dev);", "if (is_up(dev, id))", "\tb(dev);") +
    fn("two", "c(dev);", "if (is_up(dev, id))", "\td(dev);") +
    fn("three", "e(dev);", "f(dev);");
  const ours = base.replaceAll("is_up(dev, id)", "is_up(dev)").replace("e(dev)", "e(dev, 1)");
  const theirs = base.replace("\tf(dev);\n", "\tif (is_up(dev, id))\n\t\tf(dev);\n");
  assert.equal(adapted(base, ours, theirs)?.content, ours.replace("\tf(dev);\n", "\tif (is_up(dev))\n\t\tf(dev);\n"));
});

test("renamed identifier: a name that the target is known to have elsewhere is kept", () => {
  const base = HEAD + fn("get", "clear(dev, SIZE);", "return 0;") + fn("put", "clear(dev, SIZE);", "x(dev);", "y(dev);");
  const ours = base.replaceAll("clear", "wipe").replace("x(dev)", "x(dev, 1)");
  const change = changeOf(base, base.replace("\ty(dev);\n", "\tclear(dev, MORE);\n\ty(dev);\n"));
  assert.match(adaptFile(change, ours, base)?.content ?? "", /\twipe\(dev, MORE\);/);
  assert.match(adaptFile(change, ours, base, new Set(["clear"]))?.content ?? "", /\tclear\(dev, MORE\);/);
});

test("feature absent: a hunk for a function that the target does not mention is dropped, the others are placed", () => {
  const base =
    HEAD +
    fn("first", "one(dev);", "two(dev);", "three(dev);", "four(dev);", "five(dev);") +
    fn("offload", "prepare(dev->copy);", "run(dev->copy);", "finish(dev->copy);");
  const ours = `${HEAD + fn("first", "one(dev, 1);", "two(dev);", "three(dev);", "four(dev);", "five(dev);")}`;
  const theirs = base.replace("one(dev);", "one(dev);\n\tadded(dev);").replace("run(dev->copy)", "try_run(dev->copy)");
  const result = adapted(base, ours, theirs);
  assert.ok(result?.content.includes("added(dev)"));
  assert.deepEqual(result?.hunks.map((hunk) => [hunk.rule, hunk.safe]).at(-1), ["feature_absent", false]);
});

test("partly applied: what stands there is not made twice", () => {
  const base = fn("go", "alpha(dev);", "bravo(dev);", "charlie(dev);", "delta_one(dev);", "echo_two(dev);");
  const theirs = base.replace("bravo(dev);\n", "bravo(dev);\n\tcheck_bravo(dev);\n").replace("delta_one(dev)", "delta_two(dev)");
  const ours = base.replace("bravo(dev);\n", "bravo(dev);\n\tcheck_bravo(dev);\n").replace("charlie(dev)", "charlie(dev, 0)");
  const result = adapted(base, ours, theirs);
  assert.equal(result?.content, ours.replace("delta_one(dev)", "delta_two(dev)"));
  assert.match(result?.hunks.map((hunk) => hunk.note).join(), /stands there already/);
});

test("moved code that a hunk takes from one place to another is not taken for present", () => {
  const base = fn("go", "take_lock(dev);", "first(dev);", "second(dev);", "third(dev);", "drop_lock(dev);");
  const theirs = base.replace("\ttake_lock(dev);\n", "").replace("\tsecond(dev);\n", "\ttake_lock(dev);\n\tsecond(dev);\n");
  const ours = base.replace("third(dev)", "third(dev, 3)");
  assert.equal(adapted(base, ours, theirs)?.content, theirs.replace("third(dev)", "third(dev, 3)"));
});

test("moved function: a line that lives in another function takes the change, without what the target lacks", () => {
  const base = `${HEAD}static bool queue_cb(struct cb *cb)\n{\n\ttrace_queue(cb->clp, cb);\n\treturn queue_work(callback_wq, &cb->work);\n}\n`;
  const theirs = base.replace(
    "\ttrace_queue(cb->clp, cb);\n\treturn queue_work(callback_wq, &cb->work);\n",
    "\tstruct client *clp = cb->clp;\n\n\ttrace_queue(clp, cb);\n\treturn queue_work(clp->wq, &cb->work);\n",
  );
  const ours = `${HEAD}void run_cb(struct cb *cb)\n{\n\tqueue_work(callback_wq, &cb->work);\n}\n`;
  const result = adapted(base, ours, theirs);
  assert.equal(
    result?.content,
    `${HEAD}void run_cb(struct cb *cb)\n{\n\tstruct client *clp = cb->clp;\n\n\tqueue_work(clp->wq, &cb->work);\n}\n`,
  );
  assert.equal(result?.hunks[0]?.rule, "moved_function");
});

test("a label whose last goto goes away is dropped with what nothing reaches any more", () => {
  const body = [
    "ret = make_wq();",
    "if (ret)",
    "\tgoto out;",
    "ret = make_queue();",
    "if (ret)",
    "\tgoto out_wq;",
    "ready();",
    "return 0;",
  ];
  const ours = `int start(void)\n{\n\tint ret;\n\n${body.map((line) => `\t${line}\n`).join("")}out_wq:\n\tdestroy_wq();\nout:\n\treturn ret;\n}\n`;
  const base = `int start(void)\n{\n\tint ret;\n\n\tret = make_queue();\n\tif (ret) {\n\t\tdestroy_table();\n\t\treturn ret;\n\t}\n\tready();\n\treturn 0;\n}\n`;
  const theirs = base.replace("\tret = make_queue();\n\tif (ret) {\n\t\tdestroy_table();\n\t\treturn ret;\n\t}\n", "");
  const result = adapted(base, ours, theirs);
  assert.ok(result && !/out_wq|destroy_wq|make_queue/.test(result.content), result?.content);
  assert.ok(result.content.endsWith("\treturn 0;\nout:\n\treturn ret;\n}\n"));
  assert.deepEqual(
    result.labels.map((dropped) => dropped.label),
    ["out_wq"],
  );
});

test("high confidence needs a second method that leaves the same bytes", () => {
  const base = fn("go", "alpha(dev);", "bravo(dev);", "charlie(dev);", "delta(dev);");
  const ours = base.replace("alpha(dev)", "alpha(dev, 1)");
  const theirs = base.replace("bravo(dev);\n", "bravo(dev);\n\tcheck(dev);\n");
  const result = adapted(base, ours, theirs);
  assert.equal(result?.content, ours.replace("bravo(dev);\n", "bravo(dev);\n\tcheck(dev);\n"));
  assert.equal(result?.confidence, "high");
});

test("a neighbour that stands elsewhere here leaves the place in doubt, whatever the votes", () => {
  const base = HEAD + fn("go", "first(dev);", "second(dev);", "prepare(dev);", "info.type = type;", "check(dev, info);", "third(dev);");
  const theirs = base.replace("\tinfo.type = type;\n", "\tclear(&info);\n\tinfo.type = type;\n");
  const moved = base.replace("\tinfo.type = type;\n", "").replace("\tfirst(dev);\n", "\tinfo.type = type;\n\tfirst(dev);\n");
  const result = adapted(base, moved, theirs);
  assert.notEqual(result?.confidence, "high");
  assert.match(result?.hunks[0]?.note ?? "", /stands elsewhere here/);
  const gone = base.replace("\tinfo.type = type;\n", "");
  assert.equal(adapted(base, gone, theirs)?.confidence, "high", "a neighbour that is nowhere says nothing");
});

test("lines that the target has behind the end of upstream's file leave the place of an addition at the end in doubt", () => {
  const base = "[Service]\nBusName=org.example.import\nWatchdogSec=1min\n";
  const result = adapted(base, `${base}ProtectHome=yes\n`, `${base}KillMode=mixed\n`, "unit.in");
  assert.notEqual(result?.confidence, "high");
});

test("members that only upstream's file was using cast doubt", () => {
  const lines = ["copy(eth.src, conf.src);", "copy(eth.dst, conf.dst);", "memcpy(header, &eth, SIZE);", "finish(header);"];
  const base =
    HEAD +
    fn("go", ...lines)
      .replaceAll("eth.src", "eth.hdr.src")
      .replaceAll("eth.dst", "eth.hdr.dst");
  const ours = HEAD + fn("go", ...lines);
  const strange = adapted(base, ours, base.replace("&eth, SIZE", "&eth.hdr, LENGTH"));
  assert.notEqual(strange?.confidence, "high");
  assert.match(strange?.hunks[0]?.note ?? "", /uses hdr/);
  assert.equal(adapted(base, ours, base.replace("&eth, SIZE", "&eth, LENGTH"))?.confidence, "high");
});

test("words that only upstream's file was using cast doubt in files that are no C", () => {
  const entry = (name: string, more = "") => `  <item>\n    <name>${name}</name>\n${more}  </item>\n`;
  const since = '    <include href="version.xml" pointer="v205"/>\n';
  const base = `<list>\n${entry("first", since)}${entry("second", since)}</list>\n`;
  const ours = `<list>\n${entry("first")}${entry("second")}</list>\n`;
  const end = "  </item>\n</list>";
  const adding = (more: string) => base.replace(end, `    <text>meaning</text>\n${more}${end}`);
  assert.equal(
    adapted(base, ours, adding(""), "fields.xml")?.hunks.some((one) => one.doubtful),
    false,
  );
  const strange = adapted(base, ours, adding(since), "fields.xml");
  assert.match(strange?.hunks.map((one) => one.note).join() ?? "", /it uses include, href, pointer/);
  assert.notEqual(strange?.confidence, "high");
});

test("renamed identifier: a name that always differs together with other words of its line is in doubt", () => {
  const log = (name: string, more: string) => `${name}(ERR,${more} "down %d", dev->id);`;
  const lines = (name: string, more: string) => [
    log(name, more),
    "first(dev);",
    log(name, `${more} "again"`),
    "second(dev);",
    "third(dev);",
  ];
  const base = HEAD + fn("go", ...lines("DEV_LOG", ""));
  const theirs = base.replace("\tthird(dev);\n", '\tDEV_LOG(ERR, "third");\n\tthird(dev);\n').replace("first(dev)", "first(dev, 1)");
  const renamed = (more: string) => (HEAD + fn("go", ...lines("OLD_LOG", more))).replace("third(dev)", "third(dev, 2)");
  const alone = adapted(base, renamed(""), theirs);
  assert.match(alone?.content ?? "", /OLD_LOG\(ERR, "third"\)/);
  assert.equal(
    alone?.hunks.some((one) => one.doubtful === true),
    false,
  );
  const together = adapted(base, renamed(" DEVICE,"), theirs);
  assert.ok(together?.hunks.some((one) => one.rule === "renamed_identifier" && one.doubtful === true));
  assert.notEqual(together?.confidence, "high");
});

test("upstream's side is safe where each line of the target is nearly the one that upstream rewrites", () => {
  const row = (id: string) => `\t{ ${id}_NONFRAG_IPV4_TCP, FIELD(IPV4_TCP_EN_IP_S) | FIELD(IPV4_TCP_EN_IP_D) },\n`;
  const base = `static struct row rows[] = {\n\t{ A, 1 },\n${row("RTE_ETH_RSS")}\t{ B, 2 },\n};\n`;
  const ours = base.replace("RTE_ETH_RSS", "ETH_RSS");
  const result = adapted(base, ours, base.replace(row("RTE_ETH_RSS"), ""));
  assert.equal(result?.content, ours.replace(row("ETH_RSS"), ""));
  assert.deepEqual(
    result?.hunks.map((one) => [one.rule, one.safe]),
    [["upstream_side", true]],
  );
  assert.notEqual(result?.confidence, "high");
});
