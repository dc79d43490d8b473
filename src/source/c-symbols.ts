import { blankCommentsAndStrings, functionOpenedBy, functionSpans } from "./c-text.ts";

export type SymbolKind = "function" | "macro" | "struct" | "union" | "enum" | "member" | "enumerator" | "typedef";

/** A name that a file defines. */
export interface CSymbol {
  readonly kind: SymbolKind;
  readonly name: string;
  /** 1-based line of the name. */
  readonly line: number;
  /** The structure, union or enumeration that a member or enumerator belongs to; null for others and when it bears no name. */
  readonly of: string | null;
}

/**
 * What can be told without a parser, for assembly, for files that are too large for one and for what one loses in `#ifdef` thickets: macros,
 * functions opened at column 0, and named structures, unions and enumerations. Linear.
 */
export function symbolsByText(source: string): CSymbol[] {
  const text = blankCommentsAndStrings(source);
  const found: CSymbol[] = functionSpans(text).map(({ name, start }) => ({ kind: "function", name, line: start + 1, of: null }));
  const add = (kind: SymbolKind, name: string | undefined, line: number) => {
    if (name !== undefined) found.push({ kind, name, line, of: null });
  };
  for (const [at, line] of text.split("\n").entries()) {
    add("macro", /^[ \t]*#[ \t]*define[ \t]+(\w+)/.exec(line)?.[1], at + 1);
    const [, word, tag] = /^(?:typedef\s+)?(struct|union|enum)\s+(\w+)[^;(=]*\{/.exec(line) ?? [];
    if (word === "struct" || word === "union" || word === "enum") add(word, tag, at + 1);
  }
  return found;
}

/** Functions that a macro call at column 0 defines, `SYSCALL_DEFINE3(read, ...)` and `ENTRY(memcpy)`, which a parser cannot know. */
export function functionsByMacro(source: string): CSymbol[] {
  const found: CSymbol[] = [];
  for (const [at, line] of source.split("\n").entries()) {
    const name = /^[A-Z_]+\d?\s*\(/.test(line) ? functionOpenedBy(line) : null;
    if (name !== null) found.push({ kind: "function", name, line: at + 1, of: null });
  }
  return found;
}
