import { type FilePatch, type Patch, pathOf } from "../patch/patch.ts";
import { syntaxErrors } from "../source/c-parser.ts";
import { blankCommentsAndStrings, callsIn, declarationOf, definesIn, depthOf, identifiersOf } from "../source/c-text.ts";

/** What the target knows, for names that an adapted file itself does not hold. */
export interface TargetNames {
  /** Those of the names that stand nowhere in the target; null when that cannot be told. */
  missing(names: readonly string[]): Promise<readonly string[] | null>;
}

export interface Check {
  readonly check: "brackets" | "syntax" | "names" | "arguments";
  /** `doubts` lowers the confidence; `forbids` refuses the adaptation. */
  readonly outcome: "passes" | "doubts" | "forbids";
  readonly detail: string;
}

/**
 * Is an adapted C file as well-formed as it was, and does the target know what the added lines use. Nothing is compiled.
 * @param missing names of added lines that the target has nowhere; null when that is not known
 */
export async function checkFile(
  file: FilePatch,
  before: string,
  after: string,
  patch: Patch,
  missing: ReadonlySet<string> | null,
): Promise<Check[]> {
  if (!isC(file)) return [];
  const checks = [checkBrackets(file, before, after), await checkSyntax(before, after), checkArguments(file, after)];
  return missing === null ? checks : [...checks, checkNames(after, patch, missing)];
}

/** Brackets of the whole file open and close as they did, but for what the patch itself adds and removes. */
function checkBrackets(file: FilePatch, before: string, after: string): Check {
  const wanted = depthOf(linesOf(file, "+")) - depthOf(linesOf(file, "-"));
  const balanced = depthOf(after) - depthOf(before) === wanted || depthOf(after) === depthOf(before);
  return { check: "brackets", outcome: balanced ? "passes" : "forbids", detail: "brackets open and close as they did" };
}

async function checkSyntax(before: string, after: string): Promise<Check> {
  const [old, fresh] = [await syntaxErrors(before), await syntaxErrors(after)];
  if (old === null || fresh === null) return { check: "syntax", outcome: "passes", detail: "too large to be parsed" };
  return { check: "syntax", outcome: fresh > old ? "doubts" : "passes", detail: `${fresh} syntax errors, ${old} before` };
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

/** Names of added lines are known to the target, or the change itself defines them. */
function checkNames(after: string, patch: Patch, missing: ReadonlySet<string>): Check {
  const brought = blankCommentsAndStrings(patch.files.map((one) => linesOf(one, "+")).join("\n"));
  const used = identifiersOf(after).intersection(missing);
  const lacking = [...used].filter((name) => !definesIn(name, brought) && !isLabel(name, brought));
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
