import { type FilePatch, type Patch, pathOf } from "../patch/patch.ts";
import { misleadingLines } from "../source/c-indentation.ts";
import { declaredIn, undeclaredIn } from "../source/c-locals.ts";
import { syntaxErrors } from "../source/c-parser.ts";
import { blankCommentsAndStrings, callsIn, declarationOf, definesIn, depthOf, identifiersOf } from "../source/c-text.ts";

/** What the target knows, for names that an adapted file itself does not hold. */
export interface TargetNames {
  /** Those of the names that stand nowhere in the target; null when that cannot be told. */
  missing(names: readonly string[]): Promise<readonly string[] | null>;
}

export interface Check {
  readonly check: "brackets" | "syntax" | "names" | "arguments" | "indentation" | "declarations";
  /** `doubts` lowers the confidence; `forbids` refuses the adaptation. */
  readonly outcome: "passes" | "doubts" | "forbids";
  readonly detail: string;
}

/** A file before and after a change. */
export interface Version {
  readonly before: string;
  readonly after: string;
}

/**
 * Is an adapted C file as well-formed as it was, and does the target know what the added lines use. Nothing is compiled. What upstream's change
 * does to its own file too (macros that no parser understands) casts no doubt.
 * @param upstream the file as upstream changed it; null when that is not known
 * @param missing names of added lines that the target has nowhere; null when that is not known
 */
export async function checkFile(
  file: FilePatch,
  { before, after }: Version,
  upstream: Version | null,
  patch: Patch,
  missing: ReadonlySet<string> | null,
): Promise<Check[]> {
  if (!isC(file)) return [];
  const checks = [
    checkBrackets(file, before, after),
    await checkSyntax(before, after, upstream),
    checkArguments(file, after),
    checkIndentation(before, after, upstream),
    checkDeclarations(before, after, upstream),
  ];
  return missing === null ? checks : [...checks, checkNames(after, patch, missing)];
}

/** Brackets of the whole file open and close as they did, but for what the patch itself adds and removes. */
function checkBrackets(file: FilePatch, before: string, after: string): Check {
  const wanted = depthOf(linesOf(file, "+")) - depthOf(linesOf(file, "-"));
  const balanced = depthOf(after) - depthOf(before) === wanted || depthOf(after) === depthOf(before);
  return { check: "brackets", outcome: balanced ? "passes" : "forbids", detail: "brackets open and close as they did" };
}

async function checkSyntax(before: string, after: string, upstream: Version | null): Promise<Check> {
  const [old, fresh] = [await syntaxErrors(before), await syntaxErrors(after)];
  if (old === null || fresh === null) return { check: "syntax", outcome: "passes", detail: "too large to be parsed" };
  const detail = `${fresh} syntax errors, ${old} before`;
  if (fresh <= old || upstream === null) return { check: "syntax", outcome: fresh > old ? "doubts" : "passes", detail };
  const [theirs, base] = [await syntaxErrors(upstream.after), await syntaxErrors(upstream.before)];
  if (theirs === null || base === null || fresh - old > theirs - base) return { check: "syntax", outcome: "doubts", detail };
  return {
    check: "syntax",
    outcome: "passes",
    detail: `${detail}; upstream's change brings ${theirs - base}, which the parser does not understand`,
  };
}

/** Functions that the adapted file defines or declares are called in added lines with as many arguments as they take. */
function checkArguments(file: FilePatch, after: string): Check {
  const source = blankCommentsAndStrings(after);
  const made = new Set(callsIn(source).map((call) => `${call.name} ${call.arguments}`));
  for (const call of callsIn(blankCommentsAndStrings(linesOf(file, "+")))) {
    const declared = call.arguments === null || !made.has(`${call.name} ${call.arguments}`) ? null : declarationOf(call.name, source);
    if (declared === null || declared.parameters === call.arguments) continue;
    const detail = `${call.name}() takes ${declared.parameters} arguments here and is given ${call.arguments}`;
    return { check: "arguments", outcome: "doubts", detail };
  }
  return { check: "arguments", outcome: "passes", detail: "functions of the file are called with as many arguments as they take" };
}

/** What a statement without braces governs is what its indentation says: upstream may have had braces where the target has none. */
function checkIndentation(before: string, after: string, upstream: Version | null): Check {
  const old = new Set([...misleadingLines(before), ...misleadingLines(upstream?.after ?? "")]);
  const fresh = misleadingLines(after).find((line) => !old.has(line));
  if (fresh === undefined)
    return { check: "indentation", outcome: "passes", detail: "no line looks governed by a statement that does not govern it" };
  return {
    check: "indentation",
    outcome: "doubts",
    detail: `"${fresh.slice(0, 80)}" looks governed by a statement without braces that does not govern it`,
  };
}

/** Lines of the target's own may use a variable or parameter that the change takes away. */
function checkDeclarations(before: string, after: string, upstream: Version | null): Check {
  const theirs = new Set(upstream === null ? [] : undeclaredIn(upstream.before, upstream.after).map((one) => one.name));
  const found = undeclaredIn(before, after).find((one) => !theirs.has(one.name));
  if (found === undefined)
    return { check: "declarations", outcome: "passes", detail: "functions use no variable whose declaration went away" };
  return { check: "declarations", outcome: "doubts", detail: `${found.function}() still uses ${found.name}, whose declaration went away` };
}

/** Names of added lines are known to the target, or the change itself defines them. */
function checkNames(after: string, patch: Patch, missing: ReadonlySet<string>): Check {
  const brought = blankCommentsAndStrings(patch.files.map((one) => linesOf(one, "+")).join("\n"));
  const used = identifiersOf(after).intersection(missing);
  const declared = declaredIn(brought);
  const lacking = [...used].filter((name) => !declared.has(name) && !definesIn(name, brought) && !isLabel(name, brought));
  if (lacking.length === 0)
    return { check: "names", outcome: "passes", detail: "the target has, or the change defines, every name that added lines use" };
  return { check: "names", outcome: "doubts", detail: `not in the target: ${lacking.join(", ")}` };
}

/** Names of added lines that the file in the target does not hold: those that the target has elsewhere, and those that it has nowhere; null when that cannot be told. */
export async function newNames(
  file: FilePatch,
  before: string,
  names: TargetNames,
): Promise<{ readonly known: ReadonlySet<string>; readonly missing: ReadonlySet<string> } | null> {
  // A line of a block comment that begins above the hunk does not show that it is one, but for its asterisk.
  const code = linesOf(file, "+").replace(/^\s*\*.*$/gm, "");
  const added = isC(file) ? identifiersOf(code).difference(identifiersOf(before)) : new Set<string>();
  const found = await names.missing([...added]);
  if (found === null) return null;
  const missing = new Set(found);
  return { known: added.difference(missing), missing };
}

function isC(file: FilePatch): boolean {
  return /\.[ch]$/.test(pathOf(file));
}

function isLabel(name: string, source: string): boolean {
  return new RegExp(`^\\s*${name}:\\s*$`, "m").test(source);
}

function linesOf(file: FilePatch, op: "+" | "-"): string {
  return file.hunks.flatMap((hunk) => hunk.lines.filter((line) => line.op === op).map((line) => line.text)).join("");
}
