import assert from "node:assert/strict";
import { test } from "node:test";
import { readCrash } from "../../src/crash/read-crash.ts";

interface Form {
  readonly text: string;
  readonly kind: string;
  readonly subkind?: string;
  readonly title: string;
  readonly corrupted?: boolean;
}

const TRACE = `Call Trace:
 dump_stack+0x1c4/0x2b4
 widget_inner+0x12/0x34
 widget_outer+0x56/0x78
 vfs_write+0x1/0x2
 entry_SYSCALL_64_after_hwframe+0x44/0xa9
`;

const FORMS: Readonly<Record<string, Form>> = {
  "WARNING, 2.6": {
    text: `WARNING: at kernel/widget.c:124 widget_inner+0x36/0x84()\n${TRACE}`,
    kind: "warning",
    title: "WARNING in widget_inner",
  },
  "WARNING, 4.x": {
    text: `WARNING: CPU: 56 PID: 53252 at lib/widget.c:784 widget_inner+0x98/0x250\n${TRACE}`,
    kind: "warning",
    title: "WARNING in widget_inner",
  },
  "WARNING, 6.18": {
    text: `WARNING: lib/widget.c:615 at widget_inner+0x12/0x34, CPU#1: kworker/1:3/17677\n${TRACE}`,
    kind: "warning",
    title: "WARNING in widget_inner",
  },
  "WARNING of the object debugger": {
    text: `WARNING: CPU: 1 PID: 2 at lib/debugobjects.c:29 debug_print_object+0x16a/0x250\nCall Trace:\n debug_check_no_obj_freed+0x2/0x3\n kfree+0x1/0x2\n${TRACE.slice(12)}`,
    kind: "warning",
    subkind: "odebug",
    title: "WARNING: ODEBUG bug in widget_inner",
  },
  refcount: {
    text: `refcount_t: underflow; use-after-free.\nWARNING: CPU: 1 PID: 2 at lib/refcount.c:28 refcount_warn_saturate+0x13d/0x1a0\n${TRACE}`,
    kind: "refcount",
    title: "WARNING: refcount bug in widget_inner",
  },
  BUG_ON: {
    text: `kernel BUG at fs/widget/list.c:382!\ninvalid opcode: 0000 [#1] SMP NOPTI\nRIP: 0010:widget_inner+0x1/0x2\n${TRACE}`,
    kind: "bug_on",
    title: "kernel BUG in widget_inner",
  },
  "list corruption": {
    text: `list_add corruption. prev->next should be next (ffff88813bbf2ca8), but was 0. (prev=0).\nkernel BUG at lib/list_debug.c:28!\n${TRACE}`,
    kind: "list_corruption",
    title: "BUG: corrupted list in widget_inner",
  },
  "general protection fault": {
    text: `general protection fault, probably for non-canonical address 0xdffffc00000000ad: 0000 [#1] SMP\nKASAN: null-ptr-deref in range [0x0000000000000568-0x000000000000056f]\nRIP: 0010:widget_inner+0x1/0x2\n${TRACE}`,
    kind: "gpf",
    title: "general protection fault in widget_inner",
  },
  KASAN: {
    text: `BUG: KASAN: slab-use-after-free in widget_inner+0x123/0x130\nRead of size 2 at addr ffff8880751acee8 by task a.out/879\n${TRACE}\nAllocated by task 879:\n kasan_save_stack+0x1/0x2\n widget_new+0x1/0x2\n\nFreed by task 880:\n widget_free+0x1/0x2\n`,
    kind: "kasan",
    subkind: "slab-use-after-free",
    title: "KASAN: slab-use-after-free Read in widget_inner",
  },
  "KASAN, invalid free": {
    text: `BUG: KASAN: double-free or invalid-free in kfree+0x1/0x2\n${TRACE}`,
    kind: "kasan",
    subkind: "invalid-free",
    title: "KASAN: invalid-free in widget_inner",
  },
  KMSAN: {
    text: `BUG: KMSAN: uninit-value in widget_inner+0x12/0x34\n${TRACE}`,
    kind: "kmsan",
    title: "KMSAN: uninit-value in widget_inner",
  },
  KCSAN: {
    text: `BUG: KCSAN: data-race in widget_a / widget_b\n\nwrite to 0xffff8880 of 8 bytes by task 1 on cpu 0:\n widget_a+0x1/0x2\n\nread to 0xffff8880 of 8 bytes by task 2 on cpu 1:\n widget_b+0x1/0x2\n`,
    kind: "kcsan",
    title: "KCSAN: data-race in widget_a",
  },
  KFENCE: {
    text: `BUG: KFENCE: use-after-free read in memcmp+0x57/0x150\n\nUse-after-free read at 0xffff88823bd06b80 (in kfence-#2):\n memcmp+0x57/0x150\n widget_inner+0x12/0x34\n widget_outer+0x56/0x78\n`,
    kind: "kfence",
    title: "KFENCE: use-after-free read in widget_inner",
  },
  "UBSAN, 4.19": {
    text: `UBSAN: Undefined behaviour in fs/widget.c:1709:35\nsigned integer overflow:\n${TRACE.replace("dump_stack", "ubsan_epilogue")}`,
    kind: "ubsan",
    title: "UBSAN: undefined-behaviour in widget_inner",
  },
  lockdep: {
    text: `======================================================
WARNING: possible circular locking dependency detected
4.14.0-rc1+ #1 Not tainted
umount/3904 is trying to acquire lock:
 (&widget->mutex){+.+.}, at: [<ffffffff8232bf0e>] widget_inner+0x12/0x34

but task is already holding lock:
 (&gadget->lock#2){+.+.}, at: [<ffffffff83542c29>] gadget_ioctl+0x109/0x140

-> #1 (&gadget->lock#2){+.+.}:
       lock_acquire+0x1d5/0x580
       gadget_release+0x6b/0x180

stack backtrace:
${TRACE}`,
    kind: "lockdep",
    subkind: "circular",
    title: "possible deadlock in widget_inner",
  },
  "suspicious RCU": {
    text: `WARNING: suspicious RCU usage\n-----\ninclude/linux/widget.h:12 suspicious rcu_dereference_check() usage!\n\nstack backtrace:\n${TRACE}`,
    kind: "rcu_usage",
    title: "WARNING: suspicious RCU usage in widget_inner",
  },
  "atomic sleep": {
    text: `BUG: sleeping function called from invalid context at mm/slab.h:420\nin_atomic(): 1, irqs_disabled(): 0, pid: 1, name: a\n${TRACE.replace("dump_stack", "___might_sleep")}`,
    kind: "atomic_sleep",
    title: "BUG: sleeping function called from invalid context in widget_inner",
  },
  "hung task": {
    text: `INFO: task widgetd:576 blocked for more than 120 seconds.\n      Not tainted 4.19.325+ #3\nwidgetd            D    0   576    515 0x00000000\nCall Trace:\n __schedule+0x1/0x2\n schedule+0x1/0x2\n rwsem_down_write_slowpath+0x1/0x2\n${TRACE.slice(12)}`,
    kind: "hung_task",
    title: "INFO: task hung in widget_inner",
  },
  "soft lockup": {
    text: `watchdog: BUG: soft lockup - CPU#110 stuck for 22s! [widgetd:236027]\nRIP: 0010:widget_spin+0x1/0x2\n${TRACE}`,
    kind: "soft_lockup",
    title: "BUG: soft lockup in widget_outer",
  },
  "RCU stall": {
    text: `rcu: INFO: rcu_sched self-detected stall on CPU\n\t(t=105008 jiffies g=49145 q=2382)\nNMI backtrace for cpu 1\nCall Trace:\n <IRQ>\n rcu_dump_cpu_stacks+0x1/0x2\n update_process_times+0x1/0x2\n apic_timer_interrupt+0xf/0x20\n </IRQ>\nRIP: 0010:widget_spin+0x1/0x2\n widget_outer+0x56/0x78\n vfs_write+0x1/0x2\n do_syscall_64+0x1/0x2\n`,
    kind: "rcu_stall",
    title: "INFO: rcu detected stall in widget_outer",
  },
  leak: {
    text: `unreferenced object 0xffff888849cdf480 (size 8):\n  comm "kworker/u8:3", pid 2086, jiffies 4294683530\n  backtrace (crc c85bbdc2):\n    kmem_cache_alloc_trace+0x1/0x2\n    widget_inner+0x12/0x34\n    widget_outer+0x56/0x78\n`,
    kind: "leak",
    title: "memory leak in widget_inner",
  },
  "objects remaining": {
    text: `BUG widget_rq (Tainted: G    B   W        ): Objects remaining on __kmem_cache_shutdown()\n${TRACE}`,
    kind: "leak",
    subkind: "cache_shutdown",
    title: "BUG widget_rq: objects remaining at shutdown of the cache in widget_inner",
  },
  "stack protector": {
    text: "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: widget_inner+0x7ea/0x7f0\n",
    kind: "stack_overflow",
    title: "kernel panic: stack is corrupted in widget_inner",
  },
  divide: {
    text: `divide error: 0000 [#1] SMP\nRIP: 0010:widget_inner+0x1/0x2\n${TRACE}`,
    kind: "divide",
    title: "divide error in widget_inner",
  },
  "out of memory": {
    text: `widgetd invoked oom-killer: gfp_mask=0x6202c2, order=0\nCall Trace:\n dump_header+0x1/0x2\n oom_kill_process+0x1/0x2\n widget_inner+0x12/0x34\n widget_outer+0x1/0x2\n`,
    kind: "oom",
    title: "out of memory in widget_inner",
  },
  "a panic whose report is missing": {
    text: `Kernel panic - not syncing: Fatal exception\n${TRACE}`,
    kind: "panic_other",
    title: "kernel panic: Fatal exception",
    corrupted: true,
  },
  "a header without its stack": {
    text: "general protection fault: 0000 [#1] SMP\nModules linked in:\n",
    kind: "gpf",
    title: "general protection fault",
    corrupted: true,
  },
};

for (const [name, form] of Object.entries(FORMS)) {
  test(`kind: ${name}`, () => {
    const signature = readCrash(form.text);
    assert.equal(signature.kind, form.kind);
    assert.equal(signature.title, form.title);
    assert.equal(signature.corrupted !== null, form.corrupted ?? false, signature.corrupted ?? "sound");
    if (form.subkind !== undefined) assert.equal(signature.subkind, form.subkind);
  });
}

test("lockdep's locks, and KASAN's other stacks, are kept apart from the stack of the report", () => {
  const lockdep = readCrash(FORMS.lockdep?.text ?? "");
  assert.deepEqual(lockdep.details?.locks, [
    { name: "&widget->mutex", site: "widget_inner", mode: "acquiring" },
    { name: "&gadget->lock#2", site: "gadget_ioctl", mode: "held" },
  ]);
  assert.ok(!lockdep.frames.some((frame) => frame.symbol === "gadget_release"));
  const kasan = readCrash(FORMS.KASAN?.text ?? "");
  assert.deepEqual(
    kasan.details?.otherStacks.map((stack) => [stack.role, stack.pid, stack.frames.at(-1)?.symbol]),
    [
      ["alloc", 879, "widget_new"],
      ["free", 880, "widget_free"],
    ],
  );
});

test("the task is named in the words of each kind", () => {
  const comm = (name: string): string | null => readCrash(FORMS[name]?.text ?? "").comm;
  assert.equal(comm("hung task"), "widgetd");
  assert.equal(comm("soft lockup"), "widgetd");
  assert.equal(comm("KASAN"), "a.out");
});

test("several reports are kept in order, and the first is the root candidate", () => {
  const text = `${FORMS["WARNING, 4.x"]?.text}\n${FORMS["general protection fault"]?.text}`;
  const signature = readCrash(text);
  assert.equal(signature.kind, "warning");
  assert.deepEqual(
    signature.details?.reports.map((report) => report.kind),
    ["warning", "gpf"],
  );
});

test("a weak header does not hide the crash behind it", () => {
  const signature = readCrash(`${FORMS["out of memory"]?.text}\n${FORMS["WARNING, 4.x"]?.text}`);
  assert.equal(signature.kind, "warning");
});

test("words that only look like headers are none", () => {
  for (const text of [
    "ODEBUG: free active\n",
    "INFO: NMI handler (perf) took too long to run\n",
    "[ 1.0] xyz DEBUG: BUG in 2\n",
    "INFO: lockdep is turned off.\n",
  ]) {
    assert.notEqual(readCrash(text).confidence, "high");
    assert.equal(readCrash(text).details?.reports.length, 0, text);
  }
});
