import type { SignatureDetails } from "../schema/signature.ts";
import { findPlace } from "./frame-line.ts";
import type { LogLine } from "./line.ts";
import { stripSymbol } from "./symbol.ts";

type Lock = SignatureDetails["locks"][number];

const MAX_LOCKS = 32;
/** `(&mm->mmap_sem){++++}, at: f+0x1/0x2`, with `#0:` and an address before it in the list of held locks; lock names hold parentheses. */
const LOCK = /^\s{0,8}(?:#\d{1,4}:\s{1,4})?(?:[0-9a-f]{8,16} )?\((.{1,160})\)\s?\{[^}]{1,20}\}/;
const ACQUIRING = /is trying to (?:acquire|lock|release|contend)/;
const HELD = /already holding lock|\blocks? held by |is already holding/;

/** Reads the locks of a report: the one that is being taken, and those that are held. */
export function readLocks(lines: readonly LogLine[]): Lock[] {
  const locks: Lock[] = [];
  const seen = new Set<string>();
  let mode: Lock["mode"] | null = null;
  for (const { text } of lines) {
    if (ACQUIRING.test(text)) mode = "acquiring";
    else if (HELD.test(text)) mode = "held";
    else if (text.startsWith("->") || text.includes("stack backtrace")) mode = null;
    const name = mode !== null && text.includes("{") ? LOCK.exec(text)?.[1] : undefined;
    if (mode === null || name === undefined || seen.has(`${mode} ${name}`) || locks.length === MAX_LOCKS) continue;
    const place = findPlace(text);
    locks.push({ name, site: place === null ? null : stripSymbol(place.raw), mode });
    seen.add(`${mode} ${name}`);
  }
  return locks;
}
