import assert from "node:assert/strict";
import { test } from "node:test";
import { crashQuery } from "../../src/analysis/crash-query.ts";
import { readCrash } from "../../src/crash/read-crash.ts";

const LOCKDEP = `=======================================================
[ INFO: possible circular locking dependency detected ]
2.6.30-rc3 #5
-------------------------------------------------------
widgetd/3895 is trying to acquire lock:
 (&widget->writer_mutex){+.+...}, at: [<d0d02172>] widget_get_block+0x89/0x20f [widget]

but task is already holding lock:
 (&(&bag->b_sem)->rlock){++++..}, at: [<d0d02d99>] bag_propagate+0x14/0x2e [widget]
`;

test("a lock report without a stack is asked for by the places and the names of its locks", () => {
  const query = crashQuery(readCrash(LOCKDEP));
  assert.deepEqual(query.functions.map(({ name }) => name).sort(), ["bag_propagate", "widget_get_block"]);
  assert.deepEqual(query.locks, ["widget", "writer_mutex", "bag", "b_sem"], "rlock is in every spin lock");
  assert.ok(query.words.has("writer"));
});

test("members at the offset of the fault are names of the report", () => {
  const signature = readCrash(LOCKDEP);
  const details = signature.details;
  assert.ok(details);
  const hints = [{ struct: "widget", field: "queue_head", offset: 8 }];
  const query = crashQuery({ ...signature, details: { ...details, fieldHints: hints as typeof details.fieldHints } });
  assert.deepEqual(
    query.identifiers.filter(({ name }) => name === "queue_head").map(({ source }) => source),
    ["member at the offset of the fault"],
  );
});

const OOPS = `BUG: unable to handle kernel NULL pointer dereference at 0000000000000028
IP: [<ffffffffa0000067>] widget_done+0x67/0x2d0 [widget]
Call Trace:
 [<ffffffffa0000121>] widget_start+0x121/0x1e0 [widget]
 [<ffffffff81000066>] do_sys_ioctl+0x66/0xa0
`;

test("a function of the stack keeps the weight that its frame has", () => {
  const signature = readCrash(OOPS);
  const { functions } = crashQuery(signature);
  assert.equal(
    functions.find(({ name }) => name === "widget_done")?.weight,
    signature.frames.find(({ symbol }) => symbol === "widget_done")?.weight,
  );
});
