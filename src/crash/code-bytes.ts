import type { SignatureDetails } from "../schema/signature.ts";
import type { LogLine } from "./line.ts";

type Code = NonNullable<SignatureDetails["code"]>;

/** `Code: 0f 1f <0f> 0b` of x86, `Code: aa1c03e0 (d4210000)` of arm64 and arm, `Code: 8c820000 <8c430000>` of mips. */
const CODE = /^\s{0,16}Code: {1,4}([<(]?[0-9a-f]{2,8}[>)]?(?: {1,4}[<(]?[0-9a-f]{2,8}[>)]?){0,199}) {0,4}$/;
/** Where user space was; x86 prints its code right behind, since 4.18, and that of the kernel far below, before. */
const USER_PC = /^\s{0,16}RIP: 00(?:33|23|2b):/;
const RIGHT_BEHIND = 2;
const INT3 = /^\s{0,16}int3: /;
const MAX_UNITS = 128;
/** `brk #0x800`, by which arm64 kernels stop at BUG and WARN. */
const ARM64_BRK_BUG = "d4210000";

/** What the marked place is, of the traps that kernels set on purpose. An int3 is behind the processor when it is reported. */
function trapOf(units: readonly string[], at: number, reported: boolean): Code["trap"] {
  const unit = units[at];
  if (unit === "0f" && units[at + 1] === "0b") return "ud2";
  if (unit === "cc" || (reported && units[at - 1] === "cc")) return "int3";
  return unit === ARM64_BRK_BUG ? "brk" : null;
}

/** The instructions around the place of the fault, as the report prints them: the first such line that is not about user space. */
export function readCode(lines: readonly LogLine[]): Code | null {
  const breakpoint = lines.some(({ text }) => INT3.test(text));
  let userLine = Number.NEGATIVE_INFINITY;
  for (const [index, { text }] of lines.entries()) {
    if (USER_PC.test(text)) userLine = index;
    const kernel = text.includes("Code: ") && index - userLine > RIGHT_BEHIND;
    const printed = kernel ? CODE.exec(text)?.[1] : undefined;
    if (printed === undefined) continue;
    const words = printed.trim().split(/ +/).slice(0, MAX_UNITS);
    const units = words.map((word) => word.replace(/[<>()]/g, ""));
    const marked = words.findIndex((word) => /^[<(]/.test(word));
    return { units, marked: marked === -1 ? null : marked, trap: marked === -1 ? null : trapOf(units, marked, breakpoint) };
  }
  return null;
}
