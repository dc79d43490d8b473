import { blankCommentsAndStrings } from "./c-text.ts";

/** Begins a statement that governs another one. */
const HEAD = /^\s*(?:\}\s*)?(?:else\s+)?(?:if|for|while)\b/;
const ELSE = /^\s*(?:\}\s*)?else\s*$/;
/** Lines of a statement that are read in search of its end. */
const LONGEST = 40;

/**
 * Lines of C that are indented as if an `if`, `else`, `for` or `while` without braces governed them, though it governs only the statement above
 * them (what gcc's -Wmisleading-indentation looks for). Statements that are not understood are passed over. Linear.
 */
export function misleadingLines(text: string): string[] {
  const lines = blankCommentsAndStrings(text)
    .split("\n")
    .filter((line) => /\S/.test(line) && !line.startsWith("#"));
  const found: string[] = [];
  for (const [at, head] of lines.entries()) {
    const start = ELSE.test(head) ? at + 1 : HEAD.test(head) ? endOfHead(lines, at) : null;
    const body = start === null ? undefined : lines[start];
    if (start === null || body === undefined || indentOf(body) <= indentOf(head)) continue;
    const end = endOfStatement(lines, start);
    const next = end === null ? undefined : lines[end];
    if (next !== undefined && indentOf(next) === indentOf(body) && /^\s*\w/.test(next) && !/^\s*(?:else|case|default|\w+:)/.test(next)) {
      found.push(next.trim());
    }
  }
  return found;
}

/** The line behind the condition of a head that has no brace; null when it has one, or a statement on the same line. */
function endOfHead(lines: readonly string[], start: number): number | null {
  let depth = 0;
  for (let at = start; at < lines.length && at < start + LONGEST; at++) {
    const line = lines[at] ?? "";
    depth += line.split("(").length - line.split(")").length;
    if (depth <= 0) return line.trimEnd().endsWith(")") ? at + 1 : null;
  }
  return null;
}

/** The line behind the statement that begins here; null when it has braces or its end is not seen. */
function endOfStatement(lines: readonly string[], start: number): number | null {
  for (let at = start; at < lines.length && at < start + LONGEST; at++) {
    const line = lines[at] ?? "";
    if (/[{}]/.test(line)) return null;
    if (/;\s*$/.test(line)) return at + 1;
  }
  return null;
}

/** Columns of white space, tabs at eight. */
function indentOf(line: string): number {
  let columns = 0;
  for (const c of line) {
    if (c === "\t") columns += 8 - (columns % 8);
    else if (c === " ") columns++;
    else break;
  }
  return columns;
}
