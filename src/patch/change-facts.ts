import { functionOpenedBy } from "../source/c-text.ts";
import { unquotePath } from "./parse.ts";

/** What the changed lines of one commit say, for search. */
export interface ChangeFacts {
  /** Functions whose lines or definition are changed, each once per file. Only C and assembler files have them. */
  readonly functions: readonly { readonly path: string; readonly function: string }[];
  /** Identifiers of added lines, each once: C identifiers of 3 characters or more, keywords left out. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Lines added plus lines removed. */
  readonly changedLines: number;
}

const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]{2,}/g;
const KEYWORDS = new Set(
  (
    "asm auto bool break case char const continue default define defined elif else endif enum extern float for goto ifdef ifndef include " +
    "inline int long register restrict return short signed sizeof static struct switch typedef typeof undef union unsigned void volatile while " +
    "double __attribute__ __asm__ __volatile__ __inline __inline__"
  ).split(" "),
);

const SOURCE_FILE = /\.(?:c|h|cc|cpp|cxx|hpp|hh|S|s)$/;
const HUNK_HEADER = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)$/;
/** Lines longer than this are generated data; only their beginning is read. */
const LINE_LIMIT = 2000;

function addIdentifiers(line: string, into: Set<string>): void {
  for (const name of line.match(IDENTIFIER) ?? []) {
    if (!KEYWORDS.has(name)) into.add(name);
  }
}

/** The path of a `--- a/x` or `+++ b/x` line; null for /dev/null. */
function pathOf(line: string): string | null {
  const name = line.slice(4).replace(/\t.*$/, "");
  const path = name.startsWith('"') ? Buffer.from(unquotePath(name), "latin1").toString("utf8") : name;
  return path === "/dev/null" ? null : path.slice(2);
}

/**
 * Reads the diff of one commit once, line by line. A changed line belongs to the function that the hunk header names, until the hunk
 * itself shows the end of that function (a brace in column 0) or the start of another.
 *
 * @param diff unified diff, bytes as latin1 characters
 */
export function changeFacts(diff: string): ChangeFacts {
  const added = new Set<string>();
  const removed = new Set<string>();
  const functions = new Map<string, { path: string; function: string }>();
  let changedLines = 0;
  let path = "";
  let isSource = false;
  let current: string | null = null;
  let before = 0;
  let after = 0;

  let touched: string | null = null;

  function touch(name: string | null): void {
    if (name === null || name === touched) return;
    functions.set(`${name}\0${path}`, { path, function: name });
    touched = name;
  }

  for (let start = 0, end = 0; start < diff.length; start = end + 1) {
    const newline = diff.indexOf("\n", start);
    end = newline === -1 ? diff.length : newline;
    const line = diff.slice(start, Math.min(end, start + LINE_LIMIT));
    const sign = line.charAt(0);

    if (before <= 0 && after <= 0) {
      if (line.startsWith("--- ") || line.startsWith("+++ ")) {
        path = pathOf(line) ?? path;
        isSource = SOURCE_FILE.test(path);
        touched = null;
      } else {
        const header = HUNK_HEADER.exec(line);
        if (header === null) continue;
        const [, old = "1", now = "1", context = ""] = header;
        before = Number(old);
        after = Number(now);
        current = isSource ? functionOpenedBy(context) : null;
      }
      continue;
    }
    if (sign === "\\") continue;
    if (sign !== "+") before -= 1;
    if (sign !== "-") after -= 1;
    const changed = sign === "+" || sign === "-";
    if (changed) {
      changedLines += 1;
      addIdentifiers(line, sign === "+" ? added : removed);
    }
    if (!isSource) continue;
    const text = line.slice(1);
    current = functionOpenedBy(text) ?? current;
    if (changed) touch(current);
    if (text.startsWith("}")) current = null;
  }
  return { functions: [...functions.values()], added: [...added], removed: [...removed], changedLines };
}
