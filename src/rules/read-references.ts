import { REFERENCE_CONVENTIONS, type Reference, type ReferenceConvention } from "./reference-conventions.ts";

/** Cheap test: is there anything that may be an id. */
const MAYBE_ID = /[0-9a-fA-F]{7}/;
/** Longer lines are cut: no convention needs more, and it bounds the work on hostile text. */
const LONGEST_LINE = 1000;

const BLANK = /^\s*$/;
const QUOTED = /^\s*>/;
const INDENTED = /^(?: {4}| {0,3}\t)/;
/** The first line of a commit in the output of `git log`, and the lines that may follow it before its message. */
const LOG_COMMIT = /^\s*commit [0-9a-f]{7,40}(?: \([^)]*\))?\s*$/i;
const LOG_HEADER = /^\s*(?:author|authordate|merge|commit|commitdate|date):?\s/i;
/** Lines beside which a line still stands alone. */
const TAG = /^[\w-]+:\s/;
const ANNOUNCES = /:\s*$/;

/** Only the trees that put a log into their messages mean it. */
const LOG_CONVENTIONS = REFERENCE_CONVENTIONS.filter((row) => row.above !== undefined);

/** A message, with the place of the first line that each row with `above` looks for; -1 when there is none. */
interface Message {
  readonly lines: readonly string[];
  readonly firstAbove: ReadonlyMap<ReferenceConvention, number>;
}

function readMessage(text: string): Message {
  const lines = text.split("\n").map((line) => line.slice(0, LONGEST_LINE));
  return { lines, firstAbove: new Map(LOG_CONVENTIONS.map((row) => [row, lines.findIndex((line) => row.above?.test(line))])) };
}

/** Is the line a paragraph of its own or among tags, and not what the prose above announces with a colon. */
function standsAlone(lines: readonly string[], at: number): boolean {
  const ends = [lines[at - 1] ?? "", lines[at + 1] ?? ""].every((line) => BLANK.test(line) || TAG.test(line));
  return ends && !ANNOUNCES.test(lines[at - 2] ?? "");
}

function applies(row: ReferenceConvention, { lines, firstAbove }: Message, at: number): boolean {
  if (row.indented !== true && INDENTED.test(lines[at] ?? "")) return false;
  if (row.previous !== undefined && !row.previous.test(lines[at - 1] ?? "")) return false;
  if (row.alone === true && !standsAlone(lines, at)) return false;
  const above = firstAbove.get(row);
  return above === undefined || (above !== -1 && above < at);
}

/** The references of a line: those of the first convention that claims something, or else every mention. */
function readLine(message: Message, at: number, rows: readonly ReferenceConvention[]): Reference[] {
  const line = message.lines[at] ?? "";
  const found = new Map<string, Reference>();
  for (const row of rows) {
    if (!applies(row, message, at)) continue;
    for (const [, written = ""] of line.matchAll(row.pattern)) {
      const id = written.toLowerCase();
      if (!found.has(id)) found.set(id, { kind: row.kind, id, text: line.trim(), convention: row.id });
    }
    if (row.kind !== "mention" && found.size > 0) break;
  }
  return [...found.values()];
}

/**
 * All references of a commit message, in its order; the topmost provenance is the preferred one. Quoted mail, indented text and quoted
 * logs do not count, except in the conventions of trees that indent. Linear time.
 *
 * @param text subject and body, UTF-8
 * @param conventions in order of precedence; own-conventions.ts adds those of the user
 */
export function readReferences(text: string, conventions: readonly ReferenceConvention[] = REFERENCE_CONVENTIONS): Reference[] {
  if (!MAYBE_ID.test(text)) return [];
  const message = readMessage(text);
  const { lines } = message;
  const references: Reference[] = [];
  let inLog = false;
  for (const [at, line] of lines.entries()) {
    const opensLog = LOG_COMMIT.test(line) && LOG_HEADER.test(lines[at + 1] ?? "");
    inLog = opensLog || (inLog && (BLANK.test(line) || INDENTED.test(line) || LOG_HEADER.test(line)));
    if (!MAYBE_ID.test(line) || QUOTED.test(line) || (inLog && !opensLog)) continue;
    references.push(...readLine(message, at, opensLog ? LOG_CONVENTIONS : conventions));
  }
  return references;
}
