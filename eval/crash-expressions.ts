import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { OF_INTEREST } from "../src/crash/focus.ts";

/** A regular expression that reading a crash uses. */
export interface Expression {
  readonly file: string;
  /** Without the flags that keep a state between searches. */
  readonly expression: RegExp;
}

const SOURCES = fileURLToPath(new URL("../src", import.meta.url));

function stateless(expression: RegExp): RegExp {
  return new RegExp(expression.source, expression.flags.replace(/[gy]/g, ""));
}

function literalsOf(file: string): Expression[] {
  const found: Expression[] = [];
  const source = ts.createSourceFile(file, readFileSync(`${SOURCES}/${file}`, "utf8"), ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    const [, pattern, flags] = ts.isRegularExpressionLiteral(node) ? (/^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? []) : [];
    if (pattern !== undefined) found.push({ file, expression: stateless(new RegExp(pattern, flags)) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Every regular expression that reading a crash uses: the literals of its source, and the one that is put together from others. */
export function readingExpressions(): Expression[] {
  const files = (folder: string): string[] => readdirSync(`${SOURCES}/${folder}`).map((name) => `${folder}/${name}`);
  const reading = [...files("crash"), ...files("rules").filter((file) => file.startsWith("rules/crash-"))];
  return [...reading.flatMap(literalsOf), { file: "crash/focus.ts", expression: stateless(OF_INTEREST) }];
}

const WORDS_OF_AN_EXPRESSION = 4;

/** The literal words of an expression: a hostile text repeats what the expression looks for. */
export function wordsOf(expression: RegExp): readonly string[] {
  const literal = expression.source.replace(/\\[a-zA-Z]\{[^}]*\}|\{[^}]*\}|\[[^\]]*\]|\(\?[:=!<]*|[()^$*+?|\\]/g, "  ");
  return literal
    .split(/ {2,}/)
    .map((word) => word.trim())
    .filter((word) => word.length > 1)
    .slice(0, WORDS_OF_AN_EXPRESSION);
}

/** What hostile texts repeat, whatever the expression. */
export const COMMON_FRAGMENTS: readonly string[] = [
  "a",
  "0",
  " ",
  "[",
  "(",
  "/",
  ".",
  "a.",
  "a b ",
  "+0x1",
  ": ",
  "A ",
  "[<c0000000>] ",
  "_",
  "00 ",
  "0000000000000000 ",
  "<00> ",
  "0-",
  "0:",
];

/** What a hostile text for this expression repeats. */
export function fragmentsFor(expression: RegExp): readonly string[] {
  const own = wordsOf(expression);
  return [...new Set([...COMMON_FRAGMENTS, ...own, ...own.map((word) => `${word} `), ...own.map((word) => `${word}a`)])];
}

/** What a hostile text for this expression begins with: its first word lets the search come to what may be repeated behind it. */
export function prefixesFor(expression: RegExp): readonly string[] {
  return [
    "",
    ...wordsOf(expression)
      .slice(0, 1)
      .flatMap((word) => [word, `${word} `]),
  ];
}
