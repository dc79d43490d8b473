/** What one line says about one function on a stack. */
export interface FrameLine {
  readonly raw: string;
  readonly offset: number | null;
  readonly size: number | null;
  readonly module: string | null;
  readonly reliable: boolean;
  readonly inlined: boolean;
  readonly file: string | null;
  readonly line: number | null;
}

/** What follows a name: `+0x1/0x2`, decimal in Linux 2.4, `+180` in crash. */
const OFFSET = /\+(0x[0-9a-f]{1,16}|\d{1,10})(?:\/(0x[0-9a-f]{1,16}|\d{1,10}))?/y;
/** What may stand before the name: addresses, brackets, the ? of an unreliable frame. */
const BEFORE = /^[\s()[\]<>:?0-9a-fA-Fx\ufffd]*$/;
const AFTER_MODULE = /^\)?\s{0,4}\[([\w-]{1,64})(?: [0-9a-f]{8,64})?\]/;
const SOURCE_END = /\.[chS]:(\d{1,7})/;
const MAX_PATH = 200;
const NOT_IN_PATH = /[^\w./+-]/;
/** `f file.c:12 [inline]` of symbolised traces. */
const INLINE = /^\s{0,16}([A-Za-z_][\w.]{0,200}) ([\w./-]{1,200}\.[chS]):(\d{1,7}) \[inline\]/;
/** ` #7 [ffff...] f at ffff... [module]` of crash(8). */
const CRASH_BT = /^\s{0,4}#\d{1,4} \[[0-9a-f]{8,16}\] ([\w.$]{1,200}) at [0-9a-f]{8,16}(?:\s{1,4}\[([\w-]{1,64})\])?/;

function parseNumber(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** Cuts the build folder off: `/usr/src/debug/kernel-4.19.90/linux-4.19.90-1.x86_64/kernel/workqueue.c` -> `kernel/workqueue.c`. */
export function sourcePath(path: string): string {
  const marker = /(?:^|\/)(?:linux-[^/]{1,100}\/)(?:\.\/)?([^/].*)$/.exec(path);
  const relative = marker?.[1] ?? path;
  return relative.replace(/^(?:\.{1,2}\/){1,8}/, "");
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly raw: string;
  readonly offset: number | null;
  readonly size: number | null;
}

const NAME_CODES: ReadonlySet<number> = new Set(
  [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$"].map((letter) => letter.charCodeAt(0)),
);

/** The first `name+offset` of a line. Looks back from each plus sign, and no name holds one, so it is linear. */
export function findPlace(text: string): Place | null {
  for (let plus = text.indexOf("+"); plus !== -1; plus = text.indexOf("+", plus + 1)) {
    OFFSET.lastIndex = plus;
    const match = OFFSET.exec(text);
    if (match === null) continue;
    let start = plus;
    while (start > 0 && NAME_CODES.has(text.charCodeAt(start - 1))) start--;
    // Old kernels print the code segment in front: `RIP: 0010:f+0x1/0x2`; a name begins with no digit.
    const raw = text.slice(start, plus);
    if (raw.length === 0 || raw.length > 200 || /^\d/.test(raw)) continue;
    return { start, end: plus + match[0].length, raw, offset: parseNumber(match[1]), size: parseNumber(match[2]) };
  }
  return null;
}

/** `<IRQ>`, `<EOI>` and their like share the line with a frame on old kernels. */
const MARK = /^\s{0,16}(?:Caller(?=\[)|<\/?[A-Z#][A-Z#DBFMC]{1,7}>)/;
/** arm: `[<c0029884>] (f+0x0/0xd0) from [<c0020054>] (g+0x54/0x7c)`, later `f from g+0x54/0x7c`; the callee is the frame, the rest may be cut. */
const ARM =
  /^\s{0,16}(?:\[<[0-9a-f]{8}>\] )?\(?([A-Za-z_][\w.$]{0,200})(?:\+0x[0-9a-f]{1,8}\/0x[0-9a-f]{1,8})?\)?(?: \[([\w-]{1,64})\])? from (?:\[<[0-9a-f]{1,8}|\(?[A-Za-z_])/;

/** Linux 2.6 on x86-64 printed `:module:function`, klogd `[module:function`. */
const MODULE_BEFORE = /[[:]([A-Za-z_][\w-]{0,63}):$/;

/** The module that stands in front of a function's name, or null. */
export function moduleBefore(before: string): string | null {
  return MODULE_BEFORE.exec(before)?.[1] ?? null;
}

/** True for text that leads a frame: nothing but addresses in brackets, a stack slot, a question mark. */
function leadsFrame(before: string): boolean {
  if (!BEFORE.test(before)) return false;
  return before.includes("[") || before.includes("<") || !/[0-9a-fA-F]/.test(before) || /^\s{0,16}[0-9a-f]{8,16}:?\s/.test(before);
}

/** The first `path.c:12` of a text; the path is found backwards from its end, which keeps the search linear. */
function findSource(text: string): { file: string; line: number | null } | null {
  const end = SOURCE_END.exec(text);
  if (end === null) return null;
  let start = end.index;
  while (start > 0 && end.index - start < MAX_PATH && !NOT_IN_PATH.test(text.charAt(start - 1))) start--;
  return { file: sourcePath(text.slice(start, end.index + 2)), line: parseNumber(end[1]) };
}

function readInline(text: string): FrameLine | null {
  const inline = INLINE.exec(text);
  if (inline === null) return null;
  const [, raw = "", file = "", line] = inline;
  return { raw, offset: null, size: null, module: null, reliable: true, inlined: true, file: sourcePath(file), line: parseNumber(line) };
}

function readArm(text: string): FrameLine | null {
  const match = ARM.exec(text);
  return match === null ? null : bareFrame(match[1] ?? "", match[2] ?? null);
}

/** `#1  0xffffffff815310bf in f (req=0xffff88813899dc80) at ../fs/nfs/write.c:602` of gdb. */
const GDB_BT =
  /^\s{0,4}#\d{1,4} {1,4}(?:0x[0-9a-f]{8,16} in )?([A-Za-z_][\w.]{0,200}) \(.{0,400}\)(?: at ([\w./-]{1,300}\.[chS]):(\d{1,7}))?/;
/** ` => f` of ftrace. */
const FTRACE = /^\s{0,8}=> ([A-Za-z_][\w.]{0,200})(?: \[([\w-]{1,64})\])?(?: <[0-9a-f]{8,16}>)?\s{0,4}$/;

function readFtrace(text: string): FrameLine | null {
  const match = FTRACE.exec(text);
  return match === null ? null : bareFrame(match[1] ?? "", match[2] ?? null);
}

function bareFrame(raw: string, module: string | null): FrameLine {
  return { raw, offset: null, size: null, module, reliable: true, inlined: false, file: null, line: null };
}

function readNumbered(text: string): FrameLine | null {
  const gdb = GDB_BT.exec(text);
  if (gdb !== null)
    return { ...bareFrame(gdb[1] ?? "", null), file: gdb[2] === undefined ? null : sourcePath(gdb[2]), line: parseNumber(gdb[3]) };
  const match = CRASH_BT.exec(text);
  return match === null ? null : bareFrame(match[1] ?? "", match[2] ?? null);
}

/** Reads a line of a stack in any of the forms that kernels and tools print; null when the line is none. Linear in the line. */
export function readFrameLine(text: string): FrameLine | null {
  if (text.includes("[inline]")) return readInline(text);
  if (text.includes("#")) return readNumbered(text);
  if (text.includes("=> ")) return readFtrace(text);
  if (text.includes(" from ")) return readArm(text);
  const place = findPlace(text);
  if (place === null || place.size === null) return null;
  const led = text.slice(0, place.start).replace(MARK, "");
  const colon = MODULE_BEFORE.exec(led);
  const before = colon === null ? led : led.slice(0, colon.index);
  if (!leadsFrame(before)) return null;
  const after = text.slice(place.end);
  const source = findSource(after);
  return {
    raw: place.raw,
    offset: place.offset,
    size: place.size,
    module: colon?.[1] ?? AFTER_MODULE.exec(after)?.[1] ?? null,
    reliable: !before.includes("?") && !after.includes("(unreliable)"),
    inlined: false,
    file: source?.file ?? null,
    line: source?.line ?? null,
  };
}
