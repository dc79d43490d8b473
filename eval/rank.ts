import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RankedCommit, rankCandidates } from "../src/analysis/candidates.ts";
import { type AnalysisContext, openContext } from "../src/analysis/context.ts";
import { readCrash } from "../src/crash/read-crash.ts";
import { openRepository } from "../src/git/open-repository.ts";
import type { HistoryIndex } from "../src/history/history-index.ts";
import { openIndex } from "../src/history/open-index.ts";
import type { Candidate } from "../src/schema/analysis.ts";
import { ablate } from "./rank-ablate.ts";
import { bm25, grep, openPool } from "./rank-baselines.ts";
import { type RankCase, readCases } from "./rank-cases.ts";
import { type Bodies, rankIndex } from "./rank-index.ts";
import { measurePresent } from "./rank-present.ts";
import { pairedChance, type Ranks, rankFigures, rankOf } from "./ranks.ts";
import { joinRepositories } from "./repos.ts";
import { quantile, sample } from "./sample.ts";
import { oneOf, readOptions, required, wholeNumber } from "./usage.ts";

const ASKED = { maxCandidates: 50, includePresent: 0 };
const SEED = 20_260_101;
const BODIES = ["prose", "hidden", "whole"] as const;
const POOLS = ["capped", "full"] as const;

type Confidence = Candidate["confidence"];

/** What one case gave. */
interface CaseResult {
  readonly ours: number | null;
  readonly grep: number | null;
  readonly bm25: number | null;
  /** The fix is first and said with high confidence; null when nothing was said with high confidence. */
  readonly highIsRight: boolean | null;
  /** The best confidence that is said; null when there is no candidate. */
  readonly strongest: Confidence | null;
  /** The same with the fix taken out of the pool; undefined when not asked. */
  readonly strongestWithoutFix: Confidence | null | undefined;
  readonly milliseconds: number;
  readonly pool: number;
}

/** The fix itself, or a commit with the same change. */
function fixTest(index: HistoryIndex, fix: string): (num: number) => boolean {
  const patchId = index.commit(fix)?.patchId ?? null;
  const oids = new Set([fix, ...(patchId === null ? [] : index.byPatchId(patchId))]);
  const nums = new Set([...oids].flatMap((oid) => index.commit(oid)?.num ?? []));
  return (num) => nums.has(num);
}

interface Bench {
  readonly repo: ReturnType<typeof openRepository>;
  readonly index: HistoryIndex;
  readonly withBaselines: boolean;
  readonly withoutFix: boolean;
}

async function measureCase({ repo, index, withBaselines, withoutFix }: Bench, one: RankCase): Promise<CaseResult> {
  const pinned = (tree: string, oid: string) => ({ tree, ref: tree, oid });
  const signature = readCrash(one.text);
  const ctx = await openContext({ repo, index, target: pinned("target", one.target), upstreams: [pinned("upstream", one.upstream)] });
  const start = performance.now();
  const { candidates: list } = await rankCandidates(ctx, signature, ASKED);
  const milliseconds = performance.now() - start;
  const isFix = fixTest(index, one.fix);
  const first = list[0];
  const pool = withBaselines ? openPool(index, ctx.upstreamOnly) : null;
  return {
    ours: rankOf(list, ({ commit }) => isFix(commit.num)),
    grep: pool === null ? null : rankOf(grep(index, signature, pool), isFix),
    bm25: pool === null ? null : rankOf(bm25(index, signature, pool), isFix),
    highIsRight: first?.confidence === "high" ? isFix(first.commit.num) : null,
    strongest: strongestOf(list),
    strongestWithoutFix: withoutFix
      ? strongestOf((await rankCandidates(withoutCommits(ctx, isFix), signature, ASKED)).candidates)
      : undefined,
    milliseconds,
    pool: ctx.upstreamOnly.length,
  };
}

/** The same question as if these commits had not been written. */
function withoutCommits(ctx: AnalysisContext, leftOut: (num: number) => boolean): AnalysisContext {
  const upstreamOnly = ctx.upstreamOnly.filter((num) => !leftOut(num));
  return { ...ctx, upstreamOnly, isUpstreamOnly: new Set(upstreamOnly) };
}

function strongestOf(list: readonly RankedCommit[]): Confidence | null {
  return (["high", "medium", "low"] as const).find((each) => list.some(({ confidence }) => confidence === each)) ?? null;
}

function printTable(methods: readonly Ranks[]): void {
  const percent = (value: number) => (100 * value).toFixed(1).padStart(6);
  console.log("method                          R@1   R@10   R@50     MRR");
  for (const ranks of methods) {
    const [r1 = 0, r10 = 0, r50 = 0, mrr = 0] = Object.values(rankFigures(ranks, ""));
    console.log(`${ranks.name.padEnd(28)} ${percent(r1)} ${percent(r10)} ${percent(r50)}   ${mrr.toFixed(3)}`);
  }
}

/**
 * Measures how far up the list the fix of each crash stands. Options: `--repo R` (may be repeated), `--index FILE` of cases,
 * `--bodies prose|hidden|whole`, `--pool capped|full`, `--cache DIR` to keep the history index for the next run, `--sample N` for some of
 * the cases, `--no-baselines`, `--without-fix` to ask every crash again with its fix out of the pool, `--verbose` for the rank in each case;
 * `--ablate` to leave out each family of rules in turn instead; `--present` to measure what is said of fixes that the target has.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, {
    repo: { type: "string", multiple: true },
    index: { type: "string" },
    bodies: { type: "string" },
    pool: { type: "string" },
    cache: { type: "string" },
    sample: { type: "string" },
    "no-baselines": { type: "boolean" },
    "without-fix": { type: "boolean" },
    present: { type: "boolean" },
    ablate: { type: "boolean" },
    verbose: { type: "boolean" },
  });
  if (values.ablate) return ablate(values);
  if (values.present) return measurePresent(values);
  const repositories = required("repo", values.repo);
  const indexFile = required("index", values.index);
  const bodies: Bodies = oneOf("bodies", values.bodies ?? "prose", BODIES);
  const pool = oneOf("pool", values.pool ?? "capped", POOLS);
  const count = wholeNumber("sample", values.sample, Number.MAX_SAFE_INTEGER);
  const joined = await joinRepositories(repositories);
  const temporary = mkdtempSync(join(tmpdir(), "backportd-rank-"));
  try {
    const { cases, releases } = await readCases(joined.gitDir, indexFile, pool);
    const indexPath = await rankIndex(joined.gitDir, releases, bodies, values.cache ?? temporary);
    const index = openIndex(indexPath);
    const repo = openRepository({ gitDir: joined.gitDir, scratchDir: join(temporary, "scratch") });
    const withBaselines = values["no-baselines"] !== true;
    try {
      const chosen = sample(cases, count, SEED);
      const results: CaseResult[] = [];
      for (const one of chosen) {
        const result = await measureCase({ repo, index, withBaselines, withoutFix: values["without-fix"] === true }, one);
        results.push(result);
        if (values.verbose) console.log(`${one.file} rank ${result.ours ?? "-"} of ${result.pool}, ${Math.round(result.milliseconds)} ms`);
      }
      return report(results, withBaselines);
    } finally {
      index.close();
      await repo.close();
    }
  } finally {
    joined.remove();
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** An analysis would say `no_candidate` (analysis/verdict.ts). */
function isNone(strongest: Confidence | null | undefined): boolean {
  return strongest === null || strongest === "low";
}

function report(results: readonly CaseResult[], withBaselines: boolean): Record<string, number> {
  const ours: Ranks = { name: "backportd", ranks: results.map((result) => result.ours) };
  const grep: Ranks = { name: "git log --grep per frame", ranks: results.map((result) => result.grep) };
  const bm25: Ranks = { name: "plain BM25", ranks: results.map((result) => result.bm25) };
  printTable(withBaselines ? [ours, grep, bm25] : [ours]);
  if (withBaselines) {
    for (const other of [grep, bm25])
      console.log(`recall@10 against ${other.name}, paired: a difference by chance has p = ${pairedChance(ours, other).toExponential(1)}`);
  }
  const said = results.filter(({ highIsRight }) => highIsRight !== null);
  const right = said.filter(({ highIsRight }) => highIsRight === true).length;
  const times = results.map(({ milliseconds }) => milliseconds);
  const p50Ms = quantile(times, 0.5);
  const p95Ms = quantile(times, 0.95);
  console.log(`high confidence: said ${said.length} times, ${right} times of the fix`);
  console.log(
    `pool: median ${quantile(
      results.map((result) => result.pool),
      0.5,
    )} commits`,
  );
  console.log(`one query: median ${Math.round(p50Ms)} ms, 95 of 100 within ${Math.round(p95Ms)} ms`);
  return {
    cases: results.length,
    ...rankFigures(ours, ""),
    ...(withBaselines ? { ...rankFigures(grep, "baselineGrep"), ...rankFigures(bm25, "baselineBm25") } : {}),
    highSaid: said.length,
    highPrecision: said.length === 0 ? 0 : right / said.length,
    noCandidate: results.filter(({ strongest }) => isNone(strongest)).length,
    ...(results.some(({ strongestWithoutFix }) => strongestWithoutFix !== undefined)
      ? {
          highWithoutFix: results.filter(({ strongestWithoutFix }) => strongestWithoutFix === "high").length,
          noCandidateWithoutFix: results.filter(({ strongestWithoutFix }) => isNone(strongestWithoutFix)).length,
        }
      : {}),
    p50Ms,
    p95Ms,
  };
}
