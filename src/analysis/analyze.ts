import type { IndexedCommit } from "../history/history-index.ts";
import type {
  AnalysisOptions,
  AnalysisResult,
  Candidate,
  CommitPresence,
  CommitStatus,
  Evidence,
  PlanOutline,
  Prerequisite,
  PresentCandidate,
  Question,
} from "../schema/analysis.ts";
import { affectedBy } from "./affected.ts";
import { type RankedCommit, rankCandidates } from "./candidates.ts";
import { type AnalysisContext, upstreamOidOf } from "./context.ts";
import { coverageOf } from "./coverage.ts";
import { withFieldHints } from "./field-hints.ts";
import { followUpsOf } from "./follow-ups.ts";
import { unlessMissing } from "./missing.ts";
import { outlinePlan } from "./plan.ts";
import { prerequisitesOf } from "./prerequisites.ts";
import { isInTarget, presenceOf } from "./presence.ts";
import { presenceWithContent } from "./presence-checked.ts";
import { type TriedCommit, tryCommit } from "./try-commit.ts";
import { readUploads, withUploaded } from "./uploaded-candidates.ts";
import { analyzeUploadedPatch } from "./uploaded-patch.ts";
import { analysisVerdict, candidateVerdict, seriesVerdict } from "./verdict.ts";

interface Ranked {
  readonly commit: IndexedCommit;
  readonly rank: number;
  readonly score: number;
  readonly confidence: Candidate["confidence"];
  readonly evidence: readonly Evidence[];
  /** Of a commit that the crash led to. */
  readonly found?: Pick<Candidate, "probability" | "group" | "forms">;
}

/** The pipeline: signature -> candidates -> presence -> applicability -> prerequisites -> verdict. */
export async function analyze(ctx: AnalysisContext, question: Question, options: AnalysisOptions): Promise<AnalysisResult> {
  ctx.report({ stage: "candidates", done: 0, total: null });
  if (question.kind === "signature") return analyzeCrash(ctx, question, options);
  const coverage = coverageOf(ctx, ctx.upstreamOnly);
  if (question.kind === "patch") {
    const candidates = await analyzeUploadedPatch(ctx, question.text);
    return { verdict: seriesVerdict(candidates), signature: null, candidates, coverage };
  }
  const candidates = await analyzeRanked(ctx, named(ctx, question.oids));
  return { verdict: analysisVerdict({ candidates, coverage }), signature: null, candidates, coverage };
}

type CrashQuestion = Extract<Question, { kind: "signature" }>;

async function analyzeCrash(ctx: AnalysisContext, question: CrashQuestion, options: AnalysisOptions): Promise<AnalysisResult> {
  const signature = await withFieldHints(ctx, question.signature);
  const uploads = question.patch === undefined ? null : await readUploads(ctx, question.patch);
  const searched = uploads === null ? ctx : { ...ctx, index: uploads.index };
  const ranking = await rankCandidates(searched, signature, options, uploads?.nums);
  const known = ranking.candidates.filter(({ commit }) => !uploads?.nums.includes(commit.num));
  const analysed = await analyzeRanked(
    ctx,
    known.map(({ probability, group, forms, ...one }) => ({ ...one, found: { probability, group, forms: [...forms] } })),
  );
  const candidates = uploads === null ? analysed : withUploaded(analysed, uploads, ranking);
  const alreadyPresent = ranking.alreadyPresent.map((one) => describePresent(ctx, one));
  const coverage = coverageOf(ctx, ranking.pool, ranking.presentPool);
  return { verdict: analysisVerdict({ candidates, alreadyPresent, coverage }), signature, candidates, alreadyPresent, coverage };
}

function describePresent(ctx: AnalysisContext, ranked: RankedCommit): PresentCandidate {
  const { commit, rank, score, confidence, probability, evidence } = ranked;
  return {
    ...describe(ctx, commit),
    oid: commit.oid,
    date: isoDate(commit.committerDate),
    rank,
    score,
    confidence,
    probability,
    evidence: [...evidence],
    presence: presenceOf(ctx, commit),
    followUps: followUpsOf(ctx, commit),
  };
}

function named(ctx: AnalysisContext, oids: readonly string[]): Ranked[] {
  return oids.map((oid, at) => {
    const commit = ctx.index.commit(oid);
    if (commit === null) throw new Error(`commit ${oid} is not in the index`);
    return {
      commit,
      rank: at + 1,
      score: 0,
      confidence: "high",
      evidence: [{ rule: "named-by-caller", weight: 0, text: "named in the request" }],
    };
  });
}

async function analyzeRanked(ctx: AnalysisContext, ranked: readonly Ranked[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const [i, one] of ranked.entries()) {
    ctx.signal?.throwIfAborted();
    ctx.report({ stage: "applicability", done: i, total: ranked.length });
    candidates.push(await analyzeCandidate(ctx, one));
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

async function analyzeCandidate(ctx: AnalysisContext, ranked: Ranked): Promise<Candidate> {
  const { commit, rank } = ranked;
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

function isoDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
