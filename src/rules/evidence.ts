import type { CrashKind } from "../schema/signature.ts";

/**
 * What speaks for or against a commit as the fix of a crash. The finders in analysis/ give each hit a share, by how much the frame or
 * word says and how rare it is; a rule's value for a commit is made of its shares (analysis/scores.ts), and the score is the sum of the
 * weights times the values.
 */
export interface EvidenceRule {
  readonly id: string;
  readonly weight: number;
  /** Do all hits count in full, or the strongest in full and the others a fifth. */
  readonly addsUp: boolean;
  readonly about: string;
}

/**
 * The weights were fitted by eval/rank-fit.ts, a linear softmax over the commits of each case's pool, on 294 crash texts and their fixes
 * from kernels 2.6.14 to 2.6.36; docs/accuracy.md says how well they do on cases that they were not fitted on. Those of identifierChanged,
 * identifierNamed and fixesTarget are set by hand: these texts and messages are too old to have either.
 */
export const EVIDENCE = {
  sharedWords: {
    id: "shared-words",
    weight: 1.65,
    addsUp: true,
    about: "its subject, paths, functions and changed lines share words with the report",
  },
  sharedNames: {
    id: "shared-names",
    weight: 1.09,
    addsUp: true,
    about: "its subject, paths and changed lines hold functions of the stack",
  },
  functionModified: { id: "function-modified", weight: 1.11, addsUp: false, about: "the commit changes a function of the stack" },
  functionInSubject: { id: "function-in-subject", weight: 0.84, addsUp: false, about: "its subject names a function of the stack" },
  functionNamed: { id: "function-named", weight: 1.18, addsUp: false, about: "its message names a function of the stack" },
  functionCalled: { id: "function-called", weight: 0.96, addsUp: false, about: "a changed line calls or names a function of the stack" },
  traceQuoted: { id: "trace-quoted", weight: 2.88, addsUp: false, about: "its message quotes several functions of the stack" },
  calleeModified: { id: "callee-modified", weight: 0.59, addsUp: false, about: "it changes a function that a function of the stack calls" },
  sameNames: { id: "same-names", weight: 0.21, addsUp: true, about: "its changed lines hold names that a function of the stack uses" },
  wordInSubject: { id: "word-in-subject", weight: 0.37, addsUp: true, about: "its subject shares words with the names of the stack" },
  wordInBody: { id: "word-in-body", weight: 1.64, addsUp: true, about: "its message shares words with the names of the stack" },
  wordInFunction: {
    id: "word-in-function",
    weight: 0.26,
    addsUp: false,
    about: "a function that it changes shares words with the names of the stack",
  },
  fileOfFrame: { id: "file-of-frame", weight: 1.63, addsUp: false, about: "it changes a file that defines a function of the stack" },
  folderOfFrame: { id: "folder-of-frame", weight: 1.82, addsUp: false, about: "it changes the folder of a function of the stack" },
  moduleTouched: {
    id: "module-touched",
    weight: 1.83,
    addsUp: false,
    about: "it changes a file or folder that bears the name of a module of the stack",
  },
  identifierChanged: { id: "identifier-changed", weight: 2, addsUp: false, about: "a changed line holds a name that the report mentions" },
  identifierNamed: { id: "identifier-named", weight: 1.5, addsUp: false, about: "its message names something that the report mentions" },
  failureInSubject: { id: "failure-in-subject", weight: 1.72, addsUp: true, about: "its subject speaks of the same kind of failure" },
  failureInBody: { id: "failure-in-body", weight: 2.13, addsUp: true, about: "its message speaks of the same kind of failure" },
  failureCode: { id: "failure-code", weight: 0.57, addsUp: true, about: "its changed lines hold what fixes of this kind of failure use" },
  fixWords: { id: "fix-words", weight: 0.6, addsUp: false, about: "its subject speaks of a fix" },
  cleanupWords: { id: "cleanup-words", weight: -1.3, addsUp: false, about: "its subject speaks of a cleanup, a rename or documentation" },
  fixesTarget: { id: "fixes-target", weight: 1, addsUp: false, about: "it fixes a commit that the target has" },
  sameArch: { id: "same-arch", weight: 0.84, addsUp: false, about: "it changes code of the processor of the report" },
  largeChange: { id: "large-change", weight: -0.82, addsUp: false, about: "it changes many lines: each hit says less" },
  manyFiles: { id: "many-files", weight: -0.56, addsUp: false, about: "it changes many files: each hit says less" },
} as const satisfies Record<string, EvidenceRule>;

export type EvidenceId = keyof typeof EVIDENCE;

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
  /\b(?:clean ?ups?|rename|remove (?:unused|unneeded|obsolete|dead|debug|stale)|documentation|docs?|typo|spelling|comment|whitespace|coding style|convert|kill|constify|trace ?points?|tracepoint|minor|add support|introduce|implement)\b/i;

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
 * A share only compares candidates with each other, and the fix may not be among them. So `high` also asks for evidence that ties the commit to
 * the stack or to a name of the report: alike words and folders alone are not enough.
 */
export const DIRECT_EVIDENCE: ReadonlySet<string> = new Set(
  [
    EVIDENCE.functionModified,
    EVIDENCE.functionInSubject,
    EVIDENCE.functionNamed,
    EVIDENCE.functionCalled,
    EVIDENCE.traceQuoted,
    EVIDENCE.calleeModified,
    EVIDENCE.fileOfFrame,
    EVIDENCE.identifierChanged,
    EVIDENCE.identifierNamed,
  ].map((rule) => rule.id),
);

/**
 * Share of exp(score) among all candidates from which one is worth acting on. The scores were fitted as such shares: of the texts whose first
 * candidate had at least 0.85, nine of ten had the fix there (docs/accuracy.md).
 */
export const CONFIDENCE = { high: 0.85, medium: 0.3 } as const;
