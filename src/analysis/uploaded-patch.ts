import { type PatchMail, readMails } from "../patch/mails.ts";
import { parsePatch } from "../patch/parse.ts";
import type { Patch } from "../patch/patch.ts";
import { patchId } from "../patch/patch-id.ts";
import { requireSafePaths } from "../patch/safe-paths.ts";
import type { Applicability, Candidate, Presence } from "../schema/analysis.ts";
import { type Adaptation, adapt, withAdaptation } from "./adaptation.ts";
import { type Trial, tryChange, tryPatch } from "./applicability.ts";
import { type AnalysisContext, commitRef } from "./context.ts";
import { short } from "./presence.ts";
import { namesOfTarget } from "./target-names.ts";
import { applyToTree, baseByBlobs, namedBase, type SeriesBase } from "./uploaded-base.ts";
import { candidateVerdict } from "./verdict.ts";

/** Where a series stands: the trees that the next of its patches is applied to. */
interface Position {
  /** What the series was made on, with the patches so far; null when that is not known. */
  readonly base: string | null;
  /** The target, with the patches so far as they fitted. */
  readonly target: string;
}

/**
 * What a caller uploads: one patch, or the mails of a series, which are candidates in their order, each tried on the tree that those before it
 * leave. A patch whose base is known (a `base-commit`, or index lines that name blobs of the target or of an upstream head) goes through the whole
 * ladder; else the strict tier (`git apply --check`) and the adaptation decide.
 */
export async function analyzeUploadedPatch(ctx: AnalysisContext, text: string): Promise<Candidate[]> {
  // Diffs are bytes; a request body arrives as UTF-8 text.
  const mails = readMails(Buffer.from(text, "utf8").toString("latin1"));
  const base = mails[0] === undefined ? null : await namedBase(ctx, mails[0]);
  let position: Position = { base: base?.tree ?? null, target: ctx.targetTree };
  const candidates: Candidate[] = [];
  let behind: string | null = null;
  for (const [at, mail] of mails.entries()) {
    const patch = parsePatch(mail.text);
    requireSafePaths(patch);
    const fitted = await fit({ ...ctx, targetTree: position.target }, patch, position);
    const warnings = [...fitted.applicability.warnings, ...notesOf(base, mail, at), ...(behind === null ? [] : [behind])];
    candidates.push(candidateOf(ctx, mail, { ...fitted.applicability, warnings }, at + 1));
    if (fitted.target === null) behind ??= `tried without patch ${at + 1} of the series, which does not apply`;
    position = { base: fitted.base, target: fitted.target ?? position.target };
  }
  return candidates;
}

interface Fitted {
  readonly applicability: Applicability;
  readonly base: string | null;
  /** The target with the patch; null when it does not apply. */
  readonly target: string | null;
}

async function fit(ctx: AnalysisContext, patch: Patch, position: Position): Promise<Fitted> {
  const known = position.base ?? (await baseByBlobs(ctx, patch));
  const after = known === null ? null : await applyToTree(ctx, known, patch);
  const based = known !== null && after !== null;
  const trial = based
    ? await tryChange(ctx.repo, { oid: "", parent: null, baseTree: known, fixTree: after, patch }, ctx.targetTree)
    : await tryPatch(ctx.repo, patch, ctx.targetTree);
  const adaptation = await adapt(ctx.repo, trial, namesOfTarget(ctx));
  const applicability = adaptation === null ? trial.applicability : withAdaptation(trial.applicability, adaptation);
  return { applicability, base: position.base === null ? null : after, target: treeLeft(trial, adaptation) };
}

function treeLeft(trial: Trial, adaptation: Adaptation | null): string | null {
  return trial.merge.clean ? trial.merge.tree : (adaptation?.tree ?? null);
}

function notesOf(base: SeriesBase | null, mail: PatchMail, at: number): readonly string[] {
  if (at > 0) return [];
  if (base !== null) return base.notes;
  return mail.baseCommit === null ? [] : [`the base commit ${mail.baseCommit} is not in the mirror`];
}

function candidateOf(ctx: AnalysisContext, mail: PatchMail, applicability: Applicability, rank: number): Candidate {
  const facts = {
    presence: presenceByPatchId(ctx, patchId(mail.text)),
    affected: { state: "unknown", because: "an uploaded patch names no commit that it fixes" } as const,
    applicability,
    prerequisites: [],
  };
  const utf8 = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");
  return {
    oid: null,
    upstreamOid: null,
    subject: utf8(mail.subject ?? "uploaded patch"),
    author: utf8(mail.author ?? ""),
    date: null,
    rank,
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
