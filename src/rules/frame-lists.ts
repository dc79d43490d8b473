/**
 * The three frame lists. A frame of a stack is irrelevant (the machinery of entering, trapping and reporting), prefix (a primitive
 * that fails on behalf of its caller), dispatch (hands work on; guilty sometimes) or none of these. Patterns: `name`, `name*`, `*name`
 * and `*name*`. Three lists and not one skip list, because `__queue_work | queue_work_on | nfsd4_probe_callback` says more than its
 * last member alone (the idea is Socorro's).
 */
export type FrameClass = "no" | "prefix" | "dispatch" | "irrelevant";

const IRRELEVANT = `
*panic* fortify_report __fortify_report assertfail __assertfail warn_bogus_irq_restore do_tag_check_fault do_tag_recovery do_exception do_ext_abort do_el1_* cpuhp_report* lockdep_rcu_suspicious __bug_table
dump_stack* __dump_stack show_stack* walk_stack* dump_backtrace* dump_trace show_trace* show_regs* show_registers unwind_backtrace unwind_stack*
warn_slowpath* warn_on_slowpath __warn* warn_alloc* report_bug fixup_bug handle_bug print_report* print_address_description* print_circular_bug*
print_unlock_imbalance_bug print_usage_bug* print_deadlock_bug* print_bad_irq_dependency print_irq_inversion_bug* print_irqtrace_events
print_lock_invalid_wait_context print_trailer print_page_info object_err slab_err slab_bug kasan_object_err kasan_report_error describe_address
invalid_op do_invalid_op do_error* do_trap* do_int3 do_divide_error *_trap bug_handler brk_handler do_debug_exception do_undefinstr __bug_at* call_on_stack
page_fault async_page_fault asm_exc_* exc_* exception_exit* error_code error_exit error_entry no_context* bad_area* __bad_area* oops_end oops_begin die __die* die_kernel_fault*
die_nmi __do_kernel_fault* do_page_fault __do_page_fault do_user_addr_fault do_kern_addr_fault handle_page_fault ___do_page_fault spurious_kernel_fault*
do_translation_fault do_kernel_fault do_mem_abort do_sp_pc_abort do_bad_area do_alignment_fault el0_* el1_* el1h_* el0t_* el1t_* __dabt_svc __irq_svc __irq_usr
__und_svc __pabt_svc __exception_text_start asm_do_IRQ do_DataAbort do_PrefetchAbort ret_fast_syscall ret_slow_syscall __sys_trace* general_protection do_general_protection
double_fault stack_segment divide_error coprocessor_error alignment_check device_not_available simd_coprocessor_error
machine_kexec* __crash_kexec crash_kexec* crash_nmi_callback crash_save_cpu panic* __panic vpanic nmi_panic* kgdb_panic xmon* sysrq_handle_crash
handle_IPI ipi_handler do_handle_IPI gic_handle_irq* handle_domain_irq generic_handle_domain_irq *apic_timer_interrupt*
sysvec_* asm_sysvec_* __sysvec_* call_irq_handler do_interrupt_handler
hrtimer_interrupt __hrtimer_run_queues __run_hrtimer tick_sched* tick_nohz* tick_periodic tick_handle_periodic* tick_handle_oneshot* tick_do_update* tick_program_event update_process_times watchdog_timer_fn watchdog_hardlockup* watchdog_overflow_callback softlockup_tick* common_interrupt* do_IRQ irq_exit* irq_enter* ret_from_intr
local_apic_timer_interrupt ret_from_exception retint_* error_return handle_irq* __handle_irq* generic_handle_irq* handle_edge_irq handle_fasteoi_irq handle_level_irq
handle_percpu_devid_irq arch_timer_handler* nmi nmi_handle* do_nmi default_do_nmi end_repeat_nmi perf_event_nmi_handler intel_pmu_handle_irq nmi_cpu_backtrace* nmi_trigger* arch_trigger* trigger_*_backtrace rcu_dump_cpu_stacks rcu_check_callbacks rcu_sched_clock_irq print_cpu_stall*
print_other_cpu_stall rcu_pending check_cpu_stall do_syscall_64* do_syscall_32* do_fast_syscall_* do_int80_syscall_32 do_SYSENTER_32 __do_fast_syscall_32 entry_* system_call* sysenter_* syscall_return_slowpath syscall_trace* tracesys* ia32_sysret
ia32_syscall_done x64_sys_call ia32_sys_call invoke_syscall* sysc_* syscall_call syscall_common* handle_syscall handle_sys* ret_from_fork* ret_from_kernel_thread ret_from_syscall child_rip kernel_thread* kernel_execve
kthread kthreadd worker_thread process_one_work process_scheduled_works run_workqueue rescuer_thread smpboot_thread_fn
system_call_exception system_call_vectored_common program_check_exception* program_check_common* data_access_exception* handle_data_access* ret_from_except* bad_page_fault handle_page_fault* hash__do_page_fault
pgm_check_handler __do_pgm_check do_dat_exception pagefault_*  
__x86_indirect_thunk_* *_indirect_thunk_* __x86_return_thunk kasan_* __kasan_* *kasan* __asan_* asan_* __hwasan_* check_memory_region* __sanitizer* kcsan* __kcsan* __tsan_* kmsan* __kmsan* *kmsan* __msan_* kfence_* ubsan_* __ubsan_* handle_overflow handle_object_size_mismatch
val_to_string* stack_trace_* save_stack* save_trace* stack_depot* arch_stack_walk arch_dump_stack rust_begin_unwind rust_panic*
ftrace_call ftrace_regs_call* ftrace_graph_c* ftrace_ops_list_func ftrace_ops_assist_func arch_ftrace* return_to_handler
`;

const PREFIX = `
*lockdep* *mutex_lock* *mutex_trylock* *mutex_unlock* *refcount_inc* *refcount_dec* *refcount_sub* *refcount_add* *refcount_set* *refcount_read* *memcpy* *memset* *memmove* *memcmp* *memchr* *strcmp* *strncmp* *strcpy* *strncpy* *strscpy* *strlcpy* *strlen* *strnlen* *strchr* *strnstr*
*copy_to_user* *copy_from_user* *put_user* *list_add* *list_del* *list_replace* *list_move* *list_splice* *printk* *del_timer* *flush_work* *_indirect_thunk_*
find_lock_entries find_get_* find_lock_page* truncate_inode_pages* truncate_pagecache* invalidate_inode_pages* filemap_get_* folio_unlock folio_lock* __folio_lock folio_wait* folio_end_* unlock_page* lock_page* __lock_page* wait_on_page* read_cache_page* do_read_cache* free_large_kmalloc kfree* vzalloc* memdup* crc* *sysfs_remove*
jhash* siphash* xxh32* xxh64* bitmap_* find_first_* find_next_* _find_* find_last_bit percpu_counter* percpu_ref_* __percpu_* copyin copyout copy_page* iterate_* sort bsearch sg_next sg_init* put_page get_page __put_page* folio_put* folio_get* page_ref* page_to_nid owner_on_cpu seqprop* arch_static_branch* static_key* __static_* fortify* logic_in* logic_out* inb* outb* inw outw inl outl __raw_read* __raw_write* fast_dput __dput lockref_* d_walk select_collect devres_release* device_release tty_unregister_device kthread_stop kthread_park i2c_del_adapter hwrng_unregister __unregister_client
*spin_lock* *spin_unlock* *spin_trylock* *spin_bug* *read_lock* *read_unlock* *read_trylock* *write_lock* *write_unlock* *write_trylock* _lock _unlock mutex_* __mutex_* rt_mutex_* __rt_mutex_* ww_mutex_* down down_* __down* up up_* __up* _raw_*lock* do_raw_* native_queued_spin* queued_*
__pv_queued* pv_wait* virt_spin* osq_* rwsem_* __rwsem_* call_rwsem* percpu_down* percpu_up* lockdep* __lockdep* lock_acquire* __lock_acquire* lock_release* __lock_release lock_is_held* lock_acquired* lock_class* lock_set_* lock_timer_base __bit_spin* reacquire_held_locks
mark_lock* mark_held_locks mark_irqflags mark_usage validate_chain* check_noncircular check_prev* check_prevs_add check_deadlock check_usage* look_up_lock_class register_lock_class assign_lock_key add_lock_to_list find_held_lock match_held_lock __lock_set_class upgrade_*lock downgrade_write
list_* __list_* rb_* __rb_* klist_* radix_tree_* __radix_tree_* delete_node idr_* ida_* xas_* xa_* __xa_* rhashtable_* hlist_* llist_* plist_* 
refcount_* __refcount_* kref_* atomic_* arch_atomic* raw_atomic* atomic64_* _atomic_dec_and_lock* *_bit *_and_set_bit *_and_clear_bit ref_tracker* __read_once_size __write_once_size instrument_* cpumask_*
kfree* kvfree* kzfree kmalloc* __kmalloc* ___kmalloc* __do_kmalloc* kzalloc* kcalloc* kvmalloc* vmalloc* __vmalloc* vfree* __vfree* vunmap krealloc* kstrdup* kmemdup* kmem_cache_* __kmem_cache* ____cache_alloc* cache_alloc* cache_free* cache_flusharray slab_* __slab_* ___slab_* allocate_slab new_slab* alloc_pages* __alloc_pages* __alloc_frozen_pages* alloc_page* alloc_skb*
get_page_from_freelist free_pages* __free_page* free_unref_page* free_one_page free_block folio_alloc* filemap_alloc_folio find_or_create_page pagecache_get_page __get_free_pages get_zeroed_page free_debug_processing alloc_debug_processing check_poison_obj check_slab poison_obj
cache_free_debugcheck virt_to_cache object_is_on_stack check_heap_object __check_object_size __check_heap_object usercopy_* copy_overflow
memcpy* memset* memmove* memcmp memchr* memscan __mem* __memcpy* strlen strnlen strcmp strncmp strcasecmp strncasecmp strcpy strncpy strlcpy strscpy* strcat strlcat strchr* strrchr strstr strnstr strsep __strn* strnlen_user strncpy_from_user copy_to_user* copy_from_user* _copy_to_user* _copy_from_user* __copy_to_user* __copy_from_user* copy_user_* copy_*_iter _copy_*_iter __copy_tofrom_user* put_user* get_user* __put_user* __get_user* __arch_copy* might_fault* __might_fault*
might_sleep* __might_sleep* ___might_sleep* __might_resched* __cant_* clear_user* __clear_user* read_word_at_a_time load_unaligned_zeropad
__queue_work* queue_work_on queue_work __queue_delayed_work queue_delayed_work* mod_delayed_work* insert_work flush_work* __flush_work* flush_workqueue* __flush_workqueue flush_delayed_work cancel_work_sync __cancel_work* cancel_delayed_work* drain_workqueue destroy_workqueue try_to_grab_pending schedule_work* schedule_delayed_work* wq_worker_* 
del_timer* __del_timer* try_to_del_timer_sync __mod_timer mod_timer* add_timer* timer_delete* timer_shutdown* timer_is_static_object work_is_static_object hrtimer_* internal_add_timer enqueue_timer detach_if_pending init_timer* do_init_timer
debug_object* __debug_object* debug_print_object* debug_check_no_obj* debug_check_no_locks* debug_work_* debug_timer_* debug_hrtimer* debug_mutex* debug_rt_* debug_spin* debug_smp_processor_id debug_dma_*
wait_* wait_for_completion* wait_for_common do_wait_for_common __wait_for_common __wait_on_bit* __wait_event* complete complete_all complete_done finish_wait prepare_to_wait* __wake_up* wake_up* try_to_wake_up ttwu_* default_wake_function autoremove_wake_function swake_up* schedule* __schedule* preempt_schedule* __cond_resched* _cond_resched* cond_resched* io_schedule* context_switch __switch_to* switch_to rpc_wait_bit_killable out_of_line_wait_on_bit* do_nanosleep msleep* usleep_range*
rcu_* __rcu_* call_rcu* __call_rcu* synchronize_* kfree_rcu* srcu_* __srcu_* invoke_rcu_callbacks cleanup_srcu_struct check_init_srcu_struct
printk* _printk* vprintk* *snprintf *scnprintf *sprintf string pointer number format_decode kasprintf kvasprintf kvasprintf_const dev_info* dev_warn* dev_err* dev_notice* _dev_* dev_printk* __dev_printk* console_unlock* call_console_drivers con_scroll
kobject_* kset_* kobj_* device_add* device_del device_create* device_unregister device_destroy device_remove_file device_for_each_child* sysfs_remove* sysfs_create* sysfs_add* __sysfs_* get_device_parent add_uevent_var
usb_submit_urb usb_start_wait_urb usb_bulk_msg usb_interrupt_msg usb_control_msg* usb_internal_control_msg usb_kill_urb usb_kill_anchored_urbs usb_hcd_submit_urb dummy_urb_enqueue
unregister_netdev* rollback_registered* kfree_skb* __kfree_skb skb_release_* skb_push skb_put skb_over_panic skb_under_panic skb_panic sock_put iput ihold dput drop_nlink mark_buffer_dirty __bforget
readb readw readl readq writeb writew writel writeq ioread* iowrite* in_atomic_preempt_off perf_trace* trace_* trace_hardirq* __traceiter_* trace_event_* lock_sock* __lock_sock release_sock __release_sock
arch_local_irq_* raw_local_irq_* local_bh_* __local_bh_* _local_bh_* native_* paravirt_* __raw_* smp_call_function* generic_exec_single on_each_cpu* cpu_relax delay_tsc __delay __const_udelay
debug_lockdep* preempt_count_* check_preemption* smp_processor_id preempt_notifier* stack_chk* __stack_chk_fail
arm_* flush_tlb* tlb_flush* __flush_tlb*  __raw_spin* 
`;

/**
 * Of the irrelevant frames those that begin a thread or a system call. A stack of nothing else is best named by its first.
 */
const ENTRY = `
kthread kthreadd worker_thread process_one_work process_scheduled_works run_workqueue ret_from_fork* child_rip kernel_thread_helper do_syscall_* do_fast_syscall_* entry_SYSCALL* el0_svc* invoke_syscall* system_call* smpboot_thread_fn
`;

/** Where the kernel was entered: nothing of the same stack stands below, but more of the same. */
const BOTTOM = `
ret_from_fork* entry_SYSCALL* entry_SYSENTER* el0_sync el0t_64_sync el0_svc_naked system_call_fastpath system_call_exception sysenter_past_esp ret_fast_syscall child_rip kernel_thread_helper
`;

/** Primitives that live in modules; the names of PREFIX belong to the core kernel and say nothing about a module's function. */
const PREFIX_OF_MODULES = `
rpc_wait_bit_killable usb_submit_urb usb_start_wait_urb usb_bulk_msg usb_interrupt_msg usb_control_msg* usb_internal_control_msg usb_kill_urb usb_hcd_submit_urb
`;

const DISPATCH = `
vfs_* __vfs_* ksys_* __se_sys_* __do_sys_* new_sync_read new_sync_write do_sync_read do_sync_write do_last path_openat do_filp_open do_sys_open* do_sys_openat2 do_iter_* do_readv* do_writev* generic_perform_write generic_file_read_iter generic_file_write_iter __generic_file_write_iter generic_file_aio_* do_writepages
write_cache_pages __writepage generic_writepages *notifier_call_chain* __netif_receive_skb* netif_receive_skb* process_backlog net_rx_action __do_softirq do_softirq* call_softirq run_ksoftirqd ksoftirqd handle_softirqs sock_sendmsg* sock_recvmsg* __sock_sendmsg ____sys_* ___sys_* __sys_* __x64_sys_* __ia32_sys_* __arm64_sys_* SyS_* SYSC_* sys_* compat_sys_* do_group_exit task_work_run exit_to_usermode* __fput ____fput fput do_exit
svc_process* nfsd_dispatch rpc_async_schedule __rpc_execute rpc_execute rpc_run_task rpc_async_release do_one_initcall kernel_init* start_kernel rest_init start_secondary cpu_startup_entry cpu_idle* do_idle default_idle* mwait_idle* call_timer_fn* run_timer_softirq __run_timers* expire_timers tasklet_* really_probe driver_probe_device __driver_attach bus_for_each_dev driver_attach bus_add_driver driver_register module_init*
do_initcalls do_basic_setup x86_64_start* i386_start* secondary_startup* hrtimer_run_softirq
`;

const words = (list: string): readonly string[] => list.trim().split(/\s+/);

/** The lists as they are, for showing. */
export const FRAME_LISTS = { irrelevant: words(IRRELEVANT), prefix: words(PREFIX), dispatch: words(DISPATCH) } as const;

interface Matcher {
  readonly exact: ReadonlySet<string>;
  /** `name*` and `a*b`, which bind the start of a symbol; null when the list has none. One expression is many times as fast as a loop. */
  readonly starts: RegExp | null;
  /** `*name` and `*name*`, wherever they stand. */
  readonly parts: RegExp | null;
}

function anyOf(prefix: string, patterns: readonly string[]): RegExp | null {
  return patterns.length === 0 ? null : new RegExp(`${prefix}(?:${patterns.join("|")})`);
}

function compile(list: string): Matcher {
  const exact = new Set<string>();
  const starts: string[] = [];
  const parts: string[] = [];
  for (const pattern of list.split(/\s+/).filter((word) => word !== "")) {
    const head = pattern.startsWith("*");
    const inner = pattern.replace(/^\*|\*$/g, "").replace("*", "\\w*");
    if (head) parts.push(pattern.endsWith("*") ? inner : `${inner}$`);
    else if (pattern.includes("*")) starts.push(pattern.endsWith("*") ? inner : `${inner}$`);
    else exact.add(pattern);
  }
  return { exact, starts: anyOf("^", starts), parts: anyOf("", parts) };
}

function matches({ exact, starts, parts }: Matcher, symbol: string): boolean {
  return exact.has(symbol) || starts?.test(symbol) === true || parts?.test(symbol) === true;
}

const irrelevant = compile(IRRELEVANT);
const prefix = compile(PREFIX);
const prefixOfModules = compile(PREFIX_OF_MODULES);
const dispatch = compile(DISPATCH);
const entry = compile(ENTRY);
const bottom = compile(BOTTOM);

/**
 * The list that holds a function. `symbol` is without compiler suffixes. The machinery and the primitives are built in, so a function
 * of a module is neither because its name looks like one.
 */
export function frameClass(symbol: string, module: string | null): FrameClass {
  if (symbol.startsWith("0x")) return "irrelevant";
  if (module !== null) return matches(prefixOfModules, symbol) ? "prefix" : matches(dispatch, symbol) ? "dispatch" : "no";
  if (matches(irrelevant, symbol)) return "irrelevant";
  if (matches(prefix, symbol)) return "prefix";
  return matches(dispatch, symbol) ? "dispatch" : "no";
}

/** Whether a function is where the kernel was entered. */
export function isBottom(symbol: string): boolean {
  return matches(bottom, symbol);
}

/** Whether a function only begins a thread or a system call. */
export function isEntry(symbol: string): boolean {
  return matches(entry, symbol);
}
