import type { Frame } from "../schema/signature.ts";

/** What a stack in a report shows. `lock_chain` is how lockdep learnt of an order, `origin` where KMSAN saw memory come from. */
export type StackRole = "task" | "alloc" | "free" | "origin" | "lock_chain" | "other_cpu" | "other_task" | "ignored";

export interface StackStart {
  readonly sign: RegExp;
  readonly role: StackRole;
  /** A report that has this line and no frame behind it was cut. */
  readonly promisesFrames: boolean;
}

/** Lines behind which a stack begins; first match wins. */
export const STACK_STARTS: readonly StackStart[] = [
  { sign: /\bCall [Tt]race|^\s{0,8}Backtrace: ?/, role: "task", promisesFrames: true },
  { sign: /^\s{0,8}Allocated(?: by task \d{1,10}.{0,60})?:|^\s{0,8}allocated by task /, role: "alloc", promisesFrames: true },
  { sign: /^\s{0,8}Freed(?: by task \d{1,10}.{0,60})?:|^\s{0,8}freed by task /, role: "free", promisesFrames: true },
  { sign: /page last allocated via|page_owner tracks the page as (?:allocated|freed)/, role: "alloc", promisesFrames: false },
  { sign: /page last free (?:pid|stack)/, role: "free", promisesFrames: false },
  { sign: /INFO: Allocated in /, role: "alloc", promisesFrames: false },
  { sign: /INFO: Freed in /, role: "free", promisesFrames: false },
  { sign: /Uninit was (?:stored|created)|^\s{0,8}Local variable .{1,100} created at/, role: "origin", promisesFrames: false },
  { sign: /(?:Last|Second to last) (?:potentially related work creation|call_rcu)/, role: "other_task", promisesFrames: false },
  { sign: /^\s{0,8}(?:rcu|workqueue|timer)? ?call stack/i, role: "other_task", promisesFrames: false },
  { sign: /stack backtrace:/, role: "task", promisesFrames: false },
  { sign: /\bbacktrace(?: \(crc [0-9a-f]{1,8}\))?:/, role: "task", promisesFrames: true },
  { sign: /^\s{0,8}-> #\d{1,4} /, role: "lock_chain", promisesFrames: false },
  {
    sign: /(?:was|were) registered at:|to a \w{1,20}-irq-(?:un)?safe lock:|which became \w{1,20}-irq-(?:un)?safe at:|the shortest dependencies between|^\s{0,8}INITIAL USE at:|^\s{0,8}(?:IN|HARD|SOFT)\S{1,40} at:/i,
    role: "lock_chain",
    promisesFrames: false,
  },
  { sign: /Showing all locks held in the system/, role: "ignored", promisesFrames: false },
  { sign: /^\s{0,4}PID: \d{1,10}\s{1,8}TASK: /, role: "task", promisesFrames: false },
  {
    sign: /^\s{0,8}(?:Last Breaking-Event-Address|Preemption disabled at)/,
    role: "ignored",
    promisesFrames: false,
  },
];

/**
 * Lines that name the task whose stack follows: of hung tasks and sysrq (`bash  D 0 576 515 0x0`, `task:bash state:D stack:0 pid:576`), of
 * crash (`PID: 28 TASK: ... COMMAND: "a"`), of sanitizers (`Freed by task 880:`), of other processors (`CPU: 1 PID: 8 Comm: a`).
 */
export const TASK_LINES: readonly { readonly line: RegExp; readonly comm: number | null; readonly pid: number }[] = [
  { line: /^\s{0,4}PID: (\d{1,10})\s{1,8}TASK: .{1,60}COMMAND: "([^"]{1,32})"/, comm: 2, pid: 1 },
  { line: /^task:(\S{1,32})\s{1,32}state:.{1,80}?\bpid: {0,8}(\d{1,10})/, comm: 1, pid: 2 },
  {
    line: /^(\S{1,32})\s{1,32}[RSDTtXZPI] (?:[0-9a-f]{8,16}|running task| )\s{0,16}\d{1,10}\s{1,16}(\d{1,10})\s{1,16}\d{1,10}/,
    comm: 1,
    pid: 2,
  },
  { line: /\bPID: (\d{1,10}) Comm: (.{1,32}?) (?:Not tainted|Tainted|Kdump)/, comm: 2, pid: 1 },
  { line: /(?:[Aa]llocated|[Ff]reed) by task (\d{1,10})/, comm: null, pid: 1 },
];

/** What a line must hold to be one of TASK_LINES. */
export const TASK_HINT = /PID: |task|\s[RSDTtXZPI] /;

/** Lines that say whose the next call trace is, when it is not that of the report. */
export const TRACE_OF_OTHERS =
  /RCU grace-period kthread stack dump|kthread starved for|Showing busy workqueues|Sending NMI from CPU|Sending NMI to/;

/** Frames behind which, in a stall that was found by the timer interrupt, the stalled code stands. */
export const STALL_ENTRY = /apic_timer_interrupt|^(?:el1_irq|el1h_64_irq|__irq_svc|arch_timer_handler\w{0,20}|timer_interrupt)$/;

/** Frames of the tick that finds a stall; without one above it, an interrupt entry is part of what stalled. */
export const RCU_TICK =
  /^(?:rcu_sched_clock_irq|rcu_check_callbacks|rcu_pending|check_cpu_stall|print_cpu_stall|rcu_dump_cpu_stacks|update_process_times)$/;

/** Which part of a frame's role in a signature a stack of each role gets. */
export const FRAME_STACK: Readonly<Record<StackRole, Frame["stack"]>> = {
  task: "task",
  alloc: "alloc",
  free: "free",
  origin: "alloc",
  lock_chain: "other_task",
  other_cpu: "other_task",
  other_task: "other_task",
  ignored: "other_task",
};

/** The start of a line that gives the program counter, in the words of each architecture and tool. */
export const PC_LINE =
  /^\s{0,16}(?:RIP: (?:[0-9a-f]{4}:)?|RIP {1,4}(?=\[)|E?IP:? |EIP is at |PC is at |PC: |pc {0,4}: |epc {0,4}: |NIP |NIP:|Krnl PSW : |pc [0-9a-f]{16} |ERA: |\[exception RIP: |TPC: <)/;

/** The start of a line that gives the link register. */
export const LR_LINE = /^\s{0,16}(?:lr {0,4}: |LR is at |LR: |LR (?=\[)|ra {0,4}: |RA: |RPC: <)/;
