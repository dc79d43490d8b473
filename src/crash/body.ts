import { type FrameClass, frameClass } from "../rules/frame-lists.ts";
import { findPlace } from "./frame-line.ts";
import type { Header } from "./header.ts";
import type { LogLine } from "./line.ts";
import { stripSymbol } from "./symbol.ts";

/** What the body of a report says beside its stacks. */
export interface Body {
  /** The function that the header or the body names, such as the one that takes a lock. */
  readonly named: string | null;
  /** Read or Write, of a report about an access. */
  readonly access: string;
  /** Why the body does not belong to the header, or null. */
  readonly missing: string | null;
}

const SITE_DISTANCE = 15;
const ACCESS = /\b(Read|Write|read|write) (?:of size \d|at addr )/;
const NAMED_IN_HEADER = /(?: in|in:) (?![0-9a-f]{8,16}\b)([A-Za-z_][\w.]{1,200})(?:\+0x|\s|$)/;
/** The list of held locks names places that have nothing to do with the lock in question. */
const HELD_LIST = /\blocks? held by |stack backtrace:/;
const LAST_FUNCTION = /last function: ([A-Za-z_][\w.]{1,200})/;

/**
 * The place that a body names at, or soon after, the line that announces it. A primitive such as flush_workqueue leaves the name to the
 * next place, which is that of the lock already held.
 */
function findSite(lines: readonly LogLine[], site: RegExp): string | null {
  const at = lines.findIndex((line) => site.test(line.text));
  if (at === -1) return null;
  let primitive: string | null = null;
  for (const { text } of lines.slice(at, at + SITE_DISTANCE)) {
    if (primitive !== null && HELD_LIST.test(text)) break;
    const named = LAST_FUNCTION.exec(text)?.[1] ?? findPlace(text)?.raw;
    if (named === undefined) continue;
    const symbol = stripSymbol(named);
    if (!isGeneric(frameClass(symbol, null))) return symbol;
    primitive ??= symbol;
  }
  return primitive;
}

function isGeneric(listed: FrameClass): boolean {
  return listed === "prefix" || listed === "irrelevant";
}

/** Reads what a report's rule wants to know of its body. */
export function readBody(header: Header, lines: readonly LogLine[]): Body {
  const { rule } = header;
  const access = lines.map((line) => ACCESS.exec(line.text)?.[1]).find((word) => word !== undefined) ?? "";
  const inHeader = NAMED_IN_HEADER.exec(header.text)?.[1];
  const named =
    rule.site !== null ? findSite(lines, rule.site) : rule.anchor === "header" && inHeader !== undefined ? stripSymbol(inHeader) : null;
  const cut = rule.body !== null && !lines.some((line) => rule.body?.test(line.text) === true);
  const missing = cut
    ? "the body does not belong to the header"
    : rule.site !== null && named === null
      ? "the place that the header promises is missing"
      : null;
  return { named, access: access === "" ? "" : `${access[0]?.toUpperCase()}${access.slice(1)}`, missing };
}
