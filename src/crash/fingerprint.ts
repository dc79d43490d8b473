import { createHash } from "node:crypto";
import { COARSE_CLASS } from "../rules/crash-kinds.ts";
import type { CrashKind, Frame } from "../schema/signature.ts";

/** Raised whenever the recipes below or the frame lists change what they yield for a text that was read before. */
export const FINGERPRINT_VERSION = 2;

const STRICT_FRAMES = 6;
/** Inlining and tail calls differ between architectures and builds already for the first caller. */
const LOOSE_FRAMES = 1;
const FAMILY_FRAMES = 3;

function hash(parts: readonly (string | null)[]): string {
  return createHash("sha256")
    .update(parts.map((part) => part ?? "").join("\u0000"))
    .digest("hex")
    .slice(0, 32);
}

/** Strict: the same stack. Loose: the same function in front. Family: the same neighbourhood. Offsets never count, builds differ. */
export function fingerprint(kind: CrashKind, subkind: string | null, frames: readonly Frame[], title: string) {
  // Whether a trace was symbolised, and so names inlined functions, says nothing about the crash.
  const own = frames.filter((frame) => !frame.inlined && frame.stack !== "alloc" && frame.stack !== "free" && frame.stack !== "other_task");
  const reliable = own.some((frame) => frame.reliable) ? own.filter((frame) => frame.reliable) : own;
  const named = reliable.filter((frame) => frame.generic !== "irrelevant");
  const full = named.filter((frame) => frame.generic === "no");
  const strict = named.slice(0, STRICT_FRAMES);
  const loose = (full.length > 0 ? full : named).slice(0, LOOSE_FRAMES);
  const family = (full.length > 0 ? full : named).slice(0, FAMILY_FRAMES);
  const version = String(FINGERPRINT_VERSION);
  // Without any frame the title is all there is.
  const fallback = named.length === 0 ? title : "";
  return {
    version: FINGERPRINT_VERSION,
    strict: hash([version, kind, subkind, ...strict.map((frame) => frame.symbol), strict[0]?.module ?? null, fallback]),
    loose: hash([version, COARSE_CLASS[kind], ...loose.map((frame) => frame.symbol), loose[0]?.module ?? null, fallback]),
    family: hash([version, COARSE_CLASS[kind], family[0]?.module ?? null, ...family.map((frame) => frame.symbol).sort(), fallback]),
  };
}
