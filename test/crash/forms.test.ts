import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readCrash } from "../../src/crash/read-crash.ts";
import { OOPS_X86 } from "./samples.ts";

const TRACE = "Call Trace:\n dump_stack+0x1c4/0x2b4\n widget_inner+0x12/0x34\n widget_outer+0x56/0x78\n vfs_write+0x1/0x2\n";
const oopsLines = OOPS_X86.trimEnd().split("\n");

interface Sample {
  readonly text: string;
  readonly kind: string;
  readonly title: string;
  readonly arch?: string;
  /** The first functions of the stack, unreliable ones left out. */
  readonly frames?: readonly string[];
}

/** Variants of the forms that no other test reads. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  "extended netconsole, in fragments": {
    text: oopsLines.map((line, i) => `4,${700 + i},5180759${i},-,ncfrag=0/${line.length};${line}\n`).join(""),
    kind: "null_deref",
    title: "BUG: unable to handle kernel NULL pointer dereference in widget_probe_done",
    frames: ["widget_probe_done", "widget_session_start"],
  },
  "a replayed message": {
    text: `** replaying previous printk message ** [    1.000000] WARNING: CPU: 1 PID: 2 at lib/widget.c:784 widget_inner+0x98/0x250\n${TRACE.replaceAll(/^/gm, "[    1.000001] ")}`,
    kind: "warning",
    title: "WARNING in widget_inner",
  },
  "a dump doubled by two consoles": {
    text: oopsLines.map((line, i) => `[${(100 + i / 1000).toFixed(6)}] ${line}\n`.repeat(2)).join(""),
    kind: "null_deref",
    title: "BUG: unable to handle kernel NULL pointer dereference in widget_probe_done",
  },
  "6.1x: user id in the line of the task, build id of the module": {
    text: `BUG: kernel NULL pointer dereference, address: 0000000000000028
#PF: supervisor read access in kernel mode
#PF: error_code(0x0000) - not-present page
Oops: Oops: 0000 [#1] SMP NOPTI
CPU: 1 UID: 0 PID: 17677 Comm: widgetd Not tainted 6.12.0 #1 PREEMPT(voluntary)
RIP: 0010:widget_inner+0x12/0x34 [widget 8b2c4d6e8f0a1b2c3d4e5f60718293a4b5c6d7e8]
Call Trace:
 <TASK>
 widget_outer+0x56/0x78 [widget 8b2c4d6e8f0a1b2c3d4e5f60718293a4b5c6d7e8]
 vfs_write+0x1/0x2
 </TASK>
`,
    kind: "null_deref",
    title: "BUG: unable to handle kernel NULL pointer dereference in widget_inner",
    arch: "x86_64",
    frames: ["widget_inner", "widget_outer", "vfs_write"],
  },
  "ksymoops of 2.4": {
    text: `Unable to handle kernel NULL pointer dereference at virtual address 00000028
>>EIP; c0117c48 <widget_wait4+2ac/304>   <=====
Trace; c0117d00 <widget_exit+10/20>
`,
    kind: "null_deref",
    title: "BUG: unable to handle kernel NULL pointer dereference in widget_wait4",
  },
  "loongarch, address error": {
    text: `Kernel ade access[#1]:
CPU: 0 PID: 1 Comm: widgetd Not tainted 6.6.0 #1
pc 9000000002de2274 ra 9000000002de225c tp 9000000100124000 sp 9000000100127c90
   ra: 9000000002de225c widget_outer+0x3c/0x60
  ERA: 9000000002de2274 widget_inner+0x54/0x60
Call Trace:
[<9000000002de2274>] widget_inner+0x54/0x60
[<9000000002de225c>] widget_outer+0x3c/0x60
`,
    kind: "panic_other",
    title: "exception in widget_inner",
    arch: "loongarch",
    frames: ["widget_inner", "widget_outer"],
  },
  sparc: {
    text: `Unable to handle kernel NULL pointer dereference
TSTATE: 0000004411001601 TPC: 000000000053c1b0 TNPC: 000000000053c1b4 Y: 00000000    Not tainted
TPC: <widget_inner+0x30/0x120>
RPC: <widget_outer+0x24/0xc0>
Call Trace:
 [000000000053c7a4] widget_outer+0x24/0xc0
 [000000000053c870] widget_top+0x24/0x80
`,
    kind: "null_deref",
    title: "BUG: unable to handle kernel NULL pointer dereference in widget_inner",
    arch: "sparc",
    frames: ["widget_inner", "widget_outer", "widget_top"],
  },
  "BUG of arm64": {
    text: `------------[ cut here ]------------
kernel BUG at fs/widget/list.c:382!
Internal error: Oops - BUG: 0 [#1] SMP
CPU: 3 PID: 4711 Comm: widgetd Not tainted 4.19.90 #1
pc : widget_inner+0x4c/0x328
lr : widget_inner+0x40/0x328
Call trace:
 widget_inner+0x4c/0x328
 widget_outer+0x60/0x90
Code: aa0203f4 aa1e03e0 d503201f (d4210000)
`,
    kind: "bug_on",
    title: "kernel BUG in widget_inner",
    arch: "arm64",
    frames: ["widget_inner", "widget_outer"],
  },
  "bad unlock balance": {
    text: `=====================================
WARNING: bad unlock balance detected!
4.14.0 #1 Not tainted
-------------------------------------
widgetd/3904 is trying to release lock (&widget->mutex) at:
[<ffffffff8232bf0e>] widget_inner+0x12/0x34
but there are no more locks to release!

stack backtrace:
${TRACE}`,
    kind: "lockdep",
    title: "WARNING: bad unlock balance in widget_inner",
  },
  "inconsistent lock state": {
    text: `================================
WARNING: inconsistent lock state
4.14.0 #1 Not tainted
--------------------------------
inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage.
widgetd/4 [HC0[0]:SC1[1]:HE1:SE0] takes:
 (&widget->lock){+.?.}, at: [<c016d91c>] widget_inner+0x1ac/0x1f0

stack backtrace:
${TRACE}`,
    kind: "lockdep",
    title: "inconsistent lock state in widget_inner",
  },
  "hung task of 6.x": {
    text: `INFO: task widgetd:576 blocked in I/O wait for more than 143 seconds.
      Not tainted 6.12.0 #1
task:widgetd         state:D stack:0     pid:576   tgid:576   ppid:1      flags:0x00004002
Call Trace:
 <TASK>
 __schedule+0x1/0x2
 schedule+0x1/0x2
 io_schedule+0x1/0x2
${TRACE.slice(12)} </TASK>
`,
    kind: "hung_task",
    title: "INFO: task hung in widget_inner",
  },
  "workqueue lockup": {
    text: "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 32s!\nShowing busy workqueues and worker pools:\n",
    kind: "soft_lockup",
    title: "BUG: workqueue lockup",
  },
  "hard lockup": {
    text: `NMI watchdog: Watchdog detected hard LOCKUP on cpu 3\nRIP: 0010:widget_spin+0x1/0x2\n${TRACE}`,
    kind: "hard_lockup",
    title: "hard lockup in widget_outer",
  },
  "scheduling while atomic": {
    text: `BUG: scheduling while atomic: widgetd/21395/0x00000201\n${TRACE.replace("dump_stack", "__schedule")}`,
    kind: "atomic_sleep",
    title: "BUG: scheduling while atomic in widget_inner",
  },
  "bad page state": {
    text: `BUG: Bad page state in process widgetd  pfn:7071f\npage:ffffea0001c1c7c0 count:0 mapcount:0\n${TRACE}`,
    kind: "panic_other",
    title: "BUG: Bad page state in widget_inner",
  },
  usercopy: {
    text: `usercopy: Kernel memory overwrite attempt detected to kernel text (offset 22791744, size 7)!
------------[ cut here ]------------
kernel BUG at mm/usercopy.c:102!
invalid opcode: 0000 [#1] SMP
RIP: 0010:usercopy_abort+0x7b/0x7d
Call Trace:
 __check_object_size+0x1/0x2
 widget_inner+0x12/0x34
 widget_outer+0x56/0x78
`,
    kind: "bug_on",
    title: "BUG: bad usercopy in widget_inner",
  },
  "double fault": {
    text: `PANIC: double fault, error_code: 0x0\nRIP: 0010:widget_inner+0x1/0x2\n${TRACE}`,
    kind: "panic_other",
    title: "PANIC: double fault in widget_inner",
  },
  "corrupted stack end": {
    text: `Kernel panic - not syncing: corrupted stack end detected inside scheduler\n${TRACE}`,
    kind: "stack_overflow",
    title: "kernel panic: corrupted stack end in widget_outer",
  },
  "execution of data": {
    text: `kernel tried to execute NX-protected page - exploit attempt? (uid: 0)
BUG: unable to handle kernel paging request at ffffffffa0a43047
Oops: 0011 [#1] SMP
RIP: 0010:0xffffffffa0a43047
${TRACE}`,
    kind: "paging_request",
    title: "BUG: unable to handle kernel paging request in widget_inner",
  },
  "machine check": {
    text: "mce: [Hardware Error]: Machine check events logged\nKernel panic - not syncing: Fatal machine check\n",
    kind: "mce",
    title: "machine check",
  },
  "bad rss counter": {
    text: "BUG: Bad rss-counter state mm:ffff88800ee72a80 type:MM_ANONPAGES val:3\n",
    kind: "panic_other",
    title: "BUG: Bad rss-counter state",
  },
  "crash bt across the stack of an interrupt": {
    text: `PID: 2772  TASK: ffff8004296f7d00  CPU: 24  COMMAND: "widgetd"
 #0 [ffff80043786f5b0] widget_interrupt at ffff0000480a2e8c [widget]
 #1 [ffff80043786fb40] __handle_irq_event_percpu at ffff000048082f0c
--- <IRQ stack> ---
 #2 [ffff80043786fb50] widget_read at ffff000048111010 [widget]
 #3 [ffff80043786fbc0] vfs_read at ffff00004811153c
`,
    kind: "stack_only",
    title: "stack in widget_interrupt",
    frames: ["widget_interrupt", "__handle_irq_event_percpu", "widget_read", "vfs_read"],
  },
  "crash dis -l": {
    text: `crash> bt
     PC: ffff000048111014  [widget_work+180]
crash> dis -l widget_work
/usr/src/debug/kernel-4.19.90/linux-4.19.90-1.ky10.aarch64/fs/widget/work.c: 1400
0xffff000048111014 <widget_work+180>:	ldr	x2, [x19]
`,
    kind: "stack_only",
    title: "stack in widget_work",
    arch: "arm64",
    frames: ["widget_work"],
  },
};

for (const [name, sample] of Object.entries(SAMPLES)) {
  test(`form: ${name}`, () => {
    const signature = readCrash(sample.text);
    assert.equal(signature.kind, sample.kind);
    assert.equal(signature.title, sample.title);
    if (sample.arch !== undefined) assert.equal(signature.arch, sample.arch);
    const reliable = signature.frames.filter((frame) => frame.reliable).map((frame) => frame.symbol);
    assert.deepEqual(reliable.slice(0, sample.frames?.length ?? 0), sample.frames ?? []);
  });
}

/**
 * The forms in which a crash arrives, and the tests that read them: `<file of this folder>: <name>`. A name is that of a test, or of a sample
 * from which a test is made.
 */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  "1 dmesg": ["transport: dmesg"],
  "2 dmesg with caller": ["transport: dmesg with caller", "transport: dmesg with the processor as caller"],
  "3 no stamp, indented": ["transport: indented"],
  "4 no blank behind the stamp": ["transport: dmesg without a blank behind the stamp"],
  "5 classic syslog": ["transport: syslog", "transport: syslog after grep"],
  "6 RFC 3339 syslog": ["transport: syslog, RFC 3339"],
  "7 dmesg -T": ["transport: dmesg -T", "transport: dmesg --time-format iso"],
  "8 journalctl, localised": ["transport: journalctl, month in Russian"],
  "9 journalctl -o json": ["transport: journalctl -o json", "transport: journalctl -o json, bytes"],
  "10 pstore": ["transport: pstore"],
  "11 raw level, netconsole": ["transport: level", "transport: netconsole, extended", "forms: extended netconsole, in fragments"],
  "12 crash log, vmcore-dmesg": ["transport: markdown, in Chinese"],
  "13 serial console": ["transport: serial console", "transport: dropped messages", "forms: a replayed message"],
  "14 mail": ["transport: mail", "transport: mail, quoted-printable", "transport: a mail program's hard breaks are undone"],
  "15 interleaved": [
    "transport: other lines in between",
    "transport: the lines of other tasks in between",
    "forms: a dump doubled by two consoles",
  ],
  "16 markdown, Chinese": ["transport: markdown, in Chinese", "tools: faddr2line, in English and in Chinese"],
  "17 flattened to one line": ["tools: crash bt: frames above the exception came later and are dropped"],
  "18 x86-64 to 4.9": ["architectures: x86-64, 4.9 and before", "architectures: x86-64, 2.6 with modules in front"],
  "19 x86-64 4.10 to 4.19": ["kinds: BUG_ON"],
  "20 x86-64 5.x, 6.x": ["architectures: x86-64, 5.x", "forms: 6.1x: user id in the line of the task, build id of the module"],
  "21 i386, 2.4": ["architectures: i386", "architectures: i386, 2.4 with decimal offsets", "forms: ksymoops of 2.4"],
  "22 arm64": ["architectures: arm64, 4.19", "fault: the access is read from the codes of each architecture"],
  "23 arm": ["architectures: arm", "architectures: arm, 5.16 and later"],
  "24 ppc64": ["architectures: ppc64"],
  "25 s390x": ["architectures: s390x"],
  "26 riscv": ["architectures: riscv"],
  "27 loongarch": ["architectures: loongarch", "forms: loongarch, address error"],
  "28 mips, sparc": ["architectures: mips", "forms: sparc"],
  "29 WARNING": ["kinds: WARNING, 2.6", "kinds: WARNING, 4.x", "kinds: WARNING, 6.18"],
  "30 BUG_ON": ["kinds: BUG_ON", "forms: BUG of arm64"],
  "31 general protection fault": ["kinds: general protection fault"],
  "32 KASAN": ["kinds: KASAN", "kinds: KASAN, invalid free", "fault: a KASAN shadow address is turned into the address it stands for"],
  "33 KCSAN, KMSAN, KFENCE": ["kinds: KCSAN", "kinds: KMSAN", "kinds: KFENCE"],
  "34 UBSAN": ["kinds: UBSAN, 4.19"],
  "35 lockdep": ["kinds: lockdep", "kinds: suspicious RCU", "forms: bad unlock balance", "forms: inconsistent lock state"],
  "36 hung task": ["kinds: hung task", "forms: hung task of 6.x"],
  "37 lockups": ["kinds: soft lockup", "kinds: RCU stall", "forms: workqueue lockup", "forms: hard lockup"],
  "38 list corruption": ["kinds: list corruption"],
  "39 refcount": ["kinds: refcount"],
  "40 atomic sleep": ["kinds: atomic sleep", "forms: scheduling while atomic"],
  "41 leak": ["kinds: leak", "kinds: objects remaining"],
  "42 other memory and processor kinds": [
    "kinds: stack protector",
    "kinds: divide",
    "forms: bad page state",
    "forms: usercopy",
    "forms: double fault",
    "forms: corrupted stack end",
    "forms: execution of data",
    "forms: machine check",
    "forms: bad rss counter",
  ],
  "43 log lines only": ["tools: log lines alone give a signature without frames"],
  "44 crash sys": ["nfsd: a crash(8) session of the same crash unites with it", "tools: bt -FF and struct -o tell objects"],
  "45 crash bt": [
    "tools: crash bt: frames above the exception came later and are dropped",
    "nfsd: a crash(8) session of the same crash unites with it",
    "forms: crash bt across the stack of an interrupt",
  ],
  "46 crash bt -FF": ["tools: bt -FF and struct -o tell objects"],
  "47 crash dis -l": ["forms: crash dis -l"],
  "48 crash struct, rd and others": [
    "tools: bt -FF and struct -o tell objects",
    "nfsd: a crash(8) session of the same crash unites with it",
  ],
  "49 faddr2line": ["tools: faddr2line, in English and in Chinese"],
  "50 symbolised trace": ["tools: decode_stacktrace and syzkaller's symbolizer"],
  "51 /proc/PID/stack": ["tools: /proc/PID/stack, gdb bt and ftrace stacks"],
  "52 gdb bt": ["tools: /proc/PID/stack, gdb bt and ftrace stacks"],
  "53 sysrq, ftrace": ["tools: sysrq-w: every blocked task has its stack", "tools: /proc/PID/stack, gdb bt and ftrace stacks"],
  "54 hand-written call trees": ["tools: a hand-written call tree gives hints and no frames"],
};

test("each of the 54 forms has a test", () => {
  assert.deepEqual(
    Object.keys(FORMS).map((form) => Number(/^\d+/.exec(form)?.[0])),
    Array.from({ length: 54 }, (_, at) => at + 1),
  );
  const sources = new Map<string, string>();
  for (const [form, covering] of Object.entries(FORMS)) {
    assert.ok(covering.length > 0, form);
    for (const one of covering) {
      const [, file = "", name = ""] = /^(\w+): (.*)$/.exec(one) ?? [];
      const path = fileURLToPath(new URL(`${file}.test.ts`, import.meta.url));
      const source = sources.get(file) ?? readFileSync(path, "utf8").replace(/^const FORMS[^{]*"1 dmesg"[\s\S]*/m, "");
      sources.set(file, source);
      const named = [`test("${name}`, `"${name}": `, `  ${name}: `].some((start) => source.includes(start));
      assert.ok(named, `${form}: no test "${name}" in ${file}.test.ts`);
    }
  }
});
