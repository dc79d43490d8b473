import type { CrashKind } from "../schema/signature.ts";

const OOPS_WORDS = ["null", "oops", "crash", "panic", "race", "dereference", "uninitialized", "freed", "invalid", "bounds"];
const LOCK_WORDS = [
  "lockdep",
  "deadlock",
  "locking",
  "lock",
  "locks",
  "circular",
  "recursive",
  "annotate",
  "inversion",
  "order",
  "irq",
  "nested",
];
const HANG_WORDS = ["hang", "hangs", "hung", "deadlock", "stuck", "wait", "lockup", "livelock", "loop", "infinite", "stall"];
const SLEEP_WORDS = [
  "sleep",
  "sleeping",
  "atomic",
  "gfp_atomic",
  "gfp_kernel",
  "schedule",
  "scheduling",
  "preempt",
  "preemptible",
  "spinlock",
];

/** Words of a commit message that go with a kind of crash. */
export const FAILURE_WORDS: Partial<Record<CrashKind, readonly string[]>> = {
  null_deref: OOPS_WORDS,
  paging_request: OOPS_WORDS,
  exec_bad: OOPS_WORDS,
  gpf: OOPS_WORDS,
  bug_on: ["bug", "bug_on", "crash", "panic", "race", "oops", "assertion"],
  warning: ["warning", "warnings", "warn", "warn_on", "warn_on_once", "backtrace", "badness"],
  kasan: OOPS_WORDS,
  list_corruption: ["list", "corruption", "double", "race"],
  refcount: ["refcount", "refcounting", "reference", "leak", "underflow", "race"],
  lockdep: LOCK_WORDS,
  atomic_sleep: SLEEP_WORDS,
  rcu_usage: ["rcu", "rcu_read_lock", "rcu_dereference", "lockdep"],
  hung_task: HANG_WORDS,
  soft_lockup: HANG_WORDS,
  hard_lockup: HANG_WORDS,
  rcu_stall: ["rcu", ...HANG_WORDS],
  leak: ["leak", "leaks", "kmemleak", "free"],
  divide: ["divide", "division", "zero"],
  ubsan: ["overflow", "shift", "bounds", "ubsan"],
};

const OOPS_CODE = [
  "NULL",
  "IS_ERR",
  "kfree",
  "kref_get",
  "kref_put",
  "ENODEV",
  "EINVAL",
  "cancel_work_sync",
  "del_timer_sync",
  "flush_scheduled_work",
];
const LOCK_CODE = [
  ...[
    "mutex_lock_nested",
    "spin_lock_nested",
    "down_read_nested",
    "lockdep_set_class",
    "lock_class_key",
    "SINGLE_DEPTH_NESTING",
    "spin_lock_irqsave",
  ],
  ...[
    "spin_lock_bh",
    "spin_lock_irq",
    "spin_unlock_irqrestore",
    "spin_lock",
    "spin_unlock",
    "mutex_lock",
    "mutex_unlock",
    "local_irq_save",
  ],
];
const SLEEP_CODE = [
  "GFP_ATOMIC",
  "GFP_KERNEL",
  "spin_lock",
  "spin_unlock",
  "preempt_disable",
  "preempt_enable",
  "get_cpu",
  "put_cpu",
  "mutex_lock",
  "raw_smp_processor_id",
  "in_atomic",
];

/** Identifiers in changed lines that go with a kind of crash. */
export const FAILURE_CODE: Partial<Record<CrashKind, readonly string[]>> = {
  null_deref: OOPS_CODE,
  paging_request: OOPS_CODE,
  exec_bad: OOPS_CODE,
  gpf: OOPS_CODE,
  kasan: OOPS_CODE,
  bug_on: ["BUG_ON", "BUG", "WARN_ON"],
  warning: ["WARN_ON", "WARN_ON_ONCE", "WARN"],
  lockdep: LOCK_CODE,
  rcu_usage: ["rcu_read_lock", "rcu_read_unlock", "rcu_dereference", "rcu_dereference_check"],
  atomic_sleep: SLEEP_CODE,
  hung_task: LOCK_CODE,
  soft_lockup: ["cond_resched", "touch_nmi_watchdog", "touch_softlockup_watchdog", "spin_lock_irqsave", "spin_unlock_irqrestore"],
};

export const FIX_WORDS =
  /\b(?:fix|fixes|fixed|avoid|prevent|don't|do not|handle|race|oops|crash|leak|deadlock|null|properly|correct|missing)\b/i;
export const CLEANUP_WORDS =
  /\b(?:clean ?ups?|rename|remove (?:unused|unneeded|obsolete|dead|debug|stale)|documentation|docs?|typo|spelling|comment|whitespace|coding style|convert|kill|constify|(?:micro-?)?optimi[sz]\w*|trace ?points?|tracepoint|minor|add support|introduce|implement)\b/i;

/** Folders of the kernel that hold the code of a processor, by the names that reports give it. */
export const ARCH_FOLDERS: readonly { readonly arches: RegExp; readonly folders: RegExp }[] = [
  { arches: /^(?:x86|i[3-6]86|amd64)/, folders: /^arch\/(?:x86|x86_64|i386|um)\// },
  { arches: /^(?:arm64|aarch64)/, folders: /^arch\/arm(?:64)?\// },
  { arches: /^arm/, folders: /^arch\/arm\// },
  { arches: /^(?:ppc|powerpc)/, folders: /^arch\/(?:powerpc|ppc|ppc64)\// },
  { arches: /^s390/, folders: /^arch\/s390\// },
  { arches: /^sparc/, folders: /^arch\/sparc(?:64)?\// },
  { arches: /^riscv/, folders: /^arch\/riscv\// },
  { arches: /^mips/, folders: /^arch\/mips\// },
];

/** Pieces of function names that say nothing about the subsystem. */
export const COMMON_NAME_PIECES: ReadonlySet<string> = new Set(
  (
    "get set init exit lock unlock trace alloc free read write add del remove find put new old do try run start stop open close check " +
    "create destroy release handle handler work func cb thread main common sync async type data list the for and"
  ).split(" "),
);

/**
 * How much a function says that the report tells of outside the frames of its root stack; of a stack beside it, its innermost
 * function. Set by hand.
 */
export const FUNCTION_SOURCES = {
  title: 1,
  work: 0.9,
  place: 0.5,
  lock: 0.6,
  lock_chain: 0.6,
  alloc: 0.5,
  free: 0.5,
  origin: 0.5,
  other_cpu: 0.4,
  other_task: 0.2,
  task: 0.2,
} as const;

/** Parts of the names that lockdep prints which many locks have. */
export const COMMON_LOCK_NAMES: ReadonlySet<string> = new Set([
  "lock",
  "rlock",
  "mutex",
  "key",
  "dev",
  "work",
  "wait_lock",
  "AF_INET",
  "AF_UNIX",
]);

/** Words of a message that tells where the failure was seen: by whom it was reported, in which trace. */
export const REPORT_WORDS = ["reported", "bugzilla", "tested", "stable", "regression", "backtrace", "trace", "bisected", "reproduce"];
