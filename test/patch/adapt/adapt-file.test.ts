import assert from "node:assert/strict";
import { test } from "node:test";
import { adaptFile } from "../../../src/patch/adapt/adapt-file.ts";
import { applyWithFuzz } from "../../../src/patch/fuzz.ts";
import { parsePatch } from "../../../src/patch/parse.ts";
import type { FilePatch } from "../../../src/patch/patch.ts";

function patchOf(header: string, ...lines: string[]): FilePatch {
  const old = lines.filter((line) => !line.startsWith("+")).length;
  const fresh = lines.filter((line) => !line.startsWith("-")).length;
  const [file] = parsePatch(
    `diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n@@ -10,${old} +10,${fresh} @@ ${header}\n${lines.join("\n")}\n`,
  ).files;
  assert.ok(file);
  return file;
}

const TARGET = `static int start(struct client *clp)
{
	int ret;

	ret = prepare_old(clp);
	if (ret)
		return ret;
	clp->state = READY;
	wake_up(&clp->queue);
	return 0;
}

static void stop(struct client *clp)
{
	flush(clp);
	kfree(clp->name);
	kfree(clp);
}
`;

test("context only: a removed line that stands once is replaced where its neighbours differ", () => {
  const file = patchOf(
    "static int start(struct client *clp)",
    " \tret = prepare_new(clp, 0);",
    " \tif (ret < 0)",
    " \t\tgoto out;",
    "-\tclp->state = READY;",
    "+\tset_state(clp, READY);",
    " \twake_up(&clp->queue);",
  );
  const adapted = adaptFile(file, TARGET, null);
  assert.equal(adapted?.content, TARGET.replace("\tclp->state = READY;", "\tset_state(clp, READY);"));
  assert.deepEqual(
    adapted?.hunks.map((hunk) => [hunk.rule, hunk.safe]),
    [["context_only", true]],
  );
  assert.equal(applyWithFuzz(file, TARGET), adapted?.content, "patch -F3 agrees");
});

test("an added line goes beside the neighbour that is left", () => {
  const file = patchOf(
    "static int start(struct client *clp)",
    " \tclp->new_member = 1;",
    " \tclp->state = READY;",
    "+\tclp->ready_at = now();",
    " \tnotify_new(clp);",
  );
  assert.equal(adaptFile(file, TARGET, null)?.content, TARGET.replace("READY;\n", "READY;\n\tclp->ready_at = now();\n"));
});

test("neighbours that no longer stand together leave the place open: refused", () => {
  const file = patchOf("static int start(struct client *clp)", " \tret = prepare_old(clp);", "+\tcount(clp);", " \twake_up(&clp->queue);");
  assert.equal(adaptFile(file, TARGET, null), null);
});

test("a line that stands twice is not guessed", () => {
  const target = TARGET.replace("\twake_up(&clp->queue);\n", "\tclp->state = READY;\n");
  const file = patchOf(
    "static int start(struct client *clp)",
    " \tunknown(clp);",
    "-\tclp->state = READY;",
    "+\tset_state(clp, READY);",
    " \tunknown_too(clp);",
  );
  assert.equal(adaptFile(file, target, null), null);
});

test("moved code: the function is gone, its lines stand in another one", () => {
  const file = patchOf(
    "static void __stop(struct kref *k)",
    " \tflush(clp);",
    "+\tdestroy_workqueue(clp->wq);",
    " \tkfree(clp->name);",
    " \tkfree(clp->domain);",
    " \tkfree(clp);",
  );
  const adapted = adaptFile(file, TARGET, null);
  assert.equal(adapted?.content, TARGET.replace("\tflush(clp);\n", "\tflush(clp);\n\tdestroy_workqueue(clp->wq);\n"));
  assert.equal(adapted?.hunks[0]?.rule, "moved_function");
  assert.equal(adapted?.hunks[0]?.safe, false);
  assert.match(adapted?.hunks[0]?.note ?? "", /stand in stop\(\)/);
});

test("code that the target does not have at all is refused", () => {
  const file = patchOf(
    "static void send_offload(struct copy *copy)",
    " \tinit_copy(copy);",
    "-\trun_cb(&copy->cb);",
    "+\ttry_run_cb(&copy->cb);",
    " }",
  );
  assert.equal(adaptFile(file, TARGET, null), null);
});

test("a hunk whose result already stands there is skipped and said", () => {
  const other = patchOf(
    "static int start(struct client *clp)",
    " \tfoo(clp);",
    "-\tclp->state = READY;",
    "+\tset_state(clp, READY);",
    " \tbar(clp);",
  );
  const file = patchOf(
    "static void stop(struct client *clp)",
    " \tother(clp);",
    "-\tkfree_old(clp->name);",
    "+\tkfree(clp->name);",
    " \tanother(clp);",
  );
  const adapted = adaptFile({ ...file, hunks: [...other.hunks, ...file.hunks] }, TARGET, null);
  assert.deepEqual(
    adapted?.hunks.map((hunk) => hunk.rule),
    ["context_only", "already_present"],
  );
  assert.equal(adaptFile(file, TARGET, null), null, "a change that is all there is none");
});

test("deeper code gets deeper lines", () => {
  const target = TARGET.replace("\tflush(clp);\n", "\tif (clp) {\n\t\tflush(clp);\n\t}\n");
  const file = patchOf("static void stop(struct client *clp)", " \tgone(clp);", " \tflush(clp);", "+\tdrain(clp);", " \tgone_too(clp);");
  assert.equal(adaptFile(file, target, null)?.content, target.replace("\t\tflush(clp);\n", "\t\tflush(clp);\n\t\tdrain(clp);\n"));
});
