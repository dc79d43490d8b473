import type { LogLine } from "./line.ts";

/** Keeps the lines that say something of the whole text: of its kernel, of a debugger's session, of a stack without a header. */
export interface Survey {
  readonly add: (line: LogLine) => void;
  readonly lines: readonly LogLine[];
}

/** The first lines are kept whatever they say. */
const FIRST_LINES = 300;
const MAX_LINES = 10_000;
const TELLING =
  /\+0x|crash>|^\s{0,16}(?:RELEASE|MACHINE|PANIC|PID|VERSION): |#\d|ainted|Linux version |^struct |^0x|inlined by|Workqueue: |Call [Tt]race| at \S{1,200}\.[ch]:/;

/** Starts a survey of the lines of a text. */
export function startSurvey(): Survey {
  const lines: LogLine[] = [];
  const add = (line: LogLine): void => {
    if (lines.length < MAX_LINES && (lines.length < FIRST_LINES || TELLING.test(line.text))) lines.push(line);
  };
  return { add, lines };
}
