import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

/** Every regular expression that reading a crash uses, found in the source. */
function expressions(): { file: string; expression: RegExp }[] {
  const found: { file: string; expression: RegExp }[] = [];
  for (const folder of ["src/crash", "src/rules"]) {
    for (const file of readdirSync(folder).filter((name) => folder === "src/crash" || name.startsWith("crash-"))) {
      const source = ts.createSourceFile(file, readFileSync(`${folder}/${file}`, "utf8"), ts.ScriptTarget.Latest, true);
      const visit = (node: ts.Node): void => {
        const [, pattern, flags] = ts.isRegularExpressionLiteral(node) ? (/^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? []) : [];
        if (pattern !== undefined) found.push({ file, expression: new RegExp(pattern, (flags ?? "").replace(/[gy]/g, "")) });
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
  }
  return found;
}

/** The literal words of an expression: an attack repeats what the expression looks for. */
function words(expression: RegExp): readonly string[] {
  const literal = expression.source.replace(/\\[a-zA-Z]\{[^}]*\}|\{[^}]*\}|\[[^\]]*\]|\(\?[:=!<]*|[()^$*+?|\\]/g, "  ");
  return literal
    .split(/ {2,}/)
    .map((word) => word.trim())
    .filter((word) => word.length > 1)
    .slice(0, 4);
}

const COMMON = ["a", "0", " ", "[", "(", "/", ".", "a.", "a b ", "+0x1", ": ", "A ", "[<c0000000>] ", "_"];

/** Milliseconds of the faster of two searches. */
function search(expression: RegExp, prefix: string, fragment: string, length: number): number {
  const text = `${prefix}${fragment.repeat(Math.ceil(length / fragment.length))}\u0001`;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2; round++) {
    const start = performance.now();
    expression.exec(text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

test("no regular expression takes more than linear time", () => {
  const all = expressions();
  assert.ok(all.length > 200, `only ${all.length} found`);
  const slow: string[] = [];
  for (const { file, expression } of all) {
    const own = words(expression);
    for (const fragment of [...COMMON, ...own, ...own.map((word) => `${word} `), ...own.map((word) => `${word}a`)]) {
      for (const prefix of ["", ...own.slice(0, 1)]) {
        const short = search(expression, prefix, fragment, 8_000);
        // A quadratic search of four times the text takes sixteen times as long.
        if (short > 3 && search(expression, prefix, fragment, 32_000) > short * 10)
          slow.push(`${file}: ${expression} on ${JSON.stringify(prefix + fragment)}`);
      }
    }
  }
  assert.deepEqual(slow, []);
});
