import type { LogLine } from "./line.ts";

/** Mail programs break lines at 72 to 78 columns. A line that begins as `head` completes the one above it, if that ends as `tail`. */
const BREAKS: readonly { readonly head: RegExp; readonly tail: RegExp }[] = [
  // The module of a frame.
  { head: /^\s{0,8}\[[\w-]{1,64}\]\s{0,4}$/, tail: /\+0x[0-9a-f]{1,8}\/0x[0-9a-f]{1,8}\s{0,4}$/ },
  // The function of a header or of a lock.
  {
    head: /^[\s(]{0,8}:?[A-Za-z_][\w.:]{0,200}\+0x[0-9a-f]{1,8}/,
    tail: /(?:(?:\b|\d)at \S{1,200}:\d{1,7}|\bat:? \[<[0-9a-f]{8,16}>\]|RIP: [0-9a-f]{4}:.{0,60}\]|^Krnl PSW : [0-9a-f ]{16,40})\s{0,4}\\?$/,
  },
  // Linux 2.6 on x86-64 broke this line itself.
  { head: /^\s{0,8}\[<[0-9a-f]{8,16}>\]\s{0,4}:?[A-Za-z_][\w.:]{0,200}\+0x/, tail: /\bRIP:\s{0,4}$/ },
  // What a header goes on to say.
  { head: /^\s{0,8}context at \S/, tail: /called from invalid\s{0,4}$/ },
  { head: /^\s{0,8}(?:dereference|request)\b/, tail: /nable to handle kernel (?:NULL pointer|paging)\s{0,4}$/ },
  { head: /^\s{0,8}(?:at )?virtual address [0-9a-f]/, tail: /(?:dereference|request)(?: at)?\s{0,4}$/ },
  // The release behind the taint flags.
  { head: /^\s{0,8}(?:tainted )?[A-Z\s]{0,24}\d{1,2}\.\d{1,3}\.\d/, tail: /(?:Kdump: loaded|Not|tainted|Tainted: [A-Z\s]{1,24})\s{0,4}$/ },
];

/** Words of which one stands in every line that some break may cut, except for those cut before a module. */
const CUT_LINES = [" at", "RIP: ", "Krnl PSW", "called from", "nable to handle", "ainted"];

/** Cheap tests that most lines fail. A line without a stamp under one with a stamp is suspect in itself. */
function mayComplete(line: LogLine, above: LogLine): boolean {
  if (line.time === null && above.time !== null) return true;
  const first = line.text.trimStart().charCodeAt(0);
  return (first === 91 && line.text.length < 80) || CUT_LINES.some((word) => above.text.includes(word));
}

function isBroken(above: LogLine, line: LogLine): boolean {
  return mayComplete(line, above) && BREAKS.some(({ head, tail }) => head.test(line.text) && tail.test(above.text));
}

/** Joins lines that a mail program broke, where the break would hide a module, a function, a header or the release. */
export function* unwrap(lines: Iterable<LogLine>): Generator<LogLine> {
  let above: LogLine | undefined;
  for (const line of lines) {
    if (above !== undefined && isBroken(above, line)) {
      above = { ...above, text: `${above.text.trimEnd().replace(/\\$/, "")} ${line.text.trimStart()}`, end: line.end };
      continue;
    }
    if (above !== undefined) yield above;
    above = line;
  }
  if (above !== undefined) yield above;
}
