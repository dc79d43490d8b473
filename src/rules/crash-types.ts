import type { CrashKind } from "../schema/signature.ts";

/**
 * The `TYPE:` of a labelled crash text (the vocabulary of syzkaller's test data) and the kinds it may stand for. A type is coarser than a
 * kind where it lists several. Types that say nothing of the kernel (failures of the fuzzer itself) are no row.
 */
const TYPES: Readonly<Record<string, readonly CrashKind[]>> = {
  ATOMIC_SLEEP: ["atomic_sleep"],
  BUG: ["bug_on"],
  DoS: ["gpf", "divide", "stack_overflow", "panic_other", "exec_bad", "hard_lockup", "mce", "oom"],
  HANG: ["hung_task", "soft_lockup", "hard_lockup", "rcu_stall"],
  LEAK: ["leak"],
  LOCKDEP: ["lockdep", "rcu_usage"],
  MEMORY_SAFETY_BUG: ["paging_request", "list_corruption", "exec_bad"],
  MEMORY_SAFETY_UBSAN: ["ubsan"],
  "NULL-POINTER-DEREFERENCE": ["null_deref"],
  REFCOUNT_WARNING: ["refcount"],
  UBSAN: ["ubsan"],
  WARNING: ["warning"],
};

/** Families whose types carry the access or the flavour behind a dash: `KASAN-USE-AFTER-FREE-READ`. */
const FAMILIES: readonly (readonly [string, CrashKind])[] = [
  ["KASAN-", "kasan"],
  ["KMSAN-", "kmsan"],
  ["KCSAN-", "kcsan"],
  ["KFENCE-", "kfence"],
];

/** The kinds that a type stands for, or null for a type that is none of the kernel's. */
export function kindsOfType(type: string): readonly CrashKind[] | null {
  const family = FAMILIES.find(([start]) => type.startsWith(start));
  return family === undefined ? (TYPES[type] ?? null) : [family[1]];
}
