import { type CrashRule, rule } from "./crash-headers.ts";

const LEAK_SKIP = [
  "kmemleak",
  "alloc",
  "slab",
  "mmap",
  "kmem",
  "create_object",
  "idr_get",
  "list_lru_init",
  "asprintf",
  "pcpu_create",
  "strdup",
  "strndup",
  "memdup",
  "__vmalloc",
  "kstrdup",
];
const PREEMPT_SKIP = ["dump_stack", "preempt", "smp_processor_id"];

/** Headers that say `BUG`. */
export const BUG_RULES: readonly CrashRule[] = [
  rule("kasan", /BUG: KASAN: double-free(?: or invalid-free)? |BUG: KASAN: invalid-free /, "KASAN: invalid-free in {f}", "pc", {
    subkind: "invalid-free",
    skip: ["kmem_", "slab_", "kfree", "vunmap", "vfree", "free_skb"],
  }),
  rule("kasan", /BUG: KASAN: ([a-z-]{1,60}) (?:in|on)\b/, "KASAN: $1 {access} in {f}", "pc", {
    subkind: "$1",
    body: /\b(?:Read|Write|read|write) (?:of size \d|at addr )/,
  }),
  rule("kasan", /BUG: KASAN: ?([a-z-]{0,60})/, "KASAN: $1 in {f}", "pc", { subkind: "$1", corrupted: "the KASAN header is cut" }),
  rule("kmsan", /BUG: KMSAN: (kernel-usb-infoleak)/, "KMSAN: $1 in {f}", "trace", {
    subkind: "$1",
    skip: ["usb_submit_urb", "usb_start_wait_urb", "usb_bulk_msg", "usb_interrupt_msg", "usb_control_msg"],
  }),
  rule("kmsan", /BUG: KMSAN: ([a-z-]{1,60})/, "KMSAN: $1 in {f}", "trace", {
    subkind: "$1",
    skip: ["instrument_copy", "copyout", "copy_to_", "copyin"],
  }),
  rule("kcsan", /BUG: KCSAN: (data-race|assert: race) in /, "KCSAN: $1 in {f}", "header", { subkind: "$1", stackless: true }),
  rule("kcsan", /BUG: KCSAN: /, "KCSAN: race in {f}", "header", { stackless: true }),
  rule("kfence", /BUG: KFENCE: ([a-z -]{1,60}?) in /, "KFENCE: $1 in {f}", "pc", {
    subkind: "$1",
    skip: ["kmem_", "slab_", "kfree", "vunmap", "vfree"],
  }),
  rule("exec_bad", /(?:kernel tried to execute|exploit attempt)/, "BUG: unable to handle kernel paging request in {f}", "pc", {
    announces: true,
  }),
  rule(
    "null_deref",
    /[Uu]nable to handle kernel NULL pointer dereference|[kK]ernel NULL pointer dereference/,
    "BUG: unable to handle kernel NULL pointer dereference in {f}",
    "pc",
  ),
  rule(
    "paging_request",
    /[Uu]nable to handle (?:kernel )?(?:paging request|page fault|pointer dereference|data access|access to user memory|read from unreadable|write to read-only|execution|execute)|Unable to handle kernel (?:paging|pointer|unknown)/,
    "BUG: unable to handle kernel paging request in {f}",
    "pc",
  ),
  rule("paging_request", /[Uu]nable to handle kernel/, "BUG: unable to handle kernel", "pc", { corrupted: "the header is cut" }),
  rule(
    "lockdep",
    /BUG: (spin|rw|raw_spin)?lock (lockup suspected|lockup|already unlocked|recursion|cpu recursion|bad magic|wrong owner|wrong CPU|cpu)/i,
    "BUG: spinlock $2 in {f}",
    "trace",
    { subkind: "spinlock", skip: ["spin_", "rwlock_", "do_raw_", "rq_lock"] },
  ),
  rule("soft_lockup", /BUG: workqueue lockup/, "BUG: workqueue lockup", "none", { subkind: "workqueue", stackless: true }),
  rule("soft_lockup", /BUG: soft lockup|soft lockup detected/, "BUG: soft lockup in {f}", "stall"),
  rule("lockdep", /(?:BUG|WARNING): .{0,60}still has locks held/, "BUG: still has locks held in {f}", "site", {
    subkind: "held_at_exit",
    site: /locks? held by .{1,60}:/,
  }),
  rule(
    "lockdep",
    /(?:BUG|WARNING): lock held (?:when returning to user space|at task exit)/,
    "BUG: lock held when returning to user space in {f}",
    "site",
    { subkind: "held_at_exit", stackless: true, site: /leaving the kernel with locks still held|is exiting with locks still held/ },
  ),
  rule(
    "lockdep",
    /(BUG|WARNING): bad unlock balance detected|(BUG|WARNING): bad contention detected/,
    "$1: bad unlock balance in {f}",
    "site",
    { subkind: "bad_unlock", site: /is trying to (?:release|contend) lock/ },
  ),
  rule("lockdep", /(BUG|WARNING): held lock freed/, "$1: held lock freed in {f}", "site", {
    subkind: "held_freed",
    site: /with a lock still held there/,
  }),
  rule("lockdep", /BUG: Invalid wait context/, "BUG: Invalid wait context in {f}", "site", {
    subkind: "wait_context",
    site: /is trying to lock:/,
  }),
  rule("lockdep", /BUG: MAX_(?:STACK_TRACE_ENTRIES|LOCKDEP_\w{1,40}|LOCK_DEPTH) too low/, "BUG: lockdep table too low", "none", {
    subkind: "table_full",
  }),
  rule(
    "lockdep",
    /BUG: using (?:__this_cpu_(\w{1,20})|smp_processor_id)\(\) in preemptible/,
    "BUG: use of per-CPU data in preemptible code in {f}",
    "trace",
    { subkind: "preemptible", skip: PREEMPT_SKIP },
  ),
  rule("panic_other", /BUG: (?:Bad rss-counter state|non-zero (?:nr_\w{1,12}|pgtables_bytes))/, "BUG: Bad rss-counter state", "none", {
    subkind: "mm_counter",
    stackless: true,
  }),
  rule("panic_other", /BUG: Dentry .{0,200} still in use/, "BUG: Dentry still in use in {f}", "trace", {
    subkind: "dentry",
    announces: true,
    skip: [],
  }),
  rule("panic_other", /BUG: Bad page (state|map|cache)/, "BUG: Bad page $1 in {f}", "trace", {
    subkind: "bad_page",
    owner: true,
    skip: [
      "bad_page",
      "free_pages_prepare",
      "free_page",
      "check_new_page",
      "rmqueue",
      "get_page_from",
      "prep_new_page",
      "free_unref",
      "free_pcp",
      "zap_p",
      "print_bad_pte",
      "unmap_",
      "_free_contig",
      "alloc",
      "page_pool",
    ],
  }),
  rule(
    "atomic_sleep",
    /(?:BUG|Debug): sleeping function called from/,
    "BUG: sleeping function called from invalid context in {f}",
    "trace",
  ),
  rule("atomic_sleep", /scheduling while atomic|scheduling from the idle thread/, "BUG: scheduling while atomic in {f}", "trace", {
    subkind: "scheduling",
    skip: ["schedule"],
  }),
  rule("atomic_sleep", /BUG: workqueue leaked (?:lock or )?atomic/, "BUG: workqueue leaked lock or atomic in {f}", "site", {
    subkind: "leaked_atomic",
    stackless: true,
    site: /last function: /,
  }),
  rule("leak", /BUG: memory leak|unreferenced object 0x/, "memory leak in {f}", "trace", { skip: LEAK_SKIP }),
  rule("leak", /BUG (\S{1,64}) \(.{1,60}\): Objects remaining/, "BUG $1: objects remaining at shutdown of the cache in {f}", "trace", {
    subkind: "cache_shutdown",
    skip: ["kmem_cache"],
  }),
  rule("stack_overflow", /stack guard page was hit|BUG: IRQ stack guard page/, "BUG: stack guard page was hit in {f}", "stall", {
    stackless: true,
  }),
  rule("panic_other", /BUG (\S{1,64}) ?(?:\(.{1,60}\))?: ([A-Z][\w ]{2,60})/, "BUG: $2 in {f}", "trace", {
    subkind: "slab",
    skip: ["slab", "kmem", "kfree", "alloc", "free_to"],
  }),
  rule("bug_on", /kernel BUG at mm\/usercopy\.c|usercopy: Kernel memory (?:overwrite|exposure) attempt/, "BUG: bad usercopy in {f}", "pc", {
    subkind: "usercopy",
    skip: ["usercopy", "__check"],
    announces: true,
  }),
  rule("list_corruption", /kernel BUG at .{0,200}lib\/list_debug\.c/, "BUG: corrupted list in {f}", "pc", { skip: ["list_debug"] }),
  rule(
    "list_corruption",
    /(?:list_add|list_del|list_add_rcu)(?:_entry)? corruption|list_(?:add|del)_valid/,
    "BUG: corrupted list in {f}",
    "pc",
    { announces: true, skip: ["__list"] },
  ),
  rule("bug_on", /[kK]ernel BUG (?:at|in|on) |[kK]ernel bug detected|rust_kernel: panicked|sig: 5 \[#/, "kernel BUG in {f}", "pc", {
    skip: ["^skb_"],
  }),
  rule("warning", /BUG: warning at /, "WARNING in {f}", "trace"),
  rule("panic_other", /BUG:\s{0,8}$/, "BUG: corrupted", "none", { corrupted: "the header is cut" }),
];
