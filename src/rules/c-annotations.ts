/**
 * Words that kernel C puts between the words of the language. A C parser does not know them, and takes `int __init f(void)` for a function
 * `void`. Collected from include/linux/compiler*.h, init.h and linkage.h of 2.6.36 to 6.x.
 */
export const ANNOTATION_WORDS: readonly string[] = (
  "__init __exit __initdata __exitdata __initconst __initdata_memblock __devinit __devexit __devinitdata __devinitconst __devexitdata " +
  "__cpuinit __cpuexit __cpuinitdata __cpuinitconst __meminit __meminitdata __memexit __net_init __net_exit __net_initdata __ref __refdata " +
  "__init_refok __init_memblock __init_or_module __initdata_or_module __user __kernel __iomem __rcu __percpu __force __nocast __safe __bitwise " +
  "__must_check __deprecated __used __unused __maybe_unused __always_unused __cold __hot __pure __attribute_const__ __weak __visible " +
  "__packed __read_mostly __ro_after_init __cacheline_aligned __cacheline_aligned_in_smp ____cacheline_aligned " +
  "____cacheline_aligned_in_smp ____cacheline_internodealigned_in_smp __page_aligned_data __page_aligned_bss __sched __lockfunc __kprobes " +
  "__always_inline __inline __inline__ noinline noinline_for_stack __noinline noinline_if_stackprotector notrace noinstr asmlinkage " +
  "__visible_default __no_sanitize_address __no_kcsan __no_kasan_or_inline __latent_entropy __randomize_layout __designated_init __malloc " +
  "__bpf_kfunc __private __acpi_init fastcall FASTCALL __cpuidle __irq_entry __irqentry_text __softirq_entry __exception_irq_entry __sym_hidden " +
  "__tracepoint_string __nosavedata __init_task_data __lsm_ro_after_init __signed __extension__ __restrict __volatile__"
).split(" ");

/** Annotations with arguments. */
export const ANNOTATION_CALLS: readonly string[] = (
  "__acquires __releases __must_hold __must_hold_shared __acquire_shared __releases_shared __cond_acquires __cond_lock __attribute__ __attribute " +
  "__printf __scanf __aligned __section __alloc_size __assume_aligned __counted_by __counted_by_le __guarded_by __nonstring_array __free __alias " +
  "__diag_push __diag_pop __no_sanitize __error __warning"
).split(" ");

/** Macros that define a function: the prefix that its name gets, the macro words, and the place of the argument with the name. */
export const DEFINING_MACROS: readonly { readonly prefix: string; readonly macros: readonly string[] }[] = [
  { prefix: "sys_", macros: ["", 0, 1, 2, 3, 4, 5, 6, "x"].map((n) => `SYSCALL_DEFINE${n}`) },
  { prefix: "compat_sys_", macros: ["", 0, 1, 2, 3, 4, 5, 6].map((n) => `COMPAT_SYSCALL_DEFINE${n}`) },
];
