import { EVIDENCE } from "../rules/evidence.ts";
import { FRAME_LISTS } from "../rules/frame-lists.ts";
import { withOwn } from "../rules/own-conventions.ts";
import type { Rules } from "../schema/rules.ts";
import type { JobContext } from "./parts.ts";

/** The rules that answers are made by. */
export function readRules({ versions, conventions }: Pick<JobContext, "versions" | "conventions">): Rules {
  const own = new Set(conventions.map(({ id }) => id));
  const references = withOwn(conventions).map(({ id, kind, pattern, sample }) => ({
    id,
    kind,
    pattern: pattern.source,
    sample,
    own: own.has(id),
  }));
  const { irrelevant, prefix, dispatch } = FRAME_LISTS;
  const frames = { irrelevant: [...irrelevant], prefix: [...prefix], dispatch: [...dispatch] };
  return { kind: "rules", ...versions, evidence: Object.values(EVIDENCE), references, frames };
}
