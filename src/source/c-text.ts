/**
 * What can be said of C text without parsing it: kernel style puts the line that opens a function at column 0 and its closing brace
 * alone at column 0, which is enough for spans and declarations. Hunks are not complete C, so a parser would not read them anyway.
 */

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return " +
    "short signed sizeof static struct switch typedef union unsigned void volatile while bool true false NULL define ifdef ifndef endif elif include undef"
  ).split(" "),
);

/** Replaces comments, string and character literals by blanks of the same length, keeping line feeds. Linear. */
export function blankCommentsAndStrings(text: string): string {
  return text.replace(/\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?/g, (part) =>
    part.replace(/[^\n]/g, " "),
  );
}

/** Brackets that are opened in a piece of C and not closed there, minus those closed and not opened. */
export function depthOf(text: string): number {
  let open = 0;
  for (const c of blankCommentsAndStrings(text)) {
    if (c === "{" || c === "(" || c === "[") open++;
    else if (c === "}" || c === ")" || c === "]") open--;
  }
  return open;
}

/** Distinct C identifiers of at least three characters, keywords left out. */
export function identifiersOf(text: string): Set<string> {
  const found = new Set<string>();
  for (const [name] of blankCommentsAndStrings(text).matchAll(/\b[A-Za-z_]\w{2,}/g)) {
    if (!KEYWORDS.has(name)) found.add(name);
  }
  return found;
}

export interface FunctionSpan {
  readonly name: string;
  /** 0-based line of the name. */
  readonly start: number;
  /** 0-based line of the closing brace. */
  readonly end: number;
}

/** Macros that define the function named by their first argument, with the prefix that the function gets. */
const DEFINING_MACROS: readonly (readonly [pattern: RegExp, prefix: string])[] = [
  [/^SYSCALL_DEFINE\d?$/, "sys_"],
  [/^COMPAT_SYSCALL_DEFINE\d?$/, "compat_sys_"],
  [/^(?:ENTRY|SYM_FUNC_START\w*|SYM_CODE_START\w*)$/, ""],
];
const UPPER_CASE_NAME = /^[A-Z0-9_]+$/;

/**
 * The function that a line at column 0 begins to define, or null; also reads the section text of a hunk header. A declaration, a label, a
 * `struct` and a macro call are none. `SYSCALL_DEFINE3(read, ...)` defines `sys_read`. Linear.
 */
export function functionOpenedBy(line: string): string | null {
  const parenthesis = line.indexOf("(");
  if (parenthesis === -1 || !/^[A-Za-z_]/.test(line) || line.trimEnd().endsWith(";")) return null;
  const before = line.slice(0, parenthesis).trimEnd();
  if (!/^[\w\s*]+$/.test(before)) return null;
  const name = before.slice(Math.max(before.lastIndexOf(" "), before.lastIndexOf("\t"), before.lastIndexOf("*")) + 1);
  for (const [pattern, prefix] of DEFINING_MACROS) {
    const argument = pattern.test(name) ? /^\s*(\w+)/.exec(line.slice(parenthesis + 1))?.[1] : undefined;
    if (argument !== undefined) return prefix + argument;
  }
  return /^[A-Za-z_]/.test(name) && !KEYWORDS.has(name) && !UPPER_CASE_NAME.test(name) ? name : null;
}

/** Functions of a C file in order, from the line that names them to the brace that closes them. */
export function functionSpans(text: string): FunctionSpan[] {
  const lines = blankCommentsAndStrings(text).split("\n");
  const spans: FunctionSpan[] = [];
  let open: { name: string; start: number } | null = null;
  let inBody = false;
  for (const [i, line] of lines.entries()) {
    if (inBody) {
      if (line.startsWith("}")) {
        if (open !== null) spans.push({ ...open, end: i });
        open = null;
        inBody = false;
      }
    } else if (line.startsWith("{")) {
      inBody = true;
    } else {
      const name = functionOpenedBy(line);
      if (name !== null) open = { name, start: i };
      else if (/^[A-Za-z_#}]/.test(line) && !/^\w+:/.test(line)) open = /;\s*$/.test(line) ? null : open;
      if (open !== null && line.trimEnd().endsWith("{") && /^[A-Za-z_\s]/.test(line)) inBody = true;
    }
  }
  return spans;
}

export interface Declaration {
  /** Blanks folded, storage class and annotations dropped: `bool`, `struct foo *`. */
  readonly returnType: string;
  /** Number of parameters; 0 for (void) and (). */
  readonly parameters: number;
}

const ANNOTATIONS =
  /\b(?:static|extern|inline|__inline__|__always_inline|noinline|asmlinkage|__init|__exit|__must_check|__cold|__pure|notrace|__weak|__read_mostly)\b/g;

/**
 * Reads the declaration or definition of a function from lines of C that hold one (a hunk's lines of one side will do).
 * The return type may stand on the line before the name, as nfsd writes it.
 * @param source C without comments and strings
 */
export function declarationOf(name: string, source: string): Declaration | null {
  const pattern = new RegExp(`^(?!\\s)([A-Za-z_][\\w \\t*]*?[\\s*]|)\\b${name}\\s*\\(`, "gm");
  for (const match of source.matchAll(pattern)) {
    let type = match[1] ?? "";
    if (type.trim() === "") {
      const before = source.slice(0, match.index).trimEnd();
      type = before.slice(before.lastIndexOf("\n") + 1);
      if (!/^[A-Za-z_][\w \t*]*$/.test(type)) continue;
    }
    const parameters = argumentCount(source, (match.index ?? 0) + match[0].length);
    if (parameters === null) continue;
    const returnType = type.replace(ANNOTATIONS, " ").replace(/\s+/g, " ").replace(/\s*\*/g, " *").trim();
    if (returnType === "" || /^(?:return|else|case|goto)\b/.test(returnType)) continue;
    return { returnType, parameters };
  }
  return null;
}

/** Number of arguments between the parenthesis that opened just before `from` and the one that closes it; null when it is not closed. */
function argumentCount(source: string, from: number): number | null {
  let depth = 1;
  let commas = 0;
  for (let i = from; i < source.length; i++) {
    const c = source[i];
    if (c === "(" || c === "[" || c === "{") depth++;
    else if (c === ")" || c === "]" || c === "}") {
      depth--;
      if (depth === 0) {
        const inside = source.slice(from, i).trim();
        return inside === "" || inside === "void" ? 0 : commas + 1;
      }
    } else if (c === "," && depth === 1) commas++;
  }
  return null;
}

export interface Call {
  readonly name: string;
  /** Is the value of the call used: compared, assigned, returned, negated, passed on. */
  readonly valueUsed: boolean;
  /** null when the call is cut off by the end of the text. */
  readonly arguments: number | null;
}

/** Calls in a piece of C without comments and strings, keywords and definitions at column 0 left out. */
export function callsIn(source: string): Call[] {
  const calls: Call[] = [];
  for (const match of source.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) {
    const name = match[1] ?? "";
    const at = match.index ?? 0;
    if (KEYWORDS.has(name) || at === 0 || source[at - 1] === "\n") continue;
    const before = source.slice(Math.max(0, at - 200), at).trimEnd();
    // Behind `)` stands a statement (`if (x) f();`) or a cast that discards the value; behind a word only `return` uses it.
    const valueUsed = /(?:[!=(,?&|<>+\-*/%~^[]|\breturn)$/.test(before);
    const declares = /[\w*]$/.test(before) && !/\b(?:return|else|do|case)$/.test(before) && !/[=(,!&|]\s*\*$/.test(before);
    if (declares) continue;
    calls.push({ name, valueUsed, arguments: argumentCount(source, at + match[0].length) });
  }
  return calls;
}

/** Does C without comments and strings hold a definition of the identifier: function, macro, type, enumerator, variable or member. */
export function definesIn(identifier: string, source: string): boolean {
  if (!source.includes(identifier)) return false;
  if (new RegExp(`^[ \\t]*#[ \\t]*define[ \\t]+${identifier}\\b`, "m").test(source)) return true;
  if (new RegExp(`\\b(?:struct|union|enum)\\s+${identifier}\\s*\\{`).test(source)) return true;
  if (declarationOf(identifier, source) !== null) return true;
  // A member, variable or enumerator: a type before the name, or the name alone in an enumeration, then `;`, `,`, `=`, `[` or `:`.
  return (
    new RegExp(`^\\s+(?:[A-Za-z_][\\w \\t]*[ \\t*]+|)${identifier}\\s*(?:[;,[]|=|:\\s*\\d)`, "m").test(source) && !isUse(identifier, source)
  );
}

/** `x = 1;` and `x, y)` look like a definition without a type; they are uses when nothing but blanks stands before the name. */
function isUse(identifier: string, source: string): boolean {
  const typed = new RegExp(
    `^\\s*(?:const |unsigned |static |extern )*(?!return\\b|goto\\b|else\\b)[A-Za-z_]\\w*[ \\t*]+(?:[\\w \\t]*[ \\t*])?${identifier}\\s*(?:[;,[]|=|:\\s*\\d)`,
    "m",
  );
  const enumerator = new RegExp(`^\\s+${identifier}\\s*(?:,|=\\s*[\\w(]+[^;]*,)\\s*$`, "m");
  return !typed.test(source) && !enumerator.test(source);
}
