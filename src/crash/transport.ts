import { partsOfInterest } from "./focus.ts";
import type { LogLine } from "./line.ts";
import { readPrefix } from "./prefix.ts";
import { unwrap } from "./unwrap.ts";

/** Longer lines are cut: no kernel prints them, and the patterns of later stages may rely on it. */
const MAX_LINE = 1024;
/** A crash(8) backtrace that lost its line ends: `... #0 [addr] f at addr #1 [addr] g at addr ...`. */
const FLAT = /#\d{1,3} \[[0-9a-f]{8,16}\] \S{1,200} at [0-9a-f]{8,16}.{0,80}? #\d{1,3} \[/;
const FLAT_SPLIT = / (?=#\d{1,3} \[[0-9a-f]{8,16}\])| (?=\[exception RIP: )| (?=RIP: [0-9a-f])/;
/** So much of a backtrace without line ends is read. */
const MAX_FLAT = 16_384;
/** `journalctl -o json` prints one object a line. */
const MAX_JSON = 16_384;
/** pstore keeps a dump in parts, the newest first. */
const PART = /^\s{0,4}(Oops|Panic|Emergency|Restart|Halt|Poweroff|Shutdown)#(\d{1,9}) Part(\d{1,9})\s{0,4}$/;
const PART_SOMEWHERE = /#\d{1,9} Part\d/;
const KSYMOOPS = /^(EIP|Trace); ([0-9a-f]{8}) <([A-Za-z_][\w.]{0,200})\+([0-9a-f]{1,8})\/([0-9a-f]{1,8})>/;
const SOFT_BREAK = /=\r?\n/;
const SOFT_BREAKS = /=\r?\n/g;
const QUOTED_BYTES = /(?:=[0-9A-F]{2}){1,64}/g;

function messageOfJson(raw: string): string | null {
  if (raw.length > MAX_JSON || !raw.includes('"MESSAGE"')) return null;
  try {
    const entry: unknown = JSON.parse(raw);
    const message = typeof entry === "object" && entry !== null && "MESSAGE" in entry ? entry.MESSAGE : null;
    if (typeof message === "string") return message;
    return Array.isArray(message) ? Buffer.from(message.filter((byte): byte is number => typeof byte === "number")).toString("utf8") : null;
  } catch {
    return null;
  }
}

/** The lines that a raw line stands for, when it is not simply one: an object of the journal, a backtrace that lost its line ends. */
function unpack(raw: string): readonly string[] | null {
  const message = raw.startsWith("{") ? messageOfJson(raw) : null;
  if (message !== null) return message.split("\n").map((line) => line.slice(0, MAX_LINE));
  if (raw.length < 100 || !raw.includes("#1 [") || !FLAT.test(raw.slice(0, MAX_LINE))) return null;
  return raw
    .slice(0, MAX_FLAT)
    .split(FLAT_SPLIT)
    .map((part) => part.slice(0, MAX_LINE));
}

function decodeQuoted(text: string): string {
  return text.replace(QUOTED_BYTES, (bytes) => Buffer.from(bytes.replaceAll("=", ""), "hex").toString("utf8"));
}

/** Puts the parts of pstore dumps in the order of time; their headings go. */
function sortParts(lines: readonly LogLine[]): readonly LogLine[] {
  const groups: { dump: number; part: number; lines: LogLine[] }[] = [{ dump: -1, part: 0, lines: [] }];
  for (const line of lines) {
    const heading = PART.exec(line.text);
    if (heading !== null) groups.push({ dump: Number(heading[2]), part: Number(heading[3]), lines: [] });
    else groups.at(-1)?.lines.push(line);
  }
  if (groups.length === 1) return lines;
  groups.sort((one, other) => one.dump - other.dump || other.part - one.part);
  return groups.flatMap((group) => group.lines);
}

/** Where the line that begins at `start` ends, its line break not included; soft breaks of quoted-printable are no end. */
function endOfLine(text: string, start: number, limit: number, quoted: boolean): number {
  let newline = text.indexOf("\n", start);
  while (quoted && newline > start && newline - start < MAX_LINE && SOFT_BREAK.test(text.slice(newline - 2, newline + 1))) {
    newline = text.indexOf("\n", newline + 1);
  }
  return newline === -1 || newline > limit ? limit : newline;
}

/** `EIP; c0117c48 <f+2ac/304>` of ksymoops, which resolved the addresses of Linux 2.4, in the words of later kernels. */
function resolved(text: string): string {
  const match = text.startsWith("EIP; ") || text.startsWith("Trace; ") ? KSYMOOPS.exec(text) : null;
  if (match === null) return text;
  const [, what, address, symbol, offset, size] = match;
  return `${what === "EIP" ? "EIP: " : ""}[<${address}>] ${symbol}+0x${offset}/0x${size}`;
}

function lineOf(raw: string, start: number, end: number): LogLine {
  const { text, time, caller } = readPrefix(raw);
  return { text: resolved(text), time, caller, start, end };
}

function* strippedLines(text: string): Generator<LogLine> {
  const quoted = text.includes("=3D") && SOFT_BREAK.test(text);
  for (const range of partsOfInterest(text)) {
    for (let start = range.start; start < range.end; ) {
      const next = endOfLine(text, start, range.end, quoted);
      const end = next > start && text.charCodeAt(next - 1) === 13 ? next - 1 : next;
      const cut = text.slice(start, end);
      const raw = quoted ? decodeQuoted(cut.replace(SOFT_BREAKS, "")) : cut;
      const lines = unpack(raw);
      if (lines === null) yield lineOf(raw.length > MAX_LINE ? raw.slice(0, MAX_LINE) : raw, start, end);
      else for (const line of lines) yield lineOf(line, start, end);
      start = next + 1;
    }
  }
}

/**
 * Splits a text into lines and strips their transport: prefixes of dmesg, syslog, journal, netconsole, serial consoles and mail, JSON,
 * quoted-printable, the order of pstore. Of a long text only the parts that may hold a crash. Linear in the text.
 */
export function readLines(text: string): Iterable<LogLine> {
  return unwrap(PART_SOMEWHERE.test(text) ? sortParts([...strippedLines(text)]) : strippedLines(text));
}
