import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { AnalysisContext } from "../../src/analysis/context.ts";
import { withFieldHints } from "../../src/analysis/field-hints.ts";
import { readCrash } from "../../src/crash/read-crash.ts";
import { openRepository } from "../../src/git/open-repository.ts";
import { openSourceIndex } from "../../src/source/source-index.ts";
import { gitFixture, importCommits } from "../history/git-fixture.ts";

const TREE = {
  "include/types.h": `struct list_head { struct list_head *next, *prev; };
typedef struct spinlock {
	unsigned int value;
#ifdef CONFIG_DEBUG_SPINLOCK
	unsigned int magic;
	void *owner;
#endif
} spinlock_t;
`,
  "include/widget.h": `#define WIDGET_NAME 16
struct gear {
	int teeth;	/* how many; { braces } in comments */
	void *axle;
};
struct widget {
	struct list_head list;
	char name[WIDGET_NAME];
	struct widget *parent;
	struct gear gear;
	spinlock_t lock;
	long behind_lock;
};
struct aligned_widget {
	long first;
	long second __attribute__((aligned(64)));
	long third;
};
struct packed_widget {
	char first;
	long second;
} __attribute__((packed));
`,
  "tools/widget.h": "struct widget { char other; long parent; };\n",
  "drivers/widget.c": `#include "widget.h"

static int
widget_probe_done(struct widget *w, struct gear local)
{
	struct widget *up = w->parent;
	struct aligned_widget *a = find(w);
	struct packed_widget *p = find(w);

	local.axle = w;
	if (up->gear.axle || a->second || p->second)
		return w->parent->behind_lock;
	return 0;
}
`,
};

async function openTarget(t: TestContext, indexed = true): Promise<AnalysisContext> {
  const fixture = gitFixture();
  const repo = openRepository({ gitDir: fixture.gitDir, scratchDir: join(fixture.dir, "scratch") });
  const sources = openSourceIndex(join(fixture.dir, "source.sqlite"), repo);
  t.after(async () => {
    sources.close();
    await repo.close();
    fixture.remove();
  });
  const [oid = ""] = importCommits(fixture, [{ parents: [], changes: TREE }]);
  const targetTree = fixture.git(["rev-parse", `${oid}^{tree}`]).trim();
  if (indexed) await sources.ensureHead(targetTree);
  // Only what the stage reads.
  return { repo, sources, targetTree } as unknown as AnalysisContext;
}

function crashAt(address: number, extra = ""): string {
  return `BUG: kernel NULL pointer dereference, address: ${address.toString(16).padStart(16, "0")}
Oops: 0000 [#1] SMP
CPU: 3 PID: 1 Comm: a Not tainted 5.10.0 #1
RIP: 0010:widget_probe_done+0x67/0x2d0
RAX: 0000000000000000 RBX: ffffe3e4768a6080 RCX: 0000000000000000
Call Trace:
 widget_start+0x121/0x1e0
 widget_ioctl+0x60f/0xba0
${extra}`;
}

async function hintsAt(ctx: AnalysisContext, address: number, extra = "") {
  const { details } = await withFieldHints(ctx, readCrash(crashAt(address, extra)));
  return details?.fieldHints.map(({ struct, field, basis, exact, because }) => [`${struct}.${field}`, basis, exact, because]);
}

test("the member that the function at fault uses at the offset of the fault is told, with the place of the use", async (t) => {
  const ctx = await openTarget(t);
  assert.deepEqual(await hintsAt(ctx, 32), [["widget.parent", "access", true, "widget_probe_done() uses w->parent at drivers/widget.c:6"]]);
  assert.deepEqual(await hintsAt(ctx, 48), [
    ["widget.gear.axle", "access", true, "widget_probe_done() uses up->gear.axle at drivers/widget.c:11"],
  ]);
});

test("an offset that depends on configuration is said to do so", async (t) => {
  const ctx = await openTarget(t);
  const because = "widget_probe_done() uses w->parent->behind_lock at drivers/widget.c:12";
  assert.deepEqual(await hintsAt(ctx, 64), [["widget.behind_lock", "access", false, because]]);
  assert.deepEqual(await hintsAt(ctx, 72), [["widget.behind_lock", "access", false, because]]);
});

test("what stands in a variable, is placed by hand or packed gives no hint", async (t) => {
  const ctx = await openTarget(t);
  // local.axle is on the stack; aligned_widget.second is at 64, not 8; packed_widget.second is at 1, not 8.
  assert.deepEqual(await hintsAt(ctx, 8), []);
  assert.deepEqual(await hintsAt(ctx, 1), []);
});

test("where the function uses nothing at the offset, structures that the text names are asked", async (t) => {
  const ctx = await openTarget(t);
  const session = "crash> struct widget ffff80042c343400\n";
  assert.deepEqual(await hintsAt(ctx, 16, session), [["widget.name", "layout", true, "the text names the struct widget"]]);
  assert.deepEqual(await hintsAt(ctx, 20, session), [], "in the middle of a member");
});

test("a layout in the text stays, and comes first", async (t) => {
  const ctx = await openTarget(t);
  const session = "crash> struct widget -o\nstruct widget {\n   [32] struct widget *parent;\n}\n";
  assert.deepEqual(await hintsAt(ctx, 32, session), [["widget.parent", undefined, undefined, undefined]]);
});

test("without a source index, a known data model or a null pointer nothing changes", async (t) => {
  const unindexed = await openTarget(t, false);
  assert.deepEqual(await hintsAt(unindexed, 32), []);
  const ctx = await openTarget(t);
  const { sources: _, ...rest } = ctx;
  const signature = readCrash(crashAt(32));
  assert.equal(await withFieldHints({ ...rest, sources: null }, signature), signature);
  assert.equal(await withFieldHints(ctx, { ...signature, arch: "sparc" }).then((read) => read.details?.fieldHints.length), 0);
  const far = readCrash(crashAt(0x12345678));
  assert.equal(await withFieldHints(ctx, far), far);
});
