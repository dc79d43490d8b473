import type { LogLine } from "./line.ts";

export interface Identifier {
  readonly name: string;
  readonly source: string;
}

const MAX_IDENTIFIERS = 100;
/** Commands of crash(8) whose argument names a code object. */
const COMMAND = /^\s{0,4}crash> (rd|struct|union|p|px|dis|sym|whatis|search|list)\b((?: -\w{1,4}){0,6}) ([A-Za-z_]\w{1,100})/;
const DISASSEMBLY = /^0x[0-9a-f]{8,16} <([A-Za-z_][\w.]{1,100})\+/;
const STRUCT = /^struct ([a-z_]\w{1,100}) \{/;
const SOURCE_OF: Readonly<Record<string, string>> = { rd: "rd", struct: "struct", union: "struct", dis: "disassembly" };

/** A line of a hand-written call tree: a function, perhaps with arguments and a remark, indented by the depth of the call. */
const CALL = /^(\s{0,60})([a-z_]\w{2,80})(\(.{0,200})?(?:\s{0,8}(?:\/\/|\/\*|#).{0,200})?$/;
const CALLS_OF_A_TREE = 3;

/** Functions of hand-written call trees: runs of lines that are nothing but a call, at more than one depth. */
function* readCallTrees(lines: readonly LogLine[]): Generator<string> {
  let run: { name: string; depth: number; called: boolean }[] = [];
  const isTree = (): boolean =>
    run.length >= CALLS_OF_A_TREE &&
    run.some((call) => call.depth !== run[0]?.depth) &&
    run.some((call) => call.called || call.name.includes("_"));
  for (const { text } of lines) {
    const call = text.length < 300 && !text.includes("+0x") ? CALL.exec(text) : null;
    if (call !== null) run.push({ name: call[2] ?? "", depth: call[1]?.length ?? 0, called: call[3] !== undefined });
    else {
      if (isTree()) for (const { name } of run) yield name;
      run = [];
    }
  }
  if (isTree()) for (const { name } of run) yield name;
}

/**
 * Names of code objects that a text mentions outside its stacks, in order, each once: what a crash(8) session looked at, and the
 * functions of call trees that somebody wrote down, which are hints and never frames.
 */
export function readIdentifiers(lines: readonly LogLine[]): readonly Identifier[] {
  const found = new Map<string, Identifier>();
  const add = (name: string | undefined, source: string): void => {
    if (name !== undefined && !found.has(name) && found.size < MAX_IDENTIFIERS) found.set(name, { name, source });
  };
  for (const { text } of lines) {
    const command = text.includes("crash> ") ? COMMAND.exec(text) : null;
    if (command !== null) add(command[3], SOURCE_OF[command[1] ?? ""] ?? "crash");
    else if (text.startsWith("struct ")) add(STRUCT.exec(text)?.[1], "struct");
    else if (text.startsWith("0x")) add(DISASSEMBLY.exec(text)?.[1], "disassembly");
  }
  for (const name of readCallTrees(lines)) add(name, "call_tree");
  return [...found.values()];
}
