/** What stands in front of the kernel's own words on a line. */
export interface Prefixed {
  readonly text: string;
  /** Seconds since boot, or null. */
  readonly time: number | null;
  /** The printk caller, `T235` or `C1`, or null. */
  readonly caller: string | null;
}

const ANSI = /\u001b\[[0-9;?]{0,16}[A-Za-z]/g;
const QUOTE = /^(?:> ?){1,8}(?!>)/;
const STAMP = /^(?:<\d{1,3}>)?\[ {0,8}(\d{1,10}\.\d{1,9})\](?:\[ {0,8}([CT]?\d{1,10})\])? ?/;
const LEVEL = /^<\d{1,3}>(?:\.)?/;
/** The date that `dmesg -T` and `dmesg --time-format iso` print. */
const DATE = /^\[(?:\p{L}{2,4} \p{L}{2,5} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}|\d{4}-\d\d-\d\d[T ][\d:.,+-]{8,24})\] ?/u;
const ISO_DATE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,+:Z-]{0,20} (?!.{0,80}kernel)/;
/** Remote syslog without the program's name: `Oct  8 11:16:52 172.30.1.31 [113074.791813] `. */
const REMOTE = /^\p{L}{3} {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,100} (?=\[ {0,8}\d{1,10}\.\d)/u;
/** Extended netconsole: level, sequence, microseconds, flags, then the text. */
const NETCONSOLE = /^\d{1,3},\d{1,12},(\d{1,16}),[c+-][^;]{0,60};/;
const DROPPED = /^\*\* (?:\d{1,9} printk messages dropped|replaying previous printk message) \*\* /;
const PROGRAM = /(?:^|[ [])kernel(?:\[\d{1,8}\])?[:\]](?: |$|(?=\[))/;

/** How far into a line the name `kernel` of syslog may stand, and how many words may stand before it. */
const PROGRAM_DISTANCE = 120;
const PROGRAM_WORDS = 7;

/** Cuts `<date> <host> kernel: `. A colon before it means that the word belongs to the message. */
function withoutSyslog(text: string): string {
  const at = text.indexOf("kernel");
  if (at === -1 || at > PROGRAM_DISTANCE) return text;
  const program = PROGRAM.exec(text.slice(Math.max(0, at - 1), at + 32));
  if (program === null) return text;
  const before = text.slice(0, at);
  if (before.includes(": ") || before.split(/ +/).length > PROGRAM_WORDS || /[()=]/.test(before)) return text;
  return text.slice(Math.max(0, at - 1) + program.index + program[0].length);
}

/** Text that a frame or a header may open: what follows blanks and the bar of a quoted table. */
function indentation(text: string): number {
  let at = 0;
  for (let code = text.charCodeAt(at); code === 32 || code === 9 || code === 124; code = text.charCodeAt(at)) at++;
  return at;
}

function readStamp(text: string): Prefixed | null {
  const stamp = STAMP.exec(text);
  return stamp === null ? null : { text: text.slice(stamp[0].length), time: Number(stamp[1]), caller: stamp[2] ?? null };
}

/** Takes away everything in front of the kernel's own words. Linear in the line. */
export function readPrefix(raw: string): Prefixed {
  let text = raw;
  if (text.includes("\u001b")) text = text.replace(ANSI, "");
  if (text.startsWith(">")) text = text.replace(QUOTE, "");
  text = withoutSyslog(text);
  const at = indentation(text);
  const code = text.charCodeAt(at);
  if (code === 91 || code === 60) {
    const inner = at === 0 ? text : text.slice(at);
    const stamped = readStamp(inner);
    if (stamped !== null) return stamped;
    if (code === 60) return { text: inner.replace(LEVEL, ""), time: null, caller: null };
    const dated = inner.replace(DATE, "");
    if (dated !== inner) return { text: dated, time: null, caller: null };
  } else if (code >= 48 && code <= 57) {
    const net = NETCONSOLE.exec(text);
    if (net !== null) return { text: text.slice(net[0].length), time: Number(net[1]) / 1e6, caller: null };
    text = text.replace(ISO_DATE, "");
  } else if (code === 42) {
    text = text.replace(DROPPED, "");
  } else if (text.includes("] ")) {
    const login = text.indexOf(" login: [");
    if (login >= 0) text = text.slice(login + " login: ".length);
    else text = text.replace(REMOTE, "");
  }
  if (text.startsWith("|")) text = text.slice(at);
  return readStamp(text) ?? { text, time: null, caller: null };
}
