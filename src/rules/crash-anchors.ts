/**
 * Anchors of stalls: where the kernel hands work to a subsystem. `name` matches anywhere in a symbol, `^name` at its start,
 * `^name$` the whole of it.
 */
const STALL_ANCHORS = `
process_one_work do_syscall_ do_fast_syscall_ sysenter_dispatch tracesys_phase2 el0_svc_handler invoke_syscall ret_fast_syscall
netif_receive_skb do_softirq call_timer_fn _run_timers run_timer_softirq hrtimer_run run_ksoftirqd smpboot_thread_fn ^kthread$
start_secondary cpu_startup_entry ret_from_fork vfs_write vfs_read vfs_iter_read vfs_iter_write do_iter_read do_iter_write
do_iter_readv_writev call_read_iter call_write_iter new_sync_read new_sync_write vfs_ioctl ksys_ioctl compat_ioctl compat_sys_ioctl
blkdev_driver_ioctl blkdev_ioctl ^call_mmap mmap_region do_mmap do_dentry_open vfs_open ^sock_sendmsg ^sock_recvmsg ^sock_release
^__sock_release ^setsockopt$ kernel_setsockopt sock_common_setsockopt ^listen$ kernel_listen sk_common_release ^sock_mmap ^accept$
kernel_accept ^sock_do_ioctl ^sock_ioctl ^compat_sock_ioctl ^nfnetlink_rcv_msg ^rtnetlink_rcv_msg ^netlink_dump
^socketpair ^connect ^ioctl ^sys_socketpair ^sys_connect ^sys_ioctl __do_fault do_page_fault ^page_fault$ __fput task_work_run
exit_to_usermode smp_call_function tasklet_action tasklet_hi_action
`;

const anchors = STALL_ANCHORS.split(/\s+/).filter((pattern) => pattern !== "");
const whole = new Set(anchors.filter((pattern) => pattern.endsWith("$")).map((pattern) => pattern.slice(1, -1)));
const starts = anchors.filter((pattern) => pattern.startsWith("^") && !pattern.endsWith("$")).map((pattern) => pattern.slice(1));
const parts = anchors.filter((pattern) => !pattern.startsWith("^"));

/** Whether a function is a place where the kernel hands work to a subsystem. */
export function isStallAnchor(symbol: string): boolean {
  return whole.has(symbol) || starts.some((start) => symbol.startsWith(start)) || parts.some((part) => symbol.includes(part));
}

/** Waits that so many bugs end in that they are buckets of their own, by the start of a symbol. */
export const HANG_BUCKETS: readonly { readonly start: string; readonly name: string }[] = [
  { start: "rtnl_lock", name: "rtnl_lock" },
  { start: "synchronize_rcu", name: "synchronize_rcu" },
  { start: "synchronize_srcu", name: "synchronize_rcu" },
  { start: "synchronize_net", name: "synchronize_rcu" },
  { start: "synchronize_sched", name: "synchronize_rcu" },
];

/** Parts of the names of functions that wait on behalf of their caller. */
export const HANG_SKIP: readonly string[] = [
  "sched",
  "_lock",
  "_slowlock",
  "down",
  "rwsem",
  "completion",
  "kthread",
  "wait",
  "synchronize",
  "context_switch",
  "__switch_to",
  "cancel_delayed_work",
  "rcu_barrier",
];
