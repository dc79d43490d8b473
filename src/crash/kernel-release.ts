import { VENDOR_TAGS } from "../rules/crash-vendors.ts";
import type { LogLine } from "./line.ts";

export interface KernelRelease {
  readonly release: string;
  readonly base: string | null;
  readonly vendor: string | null;
}

const BASE = /^(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)(?![\d.]*:)(.*)$/;
/** `Not tainted 4.19.90-24.4 #1`, `Tainted: G        W  4.20.0-rc2+ #4`, `Not tainted  (2.6.23 #1)`. */
const TAINT_LINE = /(?:Not tainted|Tainted: [A-Z\s]{1,40}?)(?: VLI)?\s{1,8}\(?(\d{1,3}\.\d{1,3}[\w.+~-]{0,100})/;
const SYS_RELEASE = /^\s{0,16}RELEASE: (\d[\w.+~-]{1,100})/;
const EFLAGS_RELEASE = /^E?FLAGS: [0-9a-f]{8,16}\s{1,8}\((\d{1,3}\.\d{1,3}[\w.+~-]{0,100})/;
const LOCKDEP_RELEASE = /^(?:\s{0,16}|[Pp]id: .{1,60} )(\d{1,3}\.\d{1,3}\.\d{1,3}[\w.+~-]{0,100}) #\d/;
/** Where distributions keep modules, debug files and sources. */
const PATH = /\/(?:modules\/|linux-|kernel-[a-z]{1,12}-)(\d{1,3}\.\d{1,3}[\w.+~-]{0,100})\//;
const BANNER = /Linux version (\d{1,3}\.\d{1,3}[\w.+~-]{0,100})/;

/** A version that a person wrote: `running v6.19-rc1`, `With 2.6.30-rc1 on`. */
const WRITTEN =
  /(?:^|[\s(])(?:v(\d{1,2}\.\d{1,3}(?:\.\d{1,3})?(?:-rc\d{1,2})?)|(\d{1,2}\.\d{1,3}(?:\.\d{1,3})?-rc\d{1,2}))(?=$|[\s),.;:])/g;

/** Splits a release into the version it is based on and the vendor whose tag the rest carries (reference table of rules/). */
export function splitRelease(release: string): KernelRelease {
  const match = BASE.exec(release);
  if (match === null) return { release, base: null, vendor: null };
  const rest = match[2] ?? "";
  const vendor = VENDOR_TAGS.find((row) => row.tag.test(rest))?.vendor ?? null;
  return { release, base: match[1] ?? null, vendor };
}

/** The release that a line states, or null. */
export function releaseOfLine(text: string): string | null {
  if (text.includes("ainted")) {
    const tainted = TAINT_LINE.exec(text)?.[1] ?? LOCKDEP_RELEASE.exec(text)?.[1];
    if (tainted !== undefined) return tainted;
  }
  if (text.includes("RELEASE: ")) return SYS_RELEASE.exec(text)?.[1] ?? null;
  if (text.includes("FLAGS: ")) return EFLAGS_RELEASE.exec(text)?.[1] ?? null;
  if (text.includes("Linux version ")) return BANNER.exec(text)?.[1] ?? null;
  return LOCKDEP_RELEASE.exec(text)?.[1] ?? null;
}

function releaseOfPath(text: string): string | null {
  return text.includes("/") ? (PATH.exec(text)?.[1] ?? null) : null;
}

/** The version that people write about in the text, when they name one only. */
function writtenRelease(lines: readonly LogLine[]): string | null {
  const named = new Set<string>();
  for (const { text } of lines) {
    if (!text.includes(".")) continue;
    for (const match of text.matchAll(WRITTEN)) named.add(match[1] ?? match[2] ?? "");
  }
  const [only] = named;
  return named.size === 1 && only !== undefined ? only : null;
}

/** The release that the lines state, or else that of the kernel's debug files. */
function readRelease(lines: readonly LogLine[]): KernelRelease | null {
  for (const read of [releaseOfLine, releaseOfPath]) {
    for (const line of lines) {
      const release = read(line.text);
      if (release !== null) return splitRelease(release);
    }
  }
  return null;
}

/** The release of the kernel that crashed: what its report states, then the rest of the text, then what is written about it. */
export function releaseOf(report: readonly LogLine[], all: readonly LogLine[]): KernelRelease | null {
  const stated = readRelease(report) ?? readRelease(all);
  if (stated !== null) return stated;
  const release = writtenRelease(all);
  return release === null ? null : splitRelease(release);
}
