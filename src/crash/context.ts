import type { Signature } from "../schema/signature.ts";
import { sourcePath } from "./frame-line.ts";
import type { LogLine } from "./line.ts";

/** Who ran where, as the lines of a report tell it. */
export interface Context {
  readonly comm: string | null;
  readonly workqueue: Signature["workqueue"];
  readonly assert: Signature["assert"];
  readonly arch: string | null;
  readonly modules: readonly string[];
}

/** Lines that name the task, in the words of oopses, crash(8), hung tasks, lockups and sanitizers. */
const COMMS: readonly RegExp[] = [
  /\b[Cc]omm: (.{1,24}?) (?:Kdump: |Not tainted|Tainted: |\d)/,
  /COMMAND: "([^"]{1,32})"/,
  /^Process (.{1,24}?) \(pid: /,
  /INFO: task (.{1,32}?):\d{1,10} (?:is )?blocked/,
  /stuck for \d{1,10}s! \[(.{1,32}?):\d{1,10}\]/,
  / by task (.{1,32}?)\/\d{1,10}$/,
];
const COMM_HINT = /omm: |COMMAND: |^Process |INFO: task|stuck for| by task /;
const WORKQUEUE = /^Workqueue: (\S{1,64}) (\S{1,128})/;
const ASSERT = /(?:kernel BUG at |WARNING: .{0,60}?(?:\b|\d)at |UBSAN: .{0,60}? in )([\w./-]{1,200}\.[chS]):(\d{1,7})/;
const MODULES = /^\s{0,8}Modules linked in:(.*)/;
const MODULE_NAME = /^[\w-]{1,64}/;
const MAX_MODULES = 300;

interface Sign {
  readonly arch: string;
  readonly sign: RegExp;
}

/** What a line must hold to tell the architecture. */
const ARCHITECTURES: readonly Sign[] = [
  {
    arch: "arm64",
    sign: /MACHINE: aarch64|\.aarch64\b|\bpc : (?!\[)[\w.]{1,100}\+0x|^\s{0,16}x29: |\bel[01][ht]?_|pstate: [0-9a-f]{8}|ESR = 0x|__arm64_sys_/,
  },
  {
    arch: "x86_64",
    sign: /MACHINE: x86_64|\.x86_64\b|\bRIP: 00|\bRAX: |entry_SYSCALL_64|\bCR2: [0-9a-f]{16}|\[<ffffffff[8a][0-9a-f]{7}>\]|__x64_sys_|x86_64_start_kernel/,
  },
  { arch: "arm", sign: /\bPC is at |\bpc : \[<|\) from \[<| from \w{1,100}\+0x|\bISA ARM\b|__irq_svc|asm_do_IRQ|__dabt_svc/ },
  { arch: "i386", sign: /\bEIP[: ]|^\s{0,8}eax: |\bEAX: |sysenter_past_esp|sysenter_entry/ },
  { arch: "ppc64", sign: /\bNIP[: ]|MSR: {1,4}[0-9a-f]{8}|\] \.\w{1,100}\+0x|TRAP: [0-9a-f]{4}/ },
  { arch: "s390x", sign: /Krnl (?:PSW|GPRS|Code)|sysc_\w{1,40}\+0x|__s390x?_sys_|MACHINE: s390x/ },
  { arch: "riscv", sign: /badaddr: [0-9a-f]|^\s{0,8}epc ?: \S{1,100} ra ?: |MACHINE: riscv/ },
  { arch: "loongarch", sign: /\bera == |\bERA: [0-9a-f]|CSR_|MACHINE: loongarch/ },
  { arch: "mips", sign: /^\s{0,8}epc\s{1,4}: |^\s{0,8}Cause : |\$ ?\d{1,2} {1,4}: [0-9a-f]{8}/ },
  { arch: "sparc", sign: /TSTATE: [0-9a-f]|\bTPC: |^\s{0,8}Caller\[/ },
];

/** Signs that several architectures share; they count when no line tells more. */
const WEAK_SIGNS: readonly Sign[] = [
  { arch: "i386", sign: /\[<[cf][0-9a-f]{7}>\] [\w.?]/ },
  { arch: "arm64", sign: /^Call trace:/ },
  // Where x86-64 maps all memory, when its place is not drawn by lot.
  { arch: "x86_64", sign: /\b(?:0x)?ffff888[0-9a-f]{9}\b/ },
];

/** The architecture that the lines tell, or null. */
export function readArchitecture(lines: readonly LogLine[]): string | null {
  for (const signs of [ARCHITECTURES, WEAK_SIGNS]) {
    for (const { text } of lines) {
      const found = signs.find((row) => row.sign.test(text));
      if (found !== undefined) return found.arch;
    }
  }
  return null;
}

/** `nfsd(OE)` -> nfsd; the list may hold `[last unloaded: x]`. */
function moduleNames(list: string): readonly string[] {
  const names: string[] = [];
  for (const word of (list.split("[last unloaded")[0] ?? "").split(/\s+/)) {
    const name = MODULE_NAME.exec(word)?.[0];
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** Reads the context lines of a report. */
export function readContext(lines: readonly LogLine[]): Context {
  let comm: string | null = null;
  let workqueue: Context["workqueue"] = null;
  let assert: Context["assert"] = null;
  const modules: string[] = [];
  for (const { text } of lines) {
    if (comm === null && COMM_HINT.test(text))
      comm = COMMS.map((pattern) => pattern.exec(text)?.[1]).find((name) => name !== undefined) ?? null;
    const queue: RegExpExecArray | null = workqueue === null && text.startsWith("Workqueue: ") ? WORKQUEUE.exec(text) : null;
    if (queue !== null) workqueue = { name: queue[1] ?? "", function: queue[2] ?? null };
    const place: RegExpExecArray | null = assert === null ? ASSERT.exec(text) : null;
    if (place !== null) assert = { file: sourcePath(place[1] ?? ""), line: Number(place[2]) };
    const linked = modules.length === 0 ? MODULES.exec(text) : null;
    if (linked !== null) modules.push(...moduleNames(linked[1] ?? "").slice(0, MAX_MODULES));
  }
  return { comm, workqueue, assert, arch: readArchitecture(lines), modules };
}
