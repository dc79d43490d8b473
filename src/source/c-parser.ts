import { createRequire } from "node:module";
import { Language, type Node, Parser, Query } from "web-tree-sitter";
import { type CSymbol, functionsByMacro, type SymbolKind, symbolsByText } from "./c-symbols.ts";
import { withoutAnnotations } from "./normalize.ts";

/** A name at the end of declarators such as `*`, `[4]` and `(*f)(int)`, one level to four. */
function declared(name: string): string {
  const levels = [name, `(_ declarator: ${name})`, `(_ declarator: (_ declarator: ${name}))`];
  const pointed = `(parenthesized_declarator (_ declarator: ${name}))`;
  return `[${[...levels, `(_ declarator: (parenthesized_declarator ${name}))`, `(_ declarator: ${pointed})`, `(_ declarator: (_ declarator: ${pointed}))`].join(" ")}]`;
}

const QUERY = `
(function_definition) @body
(function_definition declarator: ${declared("(function_declarator declarator: (identifier) @function)")})
(struct_specifier body: (_)) @scope
(union_specifier body: (_)) @scope
(enum_specifier body: (_)) @scope
(struct_specifier name: (type_identifier) @struct body: (_))
(union_specifier name: (type_identifier) @union body: (_))
(enum_specifier name: (type_identifier) @enum body: (_))
(enumerator name: (identifier) @enumerator)
(field_declaration declarator: ${declared("(field_identifier) @member")})
(type_definition declarator: ${declared("[(type_identifier) (primitive_type)] @typedef")})
`;
const KINDS: readonly SymbolKind[] = ["function", "struct", "union", "enum", "member", "enumerator", "typedef"];

/** Larger files are tables; 1 MB takes 0.6 s. */
const LARGEST_PARSED = 2 << 20;
const TIME_LIMIT_MS = 5_000;

interface Grammar {
  readonly parser: Parser;
  readonly query: Query;
}

async function loadGrammar(): Promise<Grammar> {
  const require = createRequire(import.meta.url);
  await Parser.init({ locateFile: () => require.resolve("web-tree-sitter/web-tree-sitter.wasm") });
  const language = await Language.load(require.resolve("tree-sitter-c/tree-sitter-c.wasm"));
  const parser = new Parser();
  parser.setLanguage(language);
  return { parser, query: new Query(language, QUERY) };
}

let grammar: Promise<Grammar> | undefined;

interface Scope {
  readonly end: number;
  /** Its own, or that of the scope around it. */
  name: string | null;
}

function symbolsOfTree(root: Node, query: Query): CSymbol[] {
  const found: CSymbol[] = [];
  const scopes: Scope[] = [];
  let bodyEnd = 0;
  let nested = false;
  for (const { name: capture, node } of query.captures(root)) {
    const { startIndex, endIndex } = node;
    if (capture === "body") {
      // `for_each_x(cpu) { ... }` looks like a function inside a function.
      nested = startIndex < bodyEnd;
      bodyEnd = Math.max(bodyEnd, endIndex);
      continue;
    }
    while ((scopes.at(-1)?.end ?? startIndex + 1) <= startIndex) scopes.pop();
    if (capture === "scope") {
      scopes.push({ end: endIndex, name: scopes.at(-1)?.name ?? null });
      continue;
    }
    const kind = KINDS.find((one) => one === capture);
    if (kind === undefined || (kind === "function" && nested)) continue;
    const scope = scopes.at(-1);
    const name = node.text;
    if (scope !== undefined && (kind === "struct" || kind === "union" || kind === "enum")) scope.name = name;
    const of = kind === "member" || kind === "enumerator" ? (scope?.name ?? null) : null;
    found.push({ kind, name, line: node.startPosition.row + 1, of });
  }
  return found;
}

/**
 * What a C file defines: macros by the text alone, which sees the ones between enumerators too; the rest by tree-sitter after the kernel's
 * annotations are blanked. Functions at column 0 are added where the parser lost its thread; where it has no time, the text must do.
 * About 2 MB a second.
 * @param text latin1, one character per byte
 */
export async function symbolsOf(path: string, text: string): Promise<CSymbol[]> {
  const byText = symbolsByText(text);
  const parsed = path.endsWith(".S") || text.length > LARGEST_PARSED ? null : await parse(text);
  const found = parsed === null ? byText : [...parsed.symbols, ...byText.filter((symbol) => symbol.kind === "macro")];
  const lost = parsed?.hasError ? byText.filter(isFunction) : [];
  const known = new Set(found.filter(isFunction).map((symbol) => symbol.name));
  for (const symbol of [...functionsByMacro(text), ...lost]) {
    if (known.has(symbol.name)) continue;
    known.add(symbol.name);
    found.push(symbol);
  }
  return found.filter((symbol) => symbol.name !== "").sort((a, b) => a.line - b.line);
}

/** Places of a C file that the parser cannot read, annotations of the kernel left out; null when the file is too large or takes too long. */
export async function syntaxErrors(text: string): Promise<number | null> {
  return text.length > LARGEST_PARSED ? null : withTree(text, (root) => (root.hasError ? root.descendantsOfType("ERROR").length : 0));
}

function isFunction(symbol: CSymbol): boolean {
  return symbol.kind === "function";
}

async function parse(text: string): Promise<{ readonly symbols: CSymbol[]; readonly hasError: boolean } | null> {
  return withTree(text, (root, query) => ({ symbols: symbolsOfTree(root, query), hasError: root.hasError }));
}

/** Parses C without the annotations of the kernel, which become blanks, and reads the tree; null when the parser takes too long. */
export async function withTree<T>(text: string, read: (root: Node, query: Query) => T): Promise<T | null> {
  grammar ??= loadGrammar();
  const { parser, query } = await grammar;
  const deadline = performance.now() + TIME_LIMIT_MS;
  const tree = parser.parse(withoutAnnotations(text), null, { progressCallback: () => performance.now() > deadline });
  if (tree === null) {
    parser.reset();
    return null;
  }
  try {
    return read(tree.rootNode, query);
  } finally {
    tree.delete();
  }
}
