import type { Signature } from "../schema/signature.ts";
import type { LogLine } from "./line.ts";

type Fault = NonNullable<Signature["fault"]>;

const ADDRESS =
  /(?:at virtual address|NULL pointer dereference at|paging request at|page fault for address:|dereference, address:|virtual kernel address|access at|fetch at|access on read at|access on write at|non-canonical address|at address|of size \d{1,8} at addr) (?:virtual address )?(?:0x)?([0-9a-f]{1,16})\b/;
const NULL_ADDRESS = /(?:dereference at|request at) +\(null\)/;
const OOPS_CODE = /Oops: (?:[\w ]{0,30}[ -])?([0-9a-f]{4,8}) \[#/;
const ARM64_ESR = /ESR = 0x([0-9a-f]{8,16})/;

const NULL_PAGE = 0x1000n;
const PAGE_0 = 0n;
const X86_SHADOW_START = 0xdffffc0000000000n;
const X86_SHADOW_END = 0xe000000000000000n;
const ARM64_SHADOW_START = 0xdfff200000000000n;
const ARM64_SHADOW_END = 0xdfff400000000000n;
/** LIST_POISON1 and LIST_POISON2 (include/linux/poison.h) and the members of a list's owner behind them. */
function isListPoison(address: bigint): boolean {
  const low = address & 0xffffn;
  if (address >> 16n === 0xdead00000000n) return low >= 0x100n && low < 0x300n;
  return (address >= 0x00100100n && address < 0x00100200n) || (address >= 0x00200200n && address < 0x00200300n);
}
/** POISON_FREE, POISON_INUSE and POISON_END of slabs fill whole words. */
const SLAB_POISON = /^(?:6b|5a|a5){3,8}/;

/** Sorts an address of a fault. `digits` is hexadecimal without 0x. */
export function classifyAddress(digits: string): Fault["addressClass"] {
  const address = BigInt(`0x${digits}`);
  if (address === PAGE_0) return "null_page";
  if (address < NULL_PAGE) return "small_offset";
  if (isListPoison(address) || SLAB_POISON.test(digits)) return "poison";
  if (digits.length <= 8) return address >= 0xc0000000n ? "kernel" : "user";
  if (address >= X86_SHADOW_START && address < X86_SHADOW_END && !(address >= ARM64_SHADOW_START && address < ARM64_SHADOW_END))
    return "kasan_shadow";
  if (address >= ARM64_SHADOW_START && address < ARM64_SHADOW_END) return "kasan_shadow";
  const top = address >> 47n;
  if (top === 0n) return "user";
  // 48 bit kernels on x86 and arm64; arm64 kernel addresses begin with sixteen ones.
  return address >> 48n === 0xffffn ? "kernel" : "noncanonical";
}

/** x86: bit 1 of the error code is a write, bit 4 an instruction fetch. arm64: EC 0x20 and 0x21 are instruction aborts, WnR is bit 6. */
function accessOf(text: string): Fault["access"] | null {
  if (/#PF: .{0,40}write|Write of size|at .{0,30}write access|write access/.test(text)) return "write";
  if (/#PF: .{0,40}instruction fetch|execute from|Exception class = IABT|EC = 0x2[01]:|execution|instruction fetch/.test(text))
    return "exec";
  if (/#PF: .{0,40}read|Read of size|read access/.test(text)) return "read";
  const esr = ARM64_ESR.exec(text)?.[1];
  if (esr !== undefined) {
    const value = BigInt(`0x${esr}`);
    const exceptionClass = (value >> 26n) & 0x3fn;
    if (exceptionClass === 0x20n || exceptionClass === 0x21n) return "exec";
    if (exceptionClass === 0x24n || exceptionClass === 0x25n) return (value & 0x40n) === 0n ? "read" : "write";
  }
  const code = OOPS_CODE.exec(text)?.[1];
  if (code === undefined) return null;
  const value = Number.parseInt(code, 16);
  if (code.length === 8) return value >>> 26 === 0x21 ? "exec" : (value & 0x40) === 0 ? "read" : "write";
  return (value & 0x10) !== 0 ? "exec" : (value & 2) !== 0 ? "write" : "read";
}

/** What the report says of the address that was touched; null when it says nothing. */
export function readFault(lines: readonly LogLine[]): Fault | null {
  let digits: string | null = null;
  let access: Fault["access"] | null = null;
  for (const { text } of lines) {
    digits ??= ADDRESS.exec(text)?.[1] ?? (NULL_ADDRESS.test(text) ? "0" : null);
    access ??= accessOf(text);
    if (digits !== null && access !== null) break;
  }
  if (digits === null) return null;
  return { address: `0x${digits}`, addressClass: classifyAddress(digits), access: access ?? "unknown" };
}

const KASAN_RANGE = /KASAN: [\w-]{1,40} in range \[0x([0-9a-f]{1,16})-0x/;

/**
 * The address that a KASAN shadow address stands for: (address - offset) << 3. The kernel says so itself since 5.8; before, the offset is
 * known for x86-64 and for arm64 with 48 bit addresses.
 */
export function decodeShadow(fault: Fault | null, lines: readonly LogLine[]): string | null {
  for (const { text } of lines) {
    const told = text.includes("in range") ? KASAN_RANGE.exec(text)?.[1] : undefined;
    if (told !== undefined) return `0x${told}`;
  }
  if (fault === null || fault.address === null || fault.addressClass !== "kasan_shadow") return null;
  const address = BigInt(fault.address);
  const arm64 = address >= ARM64_SHADOW_START && address < ARM64_SHADOW_END;
  return `0x${((address - (arm64 ? ARM64_SHADOW_START : X86_SHADOW_START)) << 3n).toString(16)}`;
}
