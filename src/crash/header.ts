import { CONTINUES, type CrashRule, HEADER_HINT, NOT_A_HEADER } from "../rules/crash-headers.ts";
import { BUG_RULES } from "../rules/crash-rules-bug.ts";
import { OTHER_RULES, WARNING_RULES } from "../rules/crash-rules-other.ts";

/** A header line with the row that explains it and what the row's groups took from the line. */
export interface Header {
  readonly rule: CrashRule;
  readonly text: string;
  readonly groups: readonly (string | undefined)[];
  /** It belongs to a report that is open, if one is. */
  readonly continues: boolean;
}

/** The field of crash's `sys` that repeats the header of the report which ended the system. */
const SYS_PANIC = /^\s{1,16}PANIC: "/;
const RULES: readonly CrashRule[] = [...BUG_RULES, ...WARNING_RULES, ...OTHER_RULES];

/** Rules of one block, in order, with an expression that matches a line which any of them matches, found some ten times as fast. */
interface Block {
  readonly any: RegExp;
  readonly rules: readonly CrashRule[];
}

const BLOCK = 12;
const BLOCKS: readonly Block[] = Array.from({ length: Math.ceil(RULES.length / BLOCK) }, (_, at) => {
  const rules = RULES.slice(at * BLOCK, (at + 1) * BLOCK);
  const flags = rules.some(({ header }) => header.ignoreCase) ? "i" : "";
  return { any: new RegExp(rules.map(({ header }) => `(?:${header.source})`).join("|"), flags), rules };
});

/** Reads a line as the header of a report; null for every other line. */
export function readHeader(text: string): Header | null {
  // Most lines of a long report are frames; a header that holds a place also holds a colon.
  if (text.includes("+0x") && !text.includes(": ")) return null;
  if (!HEADER_HINT.test(text) || NOT_A_HEADER.test(text)) return null;
  for (const { any, rules } of BLOCKS) {
    if (!any.test(text)) continue;
    for (const rule of rules) {
      const groups = rule.header.exec(text);
      if (groups === null) continue;
      const own = SYS_PANIC.test(text) ? { ...rule, announces: true } : rule;
      return { rule: own, text, groups: [...groups], continues: CONTINUES.test(text) };
    }
  }
  return null;
}
