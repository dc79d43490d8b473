import assert from "node:assert/strict";
import { test } from "node:test";
import { readCrash } from "../../src/crash/read-crash.ts";

/** The same crash of an invented driver on arm64, as dmesg and as a crash(8) session. */
const DMESG = `[  100.000001] widget: shutting down
[  100.200000] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000
[  100.300000] Call trace:
[  100.300001]  __queue_work+0xb4/0x558
[  100.300002]  queue_work_on+0x88/0x90
[  100.300003]  widget_probe_done+0x4c/0x58 [widget]
[  100.300003] widget: an unrelated line
[  100.300004]  widget_session_start.isra.57+0x8c/0xa8 [widget]
[  100.300005]  kthread+0x134/0x138
[  100.300006]  ret_from_fork+0x10/0x18
[  100.400000] Bye!
`;

const SESSION = `crash> sys
     RELEASE: 4.19.90-52.39.v2207.ky10.aarch64
     MACHINE: aarch64  (unknown Mhz)
       PANIC: "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000"
crash> bt
PID: 2772  TASK: ffff8004296f7d00  CPU: 24  COMMAND: "widgetd"
 #0 [ffff80043786f5b0] machine_kexec at ffff0000480a2e8c
 #1 [ffff80043786fb40] el1_ia at ffff000048082f0c
     PC: ffff000048111014  [__queue_work+180]
     LR: ffff00004811100c  [__queue_work+172]
 #2 [ffff80043786fb50] __queue_work at ffff000048111010
 #3 [ffff80043786fbc0] queue_work_on at ffff00004811153c
 #4 [ffff80043786fbf0] widget_probe_done at ffff000042a231e8 [widget]
 #5 [ffff80043786fc10] widget_session_start at ffff000042a23214 [widget]
 #6 [ffff80043786fe70] kthread at ffff00004811a870
crash> rd widget_wq
ffff000042a55a70:  ffff80010eb50600
crash> struct workqueue_struct ffff80042c343400
`;

test("the function that the three lists leave names the crash", () => {
  const signature = readCrash(DMESG);
  assert.equal(signature.kind, "null_deref");
  assert.equal(signature.title, "BUG: unable to handle kernel NULL pointer dereference in widget_probe_done");
  assert.deepEqual(
    signature.frames.slice(0, 4).map((frame) => [frame.symbol, frame.module, frame.generic]),
    [
      ["__queue_work", null, "prefix"],
      ["queue_work_on", null, "prefix"],
      ["widget_probe_done", "widget", "no"],
      ["widget_session_start", "widget", "no"],
    ],
  );
  assert.equal(signature.fault?.addressClass, "null_page");
});

test("a crash(8) session of the same crash unites with it and adds the release and the objects looked at", () => {
  const signature = readCrash(SESSION);
  assert.equal(signature.fingerprint.loose, readCrash(DMESG).fingerprint.loose);
  assert.equal(signature.fingerprint.strict, readCrash(DMESG).fingerprint.strict);
  assert.deepEqual(signature.kernel, { release: "4.19.90-52.39.v2207.ky10.aarch64", base: "4.19.90", vendor: "Kylin" });
  assert.equal(signature.pc?.symbol, "__queue_work");
  assert.equal(signature.comm, "widgetd");
  const names = signature.identifiers.map((identifier) => identifier.name);
  assert.ok(names.includes("widget_wq") && names.includes("workqueue_struct"), names.join());
});

test("a text without a crash is no crash", () => {
  for (const text of ["", "\n\n", "hello", "BUG: no\u0000thing", "lockd: server 10.0.0.1 not responding, still trying\n"]) {
    const signature = readCrash(text);
    assert.ok(signature.kind === "log_message" || signature.kind === "unknown", `${JSON.stringify(text)} -> ${signature.kind}`);
    assert.equal(signature.confidence, "low");
    assert.deepEqual(signature.frames, []);
  }
});
