import { z } from "zod";

/** What kind of report the kernel printed. `log_message` and `stack_only` have no oops header. */
export const CrashKind = z
  .enum([
    "null_deref",
    "paging_request",
    "exec_bad",
    "gpf",
    "bug_on",
    "warning",
    "kasan",
    "kmsan",
    "kcsan",
    "kfence",
    "ubsan",
    "list_corruption",
    "refcount",
    "lockdep",
    "atomic_sleep",
    "rcu_usage",
    "hung_task",
    "soft_lockup",
    "hard_lockup",
    "rcu_stall",
    "oom",
    "leak",
    "stack_overflow",
    "divide",
    "mce",
    "panic_other",
    "log_message",
    "stack_only",
    "unknown",
  ])
  .meta({ id: "CrashKind" });
export type CrashKind = z.infer<typeof CrashKind>;

/** One line of a stack, outermost decoration stripped. */
export const Frame = z
  .object({
    symbol: z.string().describe("without compiler suffixes such as .isra.57 or .cold"),
    raw: z.string().describe("the name as printed"),
    offset: z.number().int().nullable(),
    size: z.number().int().nullable(),
    module: z.string().nullable(),
    reliable: z.boolean().describe("false for `? f` and `f (unreliable)`"),
    inlined: z.boolean(),
    file: z.string().nullable(),
    line: z.number().int().nullable(),
    stack: z.enum(["task", "irq", "softirq", "nmi", "exception", "alloc", "free", "other_task"]),
    generic: z.enum(["no", "prefix", "dispatch", "irrelevant"]).describe("which of the three frame lists of rules/ holds it"),
    weight: z.number().min(0).describe("how much this frame says about where the fix sits, 0 to about 1.3"),
    fromLinkRegister: z.boolean().optional().describe("true for a caller that only the link register names, not the trace"),
  })
  .meta({ id: "Frame" });
export type Frame = z.infer<typeof Frame>;

const CodePlace = z.object({
  symbol: z.string(),
  offset: z.number().int().nullable(),
  size: z.number().int().nullable(),
  module: z.string().nullable(),
});

/** A part of the text: character offsets, end exclusive. */
const Span = z.object({ start: z.number().int(), end: z.number().int() });

/** What a crash text says beyond what names and finds the crash. */
export const SignatureDetails = z
  .object({
    reports: z
      .array(
        z.object({
          kind: CrashKind,
          subkind: z.string().nullable(),
          title: z.string(),
          time: z.number().nullable().describe("seconds since boot"),
          caller: z.string().nullable().describe("printk caller: T235 a task, C1 a processor"),
          symbols: z.array(z.string()).describe("the first functions of its stack"),
          corrupted: z.string().nullable(),
          span: Span,
        }),
      )
      .describe("all reports of the text in the order of their headers; the first sound one is the root candidate"),
    otherStacks: z.array(
      z.object({
        role: z.enum(["alloc", "free", "origin", "lock_chain", "other_cpu", "other_task", "task"]),
        comm: z.string().nullable().describe("the task whose stack it is, when the text says so"),
        pid: z.number().int().nullable(),
        frames: z.array(Frame),
      }),
    ),
    locks: z.array(z.object({ name: z.string(), site: z.string().nullable(), mode: z.enum(["acquiring", "held"]) })),
    taint: z
      .object({
        flags: z.string().describe("one letter each, as in Documentation/admin-guide/tainted-kernels.rst"),
        proprietary: z.boolean(),
        outOfTree: z.boolean(),
        diedBefore: z.boolean().describe("an oops came before this one"),
      })
      .nullable(),
    pid: z.number().int().nullable(),
    cpu: z.number().int().nullable(),
    context: z.enum(["process", "softirq", "hardirq", "nmi", "idle"]).nullable(),
    hardware: z.string().nullable(),
    outOfTreeModules: z.array(z.string()),
    decodedAddress: z.string().nullable().describe("the address that a KASAN shadow address stands for"),
    objects: z.array(z.object({ name: z.string(), kind: z.enum(["slab", "struct"]) })),
    fieldHints: z
      .array(
        z.object({
          struct: z.string(),
          field: z.string(),
          offset: z.number().int(),
          basis: z
            .enum(["text", "access", "layout"])
            .optional()
            .describe(
              "text: a layout in the crash text; access: the function at fault uses this member, which stands there by the target's sources; layout: by these sources only",
            ),
          exact: z.boolean().optional().describe("false when the place of the member depends on the kernel's configuration"),
          because: z.string().optional(),
        }),
      )
      .describe("members that stand at the offset of the fault behind a null pointer: candidates for what was touched"),
    code: z
      .object({
        units: z.array(z.string()).describe("hexadecimal, as printed: bytes on x86, words on others"),
        marked: z.number().int().nullable().describe("which unit the report marks as the place of the fault"),
        trap: z
          .enum(["ud2", "int3", "brk"])
          .nullable()
          .describe("the marked place is a trap that the kernel set: ud2 and brk stand for BUG and WARN"),
      })
      .nullable()
      .optional()
      .describe("the instructions around the place of the fault"),
    sources: z
      .array(z.object({ symbol: z.string(), file: z.string(), line: z.number().int() }))
      .describe("places that faddr2line, dis -l and gdb resolved"),
    subsystems: z.array(z.object({ name: z.string(), because: z.string() })),
    spans: z.array(Span.extend({ fact: z.string() })).describe("where in the text a fact stands"),
  })
  .meta({ id: "SignatureDetails" });
export type SignatureDetails = z.infer<typeof SignatureDetails>;

/** What a crash text says, structured. The core that later stages rely on; src/crash documents how each field is read. */
export const Signature = z
  .object({
    kind: CrashKind,
    subkind: z.string().nullable(),
    title: z.string(),
    altTitles: z.array(z.string()),
    arch: z.string().nullable(),
    frames: z.array(Frame).describe("of the root report, in call order, innermost first"),
    fault: z
      .object({
        address: z.string().nullable().describe("0x-prefixed hexadecimal"),
        addressClass: z.enum(["null_page", "small_offset", "poison", "kasan_shadow", "noncanonical", "user", "kernel", "unknown"]),
        access: z.enum(["read", "write", "exec", "unknown"]),
      })
      .nullable(),
    pc: CodePlace.nullable(),
    lr: CodePlace.nullable(),
    assert: z.object({ file: z.string(), line: z.number().int() }).nullable(),
    kernel: z.object({ release: z.string(), base: z.string().nullable(), vendor: z.string().nullable() }).nullable(),
    comm: z.string().nullable(),
    workqueue: z.object({ name: z.string(), function: z.string().nullable() }).nullable(),
    modules: z.array(z.string()),
    messages: z.array(z.object({ text: z.string(), template: z.string() })).describe("log lines just above the report"),
    identifiers: z
      .array(z.object({ name: z.string(), source: z.string().describe("where it was read: rd, struct, disassembly, call_tree, message") }))
      .describe("names of code objects that the text mentions outside its frames, such as callback_wq"),
    fingerprint: z.object({ version: z.number().int(), strict: z.string(), loose: z.string(), family: z.string() }),
    corrupted: z.string().nullable().describe("why the report is not trustworthy, or null"),
    confidence: z.enum(["high", "medium", "low"]),
    details: SignatureDetails.optional(),
  })
  .meta({ id: "Signature" });
export type Signature = z.infer<typeof Signature>;
