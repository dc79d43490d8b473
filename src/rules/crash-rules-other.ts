import { type CrashRule, rule } from "./crash-headers.ts";

const ALLOCATION_SKIP = ["kmalloc", "kcalloc", "kzalloc", "krealloc", "vmalloc", "slab", "kmem", "alloc_pages", "alloc_skb"];
const RCU_SKIP = ["rcu", "kmem", "slab", "kmalloc", "vmalloc", "kcalloc", "kzalloc"];
const URB_SKIP = ["usb_submit_urb", "usb_start_wait_urb", "usb_bulk_msg", "usb_interrupt_msg", "usb_control_msg"];

/** Headers that say `WARNING` and the reports of lockdep and RCU, which said `INFO` until 4.11. */
export const WARNING_RULES: readonly CrashRule[] = [
  rule("lockdep", /possible (circular|recursive) locking (?:dependency )?detected/, "possible deadlock in {f}", "site", {
    subkind: "$1",
    site: /is trying to acquire lock/,
  }),
  rule("lockdep", /possible irq lock inversion dependency detected/, "possible deadlock in {f}", "site", {
    subkind: "irq_inversion",
    site: /just changed the state of lock/,
  }),
  rule(
    "lockdep",
    /(?:SOFTIRQ|HARDIRQ|RECLAIM_FS|soft|hard)-safe -> (?:SOFTIRQ|HARDIRQ|RECLAIM_FS|soft|hard)-unsafe lock order/,
    "possible deadlock in {f}",
    "site",
    { subkind: "irq_unsafe", site: /which became \S{1,40}-safe at:/ },
  ),
  rule("lockdep", /(?:Nested lock was not taken|possible deadlock|Potential deadlock)/, "possible deadlock in {f}", "site", {
    subkind: "deadlock",
    site: /is trying to (?:acquire|lock)/,
  }),
  rule("lockdep", /inconsistent (?:\{.{1,60}\} -> \{.{1,60}\} usage|lock state)/, "inconsistent lock state in {f}", "site", {
    subkind: "inconsistent",
    site: / takes:/,
  }),
  rule("rcu_usage", /suspicious (?:RCU usage|rcu_dereference_check)/, "WARNING: suspicious RCU usage in {f}", "trace", {
    skip: RCU_SKIP,
    body: /[\w/-]\.[ch]:\d/,
  }),
  rule("lockdep", /INFO: trying to register non-static key/, "INFO: trying to register non-static key in {f}", "trace", {
    subkind: "non_static_key",
    skip: ["stack", "lock", "IRQ", "assign_lock"],
  }),
  rule("warning", /WARNING: kernel stack (?:regs|frame pointer) .{0,80}bad/, "WARNING: kernel stack has a bad value", "none", {
    subkind: "unwinder",
    stackless: true,
  }),
  rule("warning", /WARNING: .{0,200}lib\/debugobjects\.c/, "WARNING: ODEBUG bug in {f}", "pc", {
    subkind: "odebug",
    skip: [
      "debug_",
      "rcu",
      "hrtimer_",
      "timer_",
      "work_",
      "percpu_",
      "kmem_",
      "slab_",
      "kfree",
      "vunmap",
      "vfree",
      "__free_",
      "kobject_",
      "free_unref",
    ],
  }),
  rule("warning", /WARNING: .{0,200}mm\/usercopy\.c/, "WARNING: bad usercopy in {f}", "pc", {
    subkind: "usercopy",
    skip: ["usercopy", "__check"],
  }),
  rule("warning", /WARNING: .{0,200}lib\/kobject\.c/, "WARNING: kobject bug in {f}", "pc", { subkind: "kobject", skip: ["kobject_"] }),
  rule("warning", /WARNING: .{0,200}fs\/proc\/generic\.c/, "WARNING: proc registration bug in {f}", "pc", {
    subkind: "proc",
    skip: ["proc_"],
  }),
  rule("refcount", /WARNING: .{0,200}lib\/refcount\.c|WARNING: .{0,200}lib\/kref\.c/, "WARNING: refcount bug in {f}", "pc", {
    skip: ["refcount", "kobject_", "kref_"],
  }),
  rule("refcount", /refcount_t: |refcount_error/, "WARNING: refcount bug in {f}", "pc", {
    skip: ["refcount", "kobject_"],
    announces: true,
  }),
  rule("lockdep", /WARNING: .{0,200}kernel\/(?:locking\/)?lockdep\.c/, "WARNING: locking bug in {f}", "pc", {
    subkind: "locking_bug",
    skip: ["lock_sock", "release_sock"],
  }),
  rule("list_corruption", /WARNING: .{0,200}lib\/list_debug\.c/, "WARNING: corrupted list in {f}", "pc", { skip: ["__list"] }),
  rule(
    "warning",
    /WARNING: .{0,60}mm\/\S{1,60}\.c:\d{1,7} \S{0,4}(?:k.?.?alloc|kv?malloc|krealloc|__alloc_pages)/,
    "WARNING: kmalloc bug in {f}",
    "pc",
    {
      subkind: "allocation",
      skip: ALLOCATION_SKIP,
    },
  ),
  rule("warning", /WARNING: zero-size vmalloc/, "WARNING: zero-size vmalloc in {f}", "trace", { skip: ALLOCATION_SKIP }),
  rule("warning", /WARNING: .{0,200} usb_submit_urb/, "WARNING in {f}", "pc", { subkind: "urb", skip: URB_SKIP }),
  rule("warning", /WARNING: .{0,200}(?:\b|\d)at |Badness (?:in|at) /, "WARNING in {f}", "pc"),
  rule("warning", /WARNING: \S{1,200}\.[ch]:\d{1,7}/, "WARNING in {f}", "pc"),
  rule("warning", /WARNING:\s{0,8}$/, "WARNING: corrupted", "none", { corrupted: "the header is cut" }),
];

/** Stalls, hangs, faults of the processor, panics, and what has no better place. */
export const OTHER_RULES: readonly CrashRule[] = [
  rule(
    "rcu_stall",
    /INFO: rcu\w{0,20} (?:self-)?detected(?: expedited)? stalls?|rcu\w{0,20} (?:kthread starved|kthread timer wakeup)|detected stalls? on CPUs/,
    "INFO: rcu detected stall in {f}",
    "stall",
    { skip: ["rcu"] },
  ),
  rule(
    "hung_task",
    /INFO: task \S{1,40} blocked (?:for more than|in I\/O wait)|INFO: task \S{1,40} is blocked/,
    "INFO: task hung in {f}",
    "hang",
  ),
  rule("hung_task", /INFO: task .{1,60} can't die/, "INFO: task can't die in {f}", "hang", { subkind: "cannot_die" }),
  rule("panic_other", /INFO: (Freed|Allocated) in /, "INFO: $1 in {f}", "header", {
    subkind: "slab",
    corrupted: "the header of the slab report is missing",
  }),
  rule(
    "hard_lockup",
    /hard LOCKUP|NMI [Ww]atchdog detected LOCKUP|Watchdog CPU:\d{1,5} Hard LOCKUP|BUG: NMI Watchdog detected/i,
    "hard lockup in {f}",
    "stall",
  ),
  rule("gpf", /general protection (?:fault|handler)/, "general protection fault in {f}", "pc"),
  rule("gpf", /stack segment: /, "stack segment fault in {f}", "pc", { subkind: "stack_segment" }),
  rule("panic_other", /(?:PANIC: )?double fault[,:]/, "PANIC: double fault in {f}", "pc", { subkind: "double_fault" }),
  rule("divide", /divide.error: /, "divide error in {f}", "pc"),
  rule("panic_other", /int3: /, "int3 in {f}", "pc", { subkind: "int3" }),
  rule("bug_on", /invalid opcode: /, "invalid opcode in {f}", "pc", { subkind: "invalid_opcode" }),
  rule("ubsan", /UBSAN: Undefined behaviour in /, "UBSAN: undefined-behaviour in {f}", "trace", { skip: ["ubsan"] }),
  rule("ubsan", /UBSAN: ([\w-]{1,60})/, "UBSAN: $1 in {f}", "trace", { subkind: "$1", skip: ["ubsan"] }),
  rule("panic_other", /Unhandled fault: /, "Unhandled fault in {f}", "pc", { subkind: "unhandled_fault" }),
  rule("panic_other", /Alignment trap: /, "Alignment trap in {f}", "pc", { subkind: "alignment" }),
  rule("panic_other", /trusty: panic/, "trusty: panic", "none", { subkind: "trusty", stackless: true }),
  rule(
    "stack_overflow",
    /stack-protector: Kernel stack is corrupted in: (\S{0,100})/,
    "kernel panic: stack is corrupted in {f}",
    "header",
    { subkind: "stack_protector", stackless: true, skip: ["stack_chk"] },
  ),
  rule("stack_overflow", /corrupted stack end detected|kernel stack overflow/, "kernel panic: corrupted stack end in {f}", "stall", {
    skip: ["schedule", "retint_kernel"],
  }),
  rule(
    "mce",
    /Kernel panic - not syncing: (?:Fatal )?[Mm]achine check|\[Hardware Error\]: Machine check|Machine check in kernel mode/,
    "machine check in {f}",
    "none",
    { stackless: true },
  ),
  rule("oom", /Kernel panic - not syncing: (?:Out of memory|System is deadlocked on memory)/, "kernel panic: out of memory", "none", {
    stackless: true,
  }),
  rule(
    "panic_other",
    /Kernel panic - not syncing: (Fatal exception|panic_on_warn set|hung_task: blocked tasks)/,
    "kernel panic: $1",
    "none",
    { corrupted: "the report that led to the panic is missing" },
  ),
  rule("panic_other", /Kernel panic - not syncing: Couldn't open N_TTY ldisc/, "kernel panic: Couldn't open N_TTY ldisc", "none"),
  rule("panic_other", /Kernel panic - not syncing: (.{1,100})/, "kernel panic: $1", "trace"),
  rule("panic_other", /Kernel panic/, "kernel panic", "trace"),
  rule("bug_on", /Internal error: Oops - BUG/, "kernel BUG in {f}", "pc"),
  rule("exec_bad", /Internal error: Oops: 8[46][0-9a-f]{6}\b/, "BUG: unable to handle kernel paging request in {f}", "pc"),
  rule("paging_request", /Internal error: Oops: [0-9a-f]{1,8}\b/, "BUG: unable to handle kernel paging request in {f}", "pc"),
  rule("panic_other", /Internal error: /, "Internal error in {f}", "pc", { subkind: "internal_error" }),
  rule(
    "panic_other",
    /Kernel (?:ade|unaligned) access\[#|Reserved instruction in kernel|illegal operation: |addressing exception: |specification exception: |protection exception: /,
    "exception in {f}",
    "pc",
    { subkind: "exception" },
  ),
  rule("paging_request", /^\s{0,8}Oops[: -](?!\d{0,3}\s{0,8}$)/, "Oops in {f}", "pc", { subkind: "oops" }),
  rule(
    "leak",
    /unregister_netdevice: waiting for \S{1,40} to become free/,
    "unregister_netdevice: waiting for DEV to become free",
    "none",
    { subkind: "netdevice", stackless: true },
  ),
  rule("panic_other", /VFS: (Busy inodes after unmount|Close: file count is (?:zero|0))/, "VFS: $1", "none", {
    subkind: "vfs",
    stackless: true,
  }),
  rule("oom", /invoked oom-killer|Out of memory: Kill|page allocation failure/, "out of memory in {f}", "trace", {
    weak: true,
    skip: ["oom_", "out_of_memory", "alloc", "dump_header", "filemap_fault"],
  }),
  rule("warning", /irq \d{1,5}: nobody cared/, "irq nobody cared in {f}", "trace", { subkind: "irq", weak: true }),
  rule("panic_other", /slab error in |Slab corruption/, "slab error in {f}", "trace", {
    subkind: "slab",
    weak: true,
    skip: ["slab", "kmem", "cache_"],
  }),
];
