import assert from "node:assert/strict";
import { test } from "node:test";
import { readCrash } from "../../src/crash/read-crash.ts";
import { OOPS_ARM64, OOPS_X86 } from "./samples.ts";

interface Form {
  readonly text: string;
  readonly kind: string;
  readonly arch: string | null;
  /** The first reliable functions of the stack, and the one that names the title. */
  readonly frames: readonly string[];
  readonly names: string;
}

const FORMS: Readonly<Record<string, Form>> = {
  "x86-64, 5.x": {
    text: OOPS_X86,
    kind: "null_deref",
    arch: "x86_64",
    names: "widget_probe_done",
    frames: ["widget_probe_done", "widget_session_start"],
  },
  "arm64, 4.19": {
    text: OOPS_ARM64,
    kind: "null_deref",
    arch: "arm64",
    names: "widget_probe_done",
    frames: ["widget_probe_done", "widget_session_start"],
  },
  "x86-64, 4.9 and before": {
    text: `BUG: unable to handle kernel NULL pointer dereference at 0000000000000051
IP: [<ffffffff8116f15e>] widget_create_dir+0x2e/0xc0
PGD 0
Oops: 0000 [#1] SMP
Pid: 1, comm: swapper Not tainted 2.6.32-rc2 #12
RIP: 0010:[<ffffffff8116f15e>]  [<ffffffff8116f15e>] widget_create_dir+0x2e/0xc0
Call Trace:
 <IRQ>  [<ffffffff8123fb77>] widget_add_internal+0xe7/0x1f0
 [<ffffffff8123fd78>] ? widget_init+0x38/0x70
 <EOI>  [<ffffffff8123fd79>] widget_add+0x38/0x70
RIP  [<ffffffff8116f15e>] widget_create_dir+0x2e/0xc0
 RSP <ffff88006af3bd98>
`,
    kind: "null_deref",
    arch: "x86_64",
    names: "widget_create_dir",
    frames: ["widget_create_dir", "widget_add_internal", "widget_add"],
  },
  "x86-64, 2.6 with modules in front": {
    text: `Unable to handle kernel NULL pointer dereference at 0000000000000120 RIP:
 [<ffffffff88339b4f>] :dvb_widget:dvb_widget_rw+0x2f/0x1a0
Oops: 0000 [1] SMP
Call Trace:
 [<ffffffff88339b50>] :dvb_widget:dvb_widget_write+0x2f/0x1a0
 [<ffffffff88339b51>] sys_write+0x2f/0x1a0
`,
    kind: "null_deref",
    arch: "x86_64",
    names: "dvb_widget_rw",
    frames: ["dvb_widget_rw", "dvb_widget_write"],
  },
  i386: {
    text: `BUG: unable to handle kernel paging request at 0c30a000
Oops: 0000 [#1]
EIP:    0060:[<c0152e4b>]    Not tainted VLI
EFLAGS: 00010286   (2.6.23-rc2 #1)
EIP is at widget_buffers+0x5a/0xd5
eax: 000004d0   ebx: ce12a980   ecx: 00000134   edx: cfd5a880
Call Trace:
 [<c0405e1d>] show_trace_log_lvl+0x1a/0x2f
 [<c0406271>] die+0x113/0x246
 [<d09bc521>] widget_release+0x8e5/0xab2 [widgetfs]
EIP: [<c0152e4b>] widget_buffers+0x5a/0xd5 SS:ESP 0068:c0759adc
`,
    kind: "paging_request",
    arch: "i386",
    names: "widget_buffers",
    frames: ["widget_buffers", "widget_release"],
  },
  "i386, 2.4 with decimal offsets": {
    text: `Unable to handle kernel NULL pointer dereference at virtual address 00000028
EIP:    0010:[widget_update_request+447/768]    Not tainted
Call Trace: [widget_writepage_async+34/224]
  [widget_writepage+10/20]
`,
    kind: "null_deref",
    arch: "i386",
    names: "widget_update_request",
    frames: ["widget_update_request"],
  },
  arm: {
    text: `Unable to handle kernel NULL pointer dereference at virtual address 00000008
Internal error: Oops: 17 [#1]
PC is at widget_irq_handler+0x78/0xd0
LR is at widget_helper+0x10/0x20
[<c0029884>] (widget_irq_handler+0x0/0xd0) from [<c0020054>] (widget_dispatch+0x54/0x7c)
[<c0020000>] (widget_dispatch+0x0/0x7c) from [<c0020a94>] (__irq_svc+0x34/0x80)
`,
    kind: "null_deref",
    arch: "arm",
    names: "widget_irq_handler",
    // The link register names the caller that the trace leaves out.
    frames: ["widget_irq_handler", "widget_helper", "widget_dispatch"],
  },
  "arm, 5.16 and later": {
    text: `------------[ cut here ]------------
WARNING: CPU: 0 PID: 1 at drivers/widget/core.c:12 widget_check+0x1c/0x20
 dump_backtrace from show_stack+0x18/0x1c
 show_stack from dump_stack_lvl+0x54/0x7c
 dump_stack_lvl from __warn+0x7c/0x180
 __warn from widget_check+0x1c/0x20
 widget_check from widget_probe+0x10/0x20
 widget_probe from really_probe+0x134/0xda4
`,
    kind: "warning",
    arch: "arm",
    names: "widget_check",
    frames: ["widget_check", "widget_probe"],
  },
  ppc64: {
    text: `Unable to handle kernel paging request for data at address 0x00000010
Oops: Kernel access of bad area, sig: 11 [#1]
NIP: c000000008068dfc LR: c000000008068df8 CTR: 0000000000591038
REGS: c000000010f92e30 TRAP: 0300   Not tainted  (3.10.0-33.el7.ppc64)
MSR: 8000000000009032 <SF,EE,ME,IR,DR>  CR: 22248244  XER: 00000002
NIP [c000000008068dfc] .widget_remove_buffer+0xe8/0x130 [widget]
LR [c000000008068df8] .widget_poll+0xac/0x130
Call Trace:
[c000000010f930b0] [c000000008068df8] .widget_poll+0xac/0x130 (unreliable)
[c000000010f93140] [c000000008068e00] .widget_rx_action+0x1a0/0x2f0
`,
    kind: "paging_request",
    arch: "ppc64",
    names: "widget_remove_buffer",
    frames: ["widget_remove_buffer", "widget_poll", "widget_rx_action"],
  },
  s390x: {
    text: `Unable to handle kernel pointer dereference at virtual kernel address 6b6b6b6b6b6b6000
Oops: 0038 [#1] SMP
CPU: 1 Not tainted 2.6.27-rc1 #54
Krnl PSW : 0704e00180000000 00000000002e0b8c (widget_ctty+0x1c0/0x288)
Krnl GPRS: 0000000000000000 6b6b6b6b6b6b6b6b
Call Trace:
([<00000000002e0a46>] widget_ctty+0x7a/0x288)
 [<0000000000141fe6>] widget_exit+0x212/0x8d4
Last Breaking-Event-Address:
 [<00000000002e0a48>] something_else+0x7c/0x288
`,
    kind: "paging_request",
    arch: "s390x",
    names: "widget_ctty",
    frames: ["widget_ctty", "widget_exit"],
  },
  riscv: {
    text: `Unable to handle kernel paging request at virtual address ffffffe00a020000
Oops [#1]
epc : widget_walk+0x40/0xaa ra : widget_start+0x10/0x20
status: 0000000000000120 badaddr: ffffffe00a020000 cause: 000000000000000d
Call Trace:
[<ffffffe00020383c>] widget_walk+0x40/0xaa
[<ffffffe000203900>] widget_start+0x10/0x20
`,
    kind: "paging_request",
    arch: "riscv",
    names: "widget_walk",
    frames: ["widget_walk", "widget_start"],
  },
  loongarch: {
    text: `CPU 0 Unable to handle kernel paging request at virtual address ffff800000008064, era == 9000000002de2274, ra == 9000000002de225c
Oops[#1]:
   ra: 9000000002de225c widget_sleep+0x3c/0x60
  ERA: 9000000002de2274 widget_wake+0x54/0x60
Call Trace:
[<9000000002de2274>] widget_wake+0x54/0x60
[<9000000002de225c>] widget_sleep+0x3c/0x60
`,
    kind: "paging_request",
    arch: "loongarch",
    names: "widget_wake",
    frames: ["widget_wake", "widget_sleep"],
  },
  mips: {
    text: `CPU 0 Unable to handle kernel paging request at virtual address 00000024, epc == 802224dc, ra == 80222500
Oops[#1]:
epc   : 802224dc widget_conn_help+0x38/0x74     Tainted: P
ra    : 80222500 widget_conn+0x10/0x20
Cause : 00800008
Call Trace:
[<802224dc>] widget_conn_help+0x38/0x74
[<80222500>] widget_conn+0x10/0x20
`,
    kind: "paging_request",
    arch: "mips",
    names: "widget_conn_help",
    frames: ["widget_conn_help", "widget_conn"],
  },
};

for (const [name, form] of Object.entries(FORMS)) {
  test(`oops of ${name}`, () => {
    const signature = readCrash(form.text);
    assert.equal(signature.kind, form.kind);
    assert.equal(signature.arch, form.arch);
    assert.ok(signature.title.endsWith(` in ${form.names}`), signature.title);
    const reliable = signature.frames.filter((frame) => frame.reliable).map((frame) => frame.symbol);
    assert.deepEqual(reliable.slice(0, form.frames.length), form.frames);
  });
}

test("the same crash unites across architectures, builds and inlining suffixes", () => {
  const x86 = readCrash(OOPS_X86).fingerprint;
  const arm64 = readCrash(OOPS_ARM64).fingerprint;
  assert.equal(x86.loose, arm64.loose);
  assert.equal(x86.family, arm64.family);
  const otherPath = readCrash(OOPS_X86.replaceAll("widget_session_start", "widget_session_stop")).fingerprint;
  assert.equal(x86.loose, otherPath.loose, "another path to the same function");
  assert.notEqual(x86.strict, otherPath.strict);
  const otherFunction = readCrash(OOPS_X86.replaceAll("widget_probe_done", "widget_probe_start")).fingerprint;
  assert.notEqual(x86.loose, otherFunction.loose);
  const otherKind = readCrash(
    OOPS_X86.replace(/^BUG: .*\n/, "WARNING: CPU: 3 PID: 4711 at a.c:1 widget_probe_done+0x67/0x2d0 [widget]\n"),
  ).fingerprint;
  assert.notEqual(x86.loose, otherKind.loose);
});

test("modules, taint, work queue, registers and the task are read", () => {
  const signature = readCrash(OOPS_X86);
  assert.equal(signature.comm, "widgetd");
  assert.deepEqual(signature.workqueue, { name: "widget_wq", function: "widget_work" });
  assert.deepEqual(signature.modules, ["widget", "nfs", "sunrpc"]);
  assert.deepEqual(signature.kernel, { release: "5.10.0-60.18.0.50.oe2203.x86_64", base: "5.10.0", vendor: "openEuler" });
  assert.deepEqual(signature.details?.taint, { flags: "GOE", proprietary: false, outOfTree: true, diedBefore: false });
  assert.deepEqual(signature.details?.outOfTreeModules, ["widget"]);
  assert.equal(signature.details?.pid, 4711);
  assert.equal(signature.details?.cpu, 3);
  assert.equal(signature.details?.hardware, "Example Machine 9, BIOS 1.2 01/01/2022");
  assert.deepEqual(readCrash(OOPS_ARM64).lr, { symbol: "widget_probe_done", offset: 0x40, size: 0x328, module: "widget" });
});
