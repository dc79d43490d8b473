import assert from "node:assert/strict";
import { test } from "node:test";
import { readCrash } from "../../src/crash/read-crash.ts";

const symbols = (text: string): string[] => readCrash(text).frames.map((frame) => frame.symbol);

test("crash bt: frames above the exception came later and are dropped", () => {
  const text = `PID: 28     TASK: ffff8800378fa600  CPU: 0   COMMAND: "kworker/0:2"
 #0 [ffff880037ad7a50] machine_kexec at ffffffff8102c0ae
 #1 [ffff880037ad7b70] oops_end at ffffffff814637b8
    [exception RIP: widget_unlock+55]
    RIP: ffffffffa0498031  RSP: ffff880037ad7ce8  RFLAGS: 00010202
 #2 [ffff880037ad7ce8] widget_end at ffffffffc096165d [widget]
 #3 [ffff880037ad7e78] worker_thread at ffffffff8107e63a
`;
  assert.deepEqual(symbols(text), ["widget_unlock", "widget_end", "worker_thread"]);
  assert.deepEqual(symbols(text.replaceAll("\n", " ")), ["widget_unlock", "widget_end", "worker_thread"], "flattened to one line");
});

test("foreach bt: the stack of the next task is not part of the first", () => {
  const task = (pid: number, name: string): string =>
    `PID: ${pid}  TASK: ffff8800378fa600  CPU: 0  COMMAND: "a"\n #0 [ffff880037ad7a50] __schedule at ffffffff8102c0ae\n #1 [ffff880037ad7b70] ${name} at ffffffff814637b8 [widget]\n`;
  const signature = readCrash(`crash> foreach UN bt\n${task(1, "widget_wait")}\n${task(2, "widget_hold")}`);
  assert.equal(signature.kind, "stack_only");
  assert.deepEqual(signature.frames.map((frame) => frame.symbol).slice(-1), ["widget_wait"]);
  assert.deepEqual(
    signature.details?.otherStacks.map((stack) => [stack.frames.at(-1)?.symbol, stack.comm, stack.pid]),
    [["widget_hold", "a", 2]],
  );
});

test("bt -FF and struct -o tell objects, and the member at the fault's offset", () => {
  const signature = readCrash(`crash> sys
     RELEASE: 5.10.0-60.oe1.x86_64
       PANIC: "BUG: unable to handle kernel NULL pointer dereference at 0000000000000080"
crash> bt -FF
 #7 [ffffb2f160b239a0] widget_end at ffffffffc096165d [widget]
    ffff8880b1ab7a80: ffffea0002cd5900 [ffff8880b0cf0b00:widget_page]
    ffff8880b1ab7a90: [ffff8880b0cf0b80:kmalloc-128] 0000000000000000
crash> struct address_space -ox
struct address_space {
    [0x0] struct inode *host;
   [0x80] spinlock_t private_lock;
}
`);
  assert.deepEqual(signature.details?.objects, [
    { name: "widget_page", kind: "slab" },
    { name: "address_space", kind: "struct" },
  ]);
  assert.deepEqual(signature.details?.fieldHints, [{ struct: "address_space", field: "private_lock", offset: 0x80 }]);
  assert.equal(signature.fault?.addressClass, "small_offset");
});

test("faddr2line, in English and in Chinese, gives frames their file and line", () => {
  const trace = "Call Trace:\n widget_add+0x1cc/0x5b8 [widget]\n widget_open+0x1/0x2 [widget]\n";
  const build = "/usr/src/debug/kernel-4.19.90/linux-4.19.90-24.4.v2101.ky10.x86_64";
  const english = `${trace}widget_add+0x1cc/0x5b8:\nwidget_count at include/linux/widget.h:548 (discriminator 3)\n(inlined by) widget_add at ${build}/fs/widget/write.c:774\n`;
  const chinese = `${trace}widget_count 于 ${build}/./include/linux/widget.h:548\n(已内连入)widget_add 于 ${build}/fs/widget/write.c:774\n`;
  for (const text of [english, chinese]) {
    const signature = readCrash(text);
    assert.deepEqual([signature.frames[0]?.file, signature.frames[0]?.line], ["fs/widget/write.c", 774]);
    assert.equal(signature.details?.sources[0]?.file, "include/linux/widget.h");
  }
  assert.equal(readCrash(chinese).kernel?.release, "4.19.90-24.4.v2101.ky10.x86_64", "the release stands in the path");
});

test("decode_stacktrace and syzkaller's symbolizer: file, line, inlined", () => {
  const text = `Call Trace:
 widget_start+0x164/0x4ac fs/widget/log.c:2143
 widget_sync fs/widget/sync.c:2907 [inline]
 widget_end+0x10/0x20 (fs/widget/end.c:12 (discriminator 3)) widget
`;
  const { frames } = readCrash(text);
  assert.deepEqual(
    frames.map((frame) => [frame.symbol, frame.file, frame.line, frame.inlined]),
    [
      ["widget_start", "fs/widget/log.c", 2143, false],
      ["widget_sync", "fs/widget/sync.c", 2907, true],
      ["widget_end", "fs/widget/end.c", 12, false],
    ],
  );
});

test("/proc/PID/stack, gdb bt and ftrace stacks", () => {
  assert.deepEqual(
    symbols("[<0>] widget_init+0x1d/0xa0 [widget]\n[<0>] 0xffffffffc085f246\n[<0>] do_mount+0x1/0x2\n[<0>] 0xffffffffffffffff\n"),
    ["widget_init", "do_mount"],
  );
  const gdb = readCrash(
    "#0  widget_remove (req=0xffff88813899dc80) at ../fs/widget/write.c:602\n#1  0xffffffff815310bf in widget_flush (a=1, b=2) at ../fs/widget/write.c:700\n",
  );
  assert.deepEqual(
    gdb.frames.map((frame) => [frame.symbol, frame.file, frame.line]),
    [
      ["widget_remove", "fs/widget/write.c", 602],
      ["widget_flush", "fs/widget/write.c", 700],
    ],
  );
  assert.deepEqual(symbols(" => widget_read\n => vfs_read\n => do_syscall_64\n"), ["widget_read", "vfs_read", "do_syscall_64"]);
});

test("a hand-written call tree gives hints and no frames", () => {
  const signature = readCrash("看一下流程：\n\nwidget_run_cb\n  widget_prepare(clp)\n    queue_work(widget_wq, &cb->work) // here\n\n");
  assert.deepEqual(signature.frames, []);
  assert.deepEqual(
    signature.identifiers.map((identifier) => [identifier.name, identifier.source]),
    [
      ["widget_run_cb", "call_tree"],
      ["widget_prepare", "call_tree"],
      ["queue_work", "call_tree"],
    ],
  );
});

test("log lines alone give a signature without frames", () => {
  const signature = readCrash("[ 12.000000] lockd: server 10.2.21.62 not responding, still trying\n");
  assert.equal(signature.kind, "log_message");
  assert.equal(signature.messages[0]?.template, "lockd: server %pI4 not responding, still trying");
  const tracking = readCrash("[ 12.0] NFSD: starting\n[ 12.1] NFSD: Unable to initialize client recovery tracking! (-110)\n");
  assert.equal(tracking.kind, "log_message");
  assert.equal(tracking.title, "NFSD: Unable to initialize client recovery tracking! (-NUM)");
});

test("the lines above a report are kept as messages with their templates", () => {
  const signature = readCrash(
    "[ 12.1] widget: failed to allocate command entry 12 at 0xffff8880\n[ 12.2] ------------[ cut here ]------------\n[ 12.3] WARNING: CPU: 1 PID: 2 at a.c:1 widget_inner+0x1/0x2\n[ 12.4] Call Trace:\n[ 12.5]  widget_outer+0x1/0x2\n",
  );
  assert.deepEqual(signature.messages, [
    { text: "widget: failed to allocate command entry 12 at 0xffff8880", template: "widget: failed to allocate command entry %d at 0x%x" },
  ]);
  assert.deepEqual(signature.assert, { file: "a.c", line: 1 });
});

test("sysrq-w: every blocked task has its stack", () => {
  const signature = readCrash(`sysrq: Show Blocked State
  task                        PC stack   pid father
bash            D    0   576    515 0x00000000
Call Trace:
 __schedule+0x1/0x2
 widget_wait+0x1/0x2
 ret_from_fork+0x1/0x2
task:kworker/u4:0    state:D stack:25072 pid:    9 ppid:     2 flags:0x00004000
Call Trace:
 __schedule+0x1/0x2
 widget_flush+0x1/0x2
 ret_from_fork+0x1/0x2
`);
  assert.equal(signature.frames.find((frame) => frame.generic === "no")?.symbol, "widget_wait");
  assert.deepEqual(
    signature.details?.otherStacks.map((stack) => [stack.comm, stack.pid, stack.frames[1]?.symbol]),
    [["kworker/u4:0", 9, "widget_flush"]],
  );
});
