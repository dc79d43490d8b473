import type { CrashKind } from "../schema/signature.ts";

/**
 * How the function that names a report is chosen.
 * `pc`: the place of the fault, then its callers. `trace`: the stack only. `stall`, `hang`: the extractors for stacks that are only a
 * victim's. `site`: the place that the body names, such as the lock being taken. `header`: the header names it. `none`: nothing does.
 */
export type AnchorRecipe = "pc" | "trace" | "stall" | "hang" | "site" | "header" | "none";

/** A header line and what it means. */
export interface CrashRule {
  readonly kind: CrashKind;
  /** `$1` takes what the first group of `header` captured. */
  readonly subkind: string | null;
  readonly header: RegExp;
  /** `{f}` is the function, `$1` and on are the groups of `header`, `{access}` is Read or Write. */
  readonly title: string;
  readonly anchor: AnchorRecipe;
  /** Functions that never name this kind, beside the three frame lists: parts of a symbol, or its start behind a `^`. */
  readonly skip: readonly string[];
  /** The line at which, or after which, the body names the site. */
  readonly site: RegExp | null;
  /** A line that the body must hold; without it the report was cut or mixed with another. */
  readonly body: RegExp | null;
  /** The stack that allocated the object tells as much as that of the report, which is only who noticed. */
  readonly owner: boolean;
  /** The kernel prints no stack for it, so a missing one proves nothing. */
  readonly stackless: boolean;
  /** Why a report that begins so cannot be trusted: the line belongs behind a header that is missing. */
  readonly corrupted: string | null;
  /** Announces a report whose own header follows. */
  readonly announces: boolean;
  /** Seen in healthy logs too: it is the root only when nothing stronger stands in the text. */
  readonly weak: boolean;
}

type Options = Partial<Omit<CrashRule, "kind" | "header" | "title" | "anchor">>;

/** A row with the defaults that hold for most. */
export function rule(kind: CrashKind, header: RegExp, title: string, anchor: AnchorRecipe, options: Options = {}): CrashRule {
  const defaults = {
    subkind: null,
    skip: [],
    site: null,
    body: null,
    owner: false,
    stackless: false,
    corrupted: null,
    announces: false,
    weak: false,
  };
  return { ...defaults, ...options, kind, header, title, anchor };
}

/** What a line must hold to be a header at all; cheap, applied to every line. */
export const HEADER_HINT =
  /BUG|WARNING: |INFO: |nable to handle|eneral protection|stack segment|Kernel panic|PANIC: |rust_kernel: panicked|ivide.error|nvalid opcode|int3:|UBSAN|Internal error|Unhandled fault|Alignment trap|trusty: |corruption[. ]|refcount_t|LOCKUP|lockup|scheduling while atomic|Oops|unreferenced object|unregister_netdevice: |VFS: |oom-killer|Out of memory|sleeping function|Badness|bug detected|access\[#|Machine check|nobody cared|slab error|page allocation failure|usercopy: |exploit attempt|rcu_dereference_check|bug: |double fault|addressing exception|illegal operation|specification exception|protection exception/;

/** Lines that look like a header and are none: debugging prefixes, and remarks inside other reports. */
export const NOT_A_HEADER =
  /ODEBUG: |DEBUG: |lockdep is turned off|NMI handler|Stall ended before state dump|recovery required on readonly|took too long|_INFO::|does not exist, using fixed modulus|workqueue cpumask: online|no syscalls can create|is not present in \/proc\/kallsyms|CONFIG_DEBUG/;

/** Headers that belong to the report above them: the second line of an oops, the panic that a report led to. */
export const CONTINUES =
  /invalid opcode: 0000|Kernel panic - not syncing|Internal error: |PANIC: double fault|unregister_netdevice: waiting|^\s{0,8}Oops[: -]|^Oops#|illegal operation: |addressing exception: |specification exception: /;

/** Reports that are no crash and bring a stack of their own: in the middle of another report they make it doubtful what is whose. */
export const INTRUDERS: readonly string[] = [
  "vmalloc: allocation failure",
  "FAULT_INJECTION: forcing a failure",
  "FAULT_FLAG_ALLOW_RETRY missing",
];
