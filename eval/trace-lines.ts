import { readFrameLine } from "../src/crash/frame-line.ts";

/** Forms of the lines that kernels print around a stack. A line of prose that looks like one is lost with them, which is the safe side. */
const PRINTED: readonly RegExp[] = [
  // Addresses, `name+0x1/0x2`, registers, dumps of words or bytes, console stamps.
  /\[<[0-9a-f]{8,16}>\]/i,
  /[\w.$]\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?/i,
  /^\W*\[ *\d+\.\d{3,6}\]/,
  /^\s*<\d>/,
  /^\s*>?\s*[0-9a-f]{4,16}:?\s+(?:[0-9a-f]{2,8}\s|[0-9a-f]{4,16}\b|\w{1,6}\s+[%\d])/i,
  /\b[0-9a-f]{8}(?:[0-9a-f]{8})?(?:[\s:]+[0-9a-f]{8}(?:[0-9a-f]{8})?\b)+/i,
  /(?:\b[0-9a-f]{2}\s+){5}[0-9a-f]{2}\b/i,
  /\b(?:[ER]?(?:[ABCD]X|[SD]I|[SB]P|IP|FLAGS)|R\d\d?|[CD]R\d|[C-GS]S|NIP|LR|CTR|MSR|GPR\d*|XER|DAR|PSW|epc|ra|pc|lr|sp)\s*[:=]\s*\(?[0-9a-f[<]{4,}/i,
  /^\s*(?:Code|Stack|Call Trace|Backtrace|Instruction dump|Krnl Code|Krnl GPRS|Caller)\s*:/i,
  // Headings of reports.
  /\b(?:kernel BUG at|Oops\s*:|Kernel panic|Unable to handle kernel|unable to handle kernel|general protection fault|Internal error:)/,
  /^\W*(?:BUG|INFO|WARNING)\s*:/,
  /^\W*(?:BUG|Badness|WARNING)\b.*\bat\b.*[:(]\d+/,
  /\b(?:Modules linked in|last sysfs file|Hardware name|Process \S+ \(pid|Pid:\s*\d+|Not tainted|Tainted: |comm: \S+|preempt_count|in_atomic\(\)|irqs_disabled\(\))/,
  /^\s*(?:CPU|PID|Pid|Process|EIP is at|IP|RIP|EIP|PGD|last user|task)\b\s*[:=]?\s*[0-9a-f[<]/i,
  /\*p[dmt]e\s*=/,
  // Reports of lockdep, the allocators and the watchdogs.
  /\bis trying to acquire|\bbut task is already holding|\balready depends on the new lock|\bexisting dependency chain|\blocks? held by\b/i,
  /\bother info that might help|\bstack backtrace:|\bpossible (?:circular|recursive|irq)|\binconsistent .*lock|\block-?inversion\b|\block order\b/i,
  /\{[-+?.A-Z]{4,}(?:\/[-+?.\w]*)?\}|\{(?:IN|HARDIRQ|SOFTIRQ|in)-[^}]*\}|^\s*(?:->\s*)?#\d+\b/,
  /\b(?:irq event stamp|(?:hard|soft)irqs last|blocked for more than|soft lockup|hung_task_timeout_secs|sleeping function called)/i,
  /^\s*[-=*~_+]{5,}\s*$/,
  /\b(?:Redzone|Padding|Object|INFO: (?:Slab|Object|Allocated|Freed)|Slab) 0x[0-9a-f]+/,
  /<\/?(?:IRQ|EOI|NMI|EOE|#DB|#DF|#MC)>|\bcut here\b|\bend trace\b/,
];

/** What follows it down to the next empty line is the rest of the list. */
const MODULE_LIST = /\bModules linked in/;

function isPrinted(line: string): boolean {
  return readFrameLine(line) !== null || PRINTED.some((form) => form.test(line));
}

/**
 * A commit message without the lines that a kernel printed, so that a crash is not found by its own text. The subject stays. Lines between
 * two printed ones go too: the rest of a module list, a register line in a form not known here.
 */
export function withoutTraceLines(message: string): string {
  const lines = message.split("\n");
  const start = lines.findIndex((line) => line.trim() !== "") + 1;
  let inList = false;
  const text = lines.map((line, at) => {
    const blank = line.trim() === "";
    inList = !blank && (inList || MODULE_LIST.test(line));
    return { line, blank, printed: at >= start && (inList || isPrinted(line)) };
  });
  const solid = text.filter(({ blank }) => !blank);
  const cut = new Set(solid.filter((each, at) => each.printed || (solid[at - 1]?.printed && solid[at + 1]?.printed)));
  return text
    .filter((each) => !cut.has(each))
    .map(({ line }) => line)
    .join("\n");
}

/** The first paragraph alone. */
export function withoutBody(message: string): string {
  const lines = message.split("\n");
  const start = lines.findIndex((line) => line.trim() !== "");
  const end = lines.findIndex((line, at) => at > start && line.trim() === "");
  return lines.slice(0, end === -1 ? lines.length : end).join("\n");
}
