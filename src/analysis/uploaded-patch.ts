import { parsePatch } from "../patch/parse.ts";
import { patchId } from "../patch/patch-id.ts";
import type { Candidate, Presence } from "../schema/analysis.ts";
import { tryPatch } from "./applicability.ts";
import { type AnalysisContext, commitRef } from "./context.ts";
import { short } from "./presence.ts";
import { candidateVerdict } from "./verdict.ts";

/**
 * A patch that a caller uploads, as the only candidate. Its base is not known, so the strict tier alone decides (`git apply --check`);
 * where that fails nothing is said about a three-way merge.
 */
export async function analyzeUploadedPatch(ctx: AnalysisContext, text: string): Promise<Candidate> {
  // Diffs are bytes; a request body arrives as UTF-8 text.
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  const patch = parsePatch(bytes);
  const applicability = await tryPatch(ctx.repo, patch, ctx.targetTree);
  const presence = presenceByPatchId(ctx, patchId(bytes));
  const facts = {
    presence,
    affected: { state: "unknown", because: "an uploaded patch names no commit that it fixes" } as const,
    applicability,
    prerequisites: [],
  };
  return {
    oid: null,
    upstreamOid: null,
    subject: headerOf(text, "Subject")?.replace(/^\[PATCH[^\]]*\]\s*/, "") ?? "uploaded patch",
    author: headerOf(text, "From") ?? "",
    date: null,
    rank: 1,
    score: 0,
    confidence: "high",
    evidence: [{ rule: "uploaded-by-caller", weight: 0, text: "uploaded with the request" }],
    ...facts,
    followUps: [],
    verdict: candidateVerdict(facts, false),
  };
}

function presenceByPatchId(ctx: AnalysisContext, id: string | null): Presence {
  for (const oid of id === null ? [] : ctx.index.byPatchId(id)) {
    const commit = ctx.index.commit(oid);
    if (commit === null || !ctx.inTarget.has(commit.num)) continue;
    return {
      state: "equivalent",
      route: "patch-id",
      by: commitRef(ctx.index, oid),
      because: `${short(oid)} of ${ctx.target.tree} has the same patch-id`,
    };
  }
  return { state: "absent", route: null, by: null, because: `no indexed commit of ${ctx.target.tree} has the same patch-id` };
}

/** A header of a mail, unfolded; null when the text has none. */
function headerOf(text: string, name: string): string | null {
  const head = text.slice(0, 20_000).split(/\n---\n|\ndiff --git /)[0] ?? "";
  const match = new RegExp(`^${name}: (.*(?:\\n[ \\t].*)*)`, "mi").exec(head);
  return match?.[1]?.replace(/\n[ \t]+/g, " ") ?? null;
}
