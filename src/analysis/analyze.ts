import type { IndexedCommit } from "../history/history-index.ts";
import type {
  AnalysisOptions,
  AnalysisResult,
  Candidate,
  CommitPresence,
  CommitStatus,
  Coverage,
  Evidence,
  PlanOutline,
  Prerequisite,
  Question,
} from "../schema/analysis.ts";
import { affectedBy } from "./affected.ts";
import { rankCandidates } from "./candidates.ts";
import { type AnalysisContext, upstreamOidOf } from "./context.ts";
import { withFieldHints } from "./field-hints.ts";
import { followUpsOf } from "./follow-ups.ts";
import { unlessMissing } from "./missing.ts";
import { outlinePlan } from "./plan.ts";
import { prerequisitesOf } from "./prerequisites.ts";
import { isInTarget } from "./presence.ts";
import { presenceWithContent } from "./presence-checked.ts";
import { type TriedCommit, tryCommit } from "./try-commit.ts";
import { analyzeUploadedPatch } from "./uploaded-patch.ts";
import { analysisVerdict, candidateVerdict, seriesVerdict } from "./verdict.ts";

interface Ranked {
  readonly commit: IndexedCommit;
  readonly score: number;
  readonly confidence: Candidate["confidence"];
  readonly evidence: readonly Evidence[];
  /** Of a commit that the crash led to. */
  readonly found?: Pick<Candidate, "probability" | "group" | "forms">;
}

/** The pipeline: signature -> candidates -> presence -> applicability -> prerequisites -> verdict. */
export async function analyze(ctx: AnalysisContext, asked: Question, options: AnalysisOptions): Promise<AnalysisResult> {
  const coverage = coverageOf(ctx);
  ctx.report({ stage: "candidates", done: 0, total: null });
  const question: Question = asked.kind === "signature" ? { ...asked, signature: await withFieldHints(ctx, asked.signature) } : asked;
  const candidates =
    question.kind === "patch"
      ? await analyzeUploadedPatch(ctx, question.text)
      : await analyzeRanked(ctx, await rank(ctx, question, options));
  const signature = question.kind === "signature" ? question.signature : null;
  const verdict = question.kind === "patch" ? seriesVerdict(candidates) : analysisVerdict({ candidates, coverage });
  return { verdict, signature, candidates, coverage };
}

async function rank(ctx: AnalysisContext, question: Exclude<Question, { kind: "patch" }>, options: AnalysisOptions): Promise<Ranked[]> {
  if (question.kind === "signature") {
    const ranked = await rankCandidates(ctx, question.signature, options.maxCandidates);
    return ranked.map(({ probability, group, forms, ...one }) => ({ ...one, found: { probability, group, forms: [...forms] } }));
  }
  return question.oids.map((oid) => {
    const commit = ctx.index.commit(oid);
    if (commit === null) throw new Error(`commit ${oid} is not in the index`);
    return { commit, score: 0, confidence: "high", evidence: [{ rule: "named-by-caller", weight: 0, text: "named in the request" }] };
  });
}

async function analyzeRanked(ctx: AnalysisContext, ranked: readonly Ranked[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const [i, one] of ranked.entries()) {
    ctx.signal?.throwIfAborted();
    ctx.report({ stage: "applicability", done: i, total: ranked.length });
    candidates.push(await analyzeCandidate(ctx, one, i + 1));
  }
  ctx.report({ stage: "applicability", done: ranked.length, total: ranked.length });
  return candidates;
}

interface Needs {
  readonly prerequisites: readonly Prerequisite[];
  /** How the required ones and the commit apply one after the other; null when that was not tried. */
  readonly plan: PlanOutline | null;
}

const NO_NEEDS: Needs = { prerequisites: [], plan: null };

async function needsOf(ctx: AnalysisContext, tried: TriedCommit): Promise<Needs> {
  const prerequisites = await prerequisitesOf(ctx, tried);
  return { prerequisites, plan: await outlinePlan(ctx, tried, prerequisites) };
}

async function analyzeCandidate(ctx: AnalysisContext, ranked: Ranked, rank: number): Promise<Candidate> {
  const { commit } = ranked;
  const presence = await presenceWithContent(ctx, commit);
  const tried = await tryCommit(ctx, commit.oid);
  const warnings = [...tried.applicability.warnings];
  const { prerequisites, plan } = await unlessMissing(
    async () => (tried.kind === "tried" ? needsOf(ctx, tried) : NO_NEEDS),
    (reason) => {
      warnings.push(`prerequisites are not known: ${reason}`);
      return NO_NEEDS;
    },
  );
  const applicability = { ...tried.applicability, warnings };
  const facts = {
    presence,
    affected: await affectedBy(ctx, commit),
    applicability,
    prerequisites: [...prerequisites],
  };
  return {
    ...describe(ctx, commit),
    rank,
    score: ranked.score,
    confidence: ranked.confidence,
    ...ranked.found,
    evidence: [...ranked.evidence],
    ...facts,
    followUps: followUpsOf(ctx, commit),
    plan: isInTarget(presence) ? null : plan,
    verdict: candidateVerdict(facts, plan?.applies === true),
  };
}

/** Is the commit in the target, and is the bug that it fixes. 5 ms. */
export async function commitPresence(ctx: AnalysisContext, commit: IndexedCommit): Promise<CommitPresence> {
  return {
    ...describe(ctx, commit),
    oid: commit.oid,
    date: isoDate(commit.committerDate),
    presence: await presenceWithContent(ctx, commit),
    affected: await affectedBy(ctx, commit),
  };
}

/** Presence, affected and applicability of one commit, without candidates and prerequisites. */
export async function commitStatus(ctx: AnalysisContext, commit: IndexedCommit): Promise<Omit<CommitStatus, "kind" | "url" | "tree">> {
  const { applicability } = await tryCommit(ctx, commit.oid);
  return { ...(await commitPresence(ctx, commit)), applicability };
}

function describe(ctx: AnalysisContext, commit: IndexedCommit): Pick<Candidate, "oid" | "upstreamOid" | "subject" | "author" | "date"> {
  return {
    oid: commit.oid,
    upstreamOid: upstreamOidOf(ctx.index, commit.oid),
    subject: commit.subject,
    author: `${commit.authorName} <${commit.authorEmail}>`,
    date: isoDate(commit.committerDate),
  };
}

function coverageOf(ctx: AnalysisContext): Coverage {
  const commits = ctx.upstreamOnly.length;
  const commitsWithPatch = ctx.index.withPatch(ctx.upstreamOnly);
  const notes =
    commitsWithPatch < commits
      ? [
          `the changed lines of ${commits - commitsWithPatch} commits are not indexed: candidates among them are found by message and path only`,
        ]
      : [];
  return { commits, commitsWithPatch, complete: commitsWithPatch === commits, notes };
}

function isoDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
