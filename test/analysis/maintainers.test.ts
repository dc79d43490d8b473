import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readAreas } from "../../src/analysis/maintainers.ts";

const TEXT = `List of maintainers

NFS SERVER
M:	A <a@example.org>
F:	fs/nfsd/
F:	include/linux/sunrpc
X:	fs/nfsd/vfs.c

CAN DRIVERS
F:	drivers/net/can/*
F:	drivers/net/?an.c

NOBODY
M:	B <b@example.org>

THE REST
F:	*
F:	*/
`;

test("an area has the files below its folders, those that its patterns name, and none that it excludes", () => {
  const [nfs, can, ...others] = readAreas(TEXT);
  assert.deepEqual([nfs?.title, can?.title, others.length], ["NFS SERVER", "CAN DRIVERS", 0]);
  for (const path of ["fs/nfsd/state.h", "fs/nfsd/sub/x.c", "include/linux/sunrpc/svc.h"]) assert.ok(nfs?.has(path), path);
  for (const path of ["fs/nfsd/vfs.c", "fs/nfsd.c", "include/linux/sunrpc2.h"]) assert.ok(!nfs?.has(path), path);
  for (const path of ["drivers/net/can/dev.c", "drivers/net/can.c"]) assert.ok(can?.has(path), path);
  for (const path of ["drivers/net/can/usb/x.c", "drivers/net/xcan.c", "drivers/net/can.c.c"]) assert.ok(!can?.has(path), path);
});

test("a pattern made to take long matches nothing, in no time", () => {
  const [slow] = readAreas(`SLOW\nF:\tok/x.c\nF:\t${"a*".repeat(40)}b\n`);
  assert.equal(slow?.has("a".repeat(60)), false);
  assert.equal(slow?.has("ok/x.c"), true);
  const [stars] = readAreas(`STARS\nF:\tdir/${"*".repeat(1000)}.c\n`);
  assert.equal(stars?.has("dir/x.c"), true);
  assert.equal(stars?.has(`dir/${"x".repeat(4000)}`), false);
});

test("any text is read, and patterns are no regular expressions", () => {
  assert.deepEqual(readAreas(""), []);
  const [odd] = readAreas("ODD\nF:\ta+(b)[c].*\n");
  assert.ok(odd?.has("a+(b)[c].h"));
  assert.ok(!odd?.has("aab[c].h"));
  fc.assert(
    fc.property(fc.array(fc.constantFrom("F:\t", "X:\t", "a/*", "?", "[", "(", "\n", "T\n")), fc.string(), (parts, path) => {
      for (const area of readAreas(parts.join(""))) area.has(path);
    }),
    { seed: 8, numRuns: 300 },
  );
});
