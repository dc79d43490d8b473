import assert from "node:assert/strict";
import { test } from "node:test";
import { readCrash } from "../../src/crash/read-crash.ts";
import { isStallAnchor } from "../../src/rules/crash-anchors.ts";
import { frameClass } from "../../src/rules/frame-lists.ts";
import { OOPS_ARM64, OOPS_X86 } from "./samples.ts";

test("the code around the place of the fault is kept, with the place that the report marks", () => {
  assert.deepEqual(readCrash(OOPS_X86).details?.code, { units: ["00", "00", "8b", "00"], marked: 2, trap: null });
  assert.equal(readCrash(OOPS_ARM64).details?.code, null);
  const code = (line: string, header = "kernel BUG at fs/widget.c:1!") =>
    readCrash(`${header}\nRIP: 0010:widget_inner+0x1/0x2\n${line}\nCall Trace:\n widget_outer+0x1/0x2\n`).details?.code;
  assert.equal(code("Code: 44 89 e9 <0f> 0b e9 ce fa")?.trap, "ud2");
  assert.equal(code("Code: 44 0f 0b <48> 89 e9")?.trap, null, "only the marked place counts");
  assert.equal(code("Code: 44 cc <48> 89", "int3: 0000 [#1] SMP")?.trap, "int3");
  assert.equal(code("Code: 44 cc <48> 89")?.trap, null);
  assert.deepEqual(code("Code: aa0203f4 d503201f (d4210000) ")?.trap, "brk");
  assert.deepEqual(code("Code: 8c820000 <8c430000> 00000000"), { units: ["8c820000", "8c430000", "00000000"], marked: 1, trap: null });
  assert.equal(code("Code:  Bad RIP value."), null);
});

test("the code of user space is not that of the kernel", () => {
  const report = (lines: string): string =>
    `INFO: task a:1 blocked for more than 120 seconds.\nCall Trace:\n widget_wait+0x1/0x2\n${lines}`;
  assert.equal(readCrash(report("RIP: 0033:0x7f805ddcc9da\nCode: 48 8b <48> 3d 01\n")).details?.code, null);
  const old = "RIP: 0033:0x4529d9\nRSP: 002b:00007ffce0017658 EFLAGS: 00000202\nRAX: ffffffffffffffda\nCode: c2 <48> b8\n";
  assert.equal(readCrash(report(old)).details?.code?.marked, 1, "until 4.17 it stands below the registers of user space");
});

test("a caller that only the link register names is a frame of lower weight, and names what a primitive does not", () => {
  const text = OOPS_ARM64.replaceAll(/^pc : .*$/gm, "pc : __memset+0x16c/0x188")
    .replaceAll(/^lr : .*$/gm, "lr : widget_clear+0x40/0x328 [widget]")
    .replace(" widget_probe_done+0x4c/0x328 [widget]\n", " __memset+0x16c/0x188\n");
  const { title, frames, corrupted } = readCrash(text);
  assert.equal(title, "BUG: unable to handle kernel NULL pointer dereference in widget_clear");
  assert.equal(corrupted, null);
  assert.deepEqual(
    frames.slice(0, 3).map((frame) => [frame.symbol, frame.fromLinkRegister ?? false, frame.weight]),
    [
      ["__memset", false, 0.15],
      // 0.6 for the link register, 1.3 for the module that the stack is about.
      ["widget_clear", true, 0.78],
      ["widget_session_start", false, 1.105],
    ],
  );
  assert.ok(!readCrash(OOPS_ARM64).frames.some((frame) => frame.fromLinkRegister), "a register that repeats the trace adds nothing");
});

test("frames of the part of the kernel where the stack first says something weigh more", () => {
  const { frames } = readCrash(
    "WARNING: CPU: 1 PID: 2 at fs/widget/a.c:1 widget_inner+0x1/0x2 [widget]\nCall Trace:\n other_part+0x1/0x2\n widget_outer+0x1/0x2 [widget]\n",
  );
  assert.deepEqual(
    frames.map((frame) => [frame.symbol, frame.weight]),
    [
      ["widget_inner", 1.3],
      ["other_part", 0.85],
      ["widget_outer", 0.91],
    ],
  );
  const inFolder = readCrash("Call Trace:\n f+0x1/0x2 fs/widget/a.c:1\n g+0x1/0x2 fs/other/b.c:1\n h+0x1/0x2 fs/widget/c.c:1\n").frames;
  assert.deepEqual(
    inFolder.map((frame) => frame.weight),
    [1.3, 0.85, 0.91],
  );
});

test("a report whose header was cut is the root only when there is no other", () => {
  const slab = "INFO: Allocated in widget_alloc+0x10b/0x35f age=25 cpu=1 pid=5086\nINFO: Slab 0xffffea000592cb90 objects=16\n\n";
  const later = readCrash(`${slab}${OOPS_X86}`);
  assert.equal(later.kind, "null_deref");
  assert.equal(later.corrupted, null);
  assert.equal(later.details?.reports.length, 2);
  assert.notEqual(readCrash(slab).corrupted, null);
});

test("the panic that a report led to belongs to it", () => {
  const panic = "Kernel panic - not syncing: Fatal exception\nKernel Offset: disabled\n";
  const signature = readCrash(`${OOPS_X86}${panic}`);
  assert.equal(signature.kind, "null_deref");
  assert.equal(signature.details?.reports.length, 1);
});

test("a version that people write about counts when no line states the release, and they write about one only", () => {
  const leak = "unreferenced object 0xffff8881264356c0 (size 448):\n  backtrace (crc c85bbdc2):\n    widget_inner+0x27/0x70 [widget]\n";
  const signature = readCrash(`While testing with v6.19-rc1 I found\n\n${leak}`);
  assert.deepEqual(signature.kernel, { release: "6.19-rc1", base: "6.19", vendor: null });
  assert.equal(signature.arch, "x86_64", "by the address of the object");
  assert.equal(readCrash(`It worked in v6.18 and broke in v6.19.\n${leak}`).kernel, null);
  assert.equal(readCrash(`Tested with v6.19.\n${OOPS_X86}`).kernel?.release, "5.10.0-60.18.0.50.oe2203.x86_64");
});

test("a null pointer in KASAN's words has an offset too, and a layout in the text names its member", () => {
  const signature = readCrash(`general protection fault, probably for non-canonical address 0xdffffc00000000ad: 0000 [#1] SMP
KASAN: null-ptr-deref in range [0x0000000000000568-0x000000000000056f]
RIP: 0010:widget_inner+0x1/0x2
Call Trace:
 widget_outer+0x1/0x2
crash> struct widget -o
struct widget {
    [0] struct inode *host;
 [1384] struct gear *gear;
}
`);
  assert.deepEqual(signature.details?.fieldHints, [{ struct: "widget", field: "gear", offset: 0x568 }]);
});

test("arm lines that a terminal cut at its width are frames", () => {
  const cut = "[<c00696c0>] (synchronize_irq+0xc/0xcc) from [<c018d434>] (s)\n[<c018d434>] (widget_stop_tx+0x1c/0x3c) from [<c018d)\n";
  assert.deepEqual(
    readCrash(`Backtrace:\n${cut}`).frames.map((frame) => frame.symbol),
    ["synchronize_irq", "widget_stop_tx"],
  );
});

test("each list and each anchor takes what it is for, by whole names, starts, ends and parts", () => {
  const lists: Readonly<Record<string, readonly string[]>> = {
    irrelevant: [
      "dump_stack_lvl",
      "warn_slowpath_fmt",
      "asm_exc_page_fault",
      "el1h_64_sync_handler",
      "kasan_report",
      "ret_from_fork_asm",
      "worker_thread",
    ],
    prefix: [
      "_raw_spin_lock_irqsave",
      "mutex_lock",
      "__list_add_valid",
      "kmem_cache_alloc",
      "memset",
      "copy_to_user",
      "__queue_work",
      "kref_put",
    ],
    dispatch: [
      "vfs_read",
      "ksys_write",
      "path_openat",
      "notifier_call_chain",
      "__netif_receive_skb_core",
      "__do_softirq",
      "rpc_async_schedule",
    ],
    no: ["nfsd4_probe_callback", "ext4_writepages", "tcp_sendmsg"],
  };
  for (const [list, symbols] of Object.entries(lists)) for (const symbol of symbols) assert.equal(frameClass(symbol, null), list, symbol);
  for (const symbol of [
    "process_one_work",
    "__do_softirq",
    "vfs_write",
    "kthread",
    "sock_sendmsg_nosec",
    "do_syscall_64",
    "__x64_sys_ioctl_ioctl",
  ])
    assert.equal(isStallAnchor(symbol), symbol !== "__x64_sys_ioctl_ioctl", symbol);
  assert.ok(!isStallAnchor("kthread_stop") && !isStallAnchor("widget_ioctl"));
});

test("a hang in two well-known waits falls into their buckets", () => {
  const hung = (wait: string): string =>
    readCrash(
      `INFO: task a:1 blocked for more than 120 seconds.\nCall Trace:\n __schedule+0x1/0x2\n schedule+0x1/0x2\n ${wait}+0x1/0x2\n widget_close+0x1/0x2\n`,
    ).title;
  assert.equal(hung("rtnl_lock"), "INFO: task hung in rtnl_lock");
  assert.equal(hung("synchronize_net"), "INFO: task hung in synchronize_rcu");
  assert.equal(hung("wait_for_completion"), "INFO: task hung in widget_close");
});
