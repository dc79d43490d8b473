import { createHash } from "node:crypto";
import type { AnalysisPins } from "../store/analyses.ts";

/** JSON with sorted keys, so that equal data has equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The id of an analysis: equal pins, question, options and versions give equal ids (32 hexadecimal digits). */
export function analysisId(pins: AnalysisPins): string {
  const { target, upstreams, question, options, rulesVersion, engineVersion } = pins;
  return contentId({ target, upstreams, question, options, rulesVersion, engineVersion });
}

/** The same content has the same id: 32 hexadecimal digits. */
export function contentId(content: unknown): string {
  return createHash("sha256").update(canonicalJson(content)).digest("hex").slice(0, 32);
}
