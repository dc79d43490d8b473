import type { Signature, SignatureDetails } from "../schema/signature.ts";
import type { LogLine } from "./line.ts";

type Objects = SignatureDetails["objects"];
type FieldHints = SignatureDetails["fieldHints"];

const MAX_OBJECTS = 50;
const MAX_HINTS = 16;
/** KASAN, and the slab names that crash prints beside addresses: `[ffff8880b0cf0b00:nfs_page]`. */
const SLAB = /belongs to the cache ([\w.-]{1,64})|\[[0-9a-f]{16}:([\w.-]{1,64})\]|^BUG ([\w.-]{1,64}) \(/g;
const STRUCT = /^(?:crash> )?struct ([a-z_]\w{1,100})\b/;
/** A member with its offset, decimal or hexadecimal: `  [0x80] spinlock_t private_lock;`. */
const MEMBER = /^\s{1,16}\[(0x[0-9a-f]{1,8}|\d{1,8})\] ([^;[\]]{1,200})[;[]/;
/** The name is the last word of a declaration. */
const NAME = /(\w{1,100})$/;
/** Allocation sizes say nothing about a subsystem. */
const SIZE_CACHE = /^(?:dma-)?kmalloc-/;

/** Slab caches and structures that the text mentions, each once. */
export function readObjects(lines: readonly LogLine[]): Objects {
  const found = new Map<string, Objects[number]>();
  const add = (name: string | undefined, kind: Objects[number]["kind"]): void => {
    if (name !== undefined && !SIZE_CACHE.test(name) && found.size < MAX_OBJECTS) found.set(`${kind} ${name}`, { name, kind });
  };
  for (const { text } of lines) {
    if (text.includes("cache ") || text.includes(":") || text.startsWith("BUG ")) {
      for (const match of text.matchAll(SLAB)) add(match[1] ?? match[2] ?? match[3], "slab");
    }
    if (text.includes("struct ")) add(STRUCT.exec(text)?.[1], "struct");
  }
  return [...found.values()];
}

/** Addresses below this are a null pointer and the offset of what was looked for behind it. */
const SMALL_OFFSETS = 0x1000;

/** How far behind a null pointer a fault was, by its address or by the one that a KASAN shadow address stands for; null for all others. */
export function faultOffset(fault: Signature["fault"], decodedAddress: string | null): number | null {
  const address = decodedAddress ?? (fault?.addressClass === "null_page" || fault?.addressClass === "small_offset" ? fault.address : null);
  const offset = address === null ? Number.NaN : Number(address);
  return offset < SMALL_OFFSETS ? offset : null;
}

/** Members at the offset, of the structures whose layout is in the text. */
export function readFieldHints(lines: readonly LogLine[], offset: number | null): FieldHints {
  if (offset === null) return [];
  const hints: FieldHints = [];
  let struct: string | null = null;
  for (const { text } of lines) {
    struct = STRUCT.exec(text)?.[1] ?? struct;
    const member = struct === null || !text.includes("] ") ? null : MEMBER.exec(text);
    if (struct === null || member === null || Number(member[1]) !== offset || hints.length === MAX_HINTS) continue;
    const field = NAME.exec(member[2] ?? "")?.[1];
    if (field !== undefined && !hints.some((hint) => hint.struct === struct && hint.field === field)) hints.push({ struct, field, offset });
  }
  return hints;
}
