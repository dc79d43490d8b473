import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openContext } from "../src/analysis/context.ts";
import { prerequisitesOf } from "../src/analysis/prerequisites.ts";
import { tryCommit } from "../src/analysis/try-commit.ts";
import { openRepository } from "../src/git/open-repository.ts";
import { runGit } from "../src/git/process.ts";
import type { Repository } from "../src/git/repository.ts";
import type { HistoryIndex } from "../src/history/history-index.ts";
import { ingestHistory } from "../src/history/ingest.ts";
import { ingestPatches } from "../src/history/ingest-patches.ts";
import { openIndex } from "../src/history/open-index.ts";
import type { Prerequisite } from "../src/schema/analysis.ts";
import { commitsConflict } from "./broken-backports.ts";
import { mergeOutcomes } from "./git-truth.ts";
import { type Pair, readPairs } from "./pairs.ts";
import { type CheckedPlan, checkPlan } from "./plan-check.ts";
import { joinRepositories } from "./repos.ts";
import { quantile, sample } from "./sample.ts";
import { adjacentPairs, explainStuck } from "./stuck-pairs.ts";
import { readOptions, required, wholeNumber } from "./usage.ts";

const Oid = z.string().regex(/^[0-9a-f]{40}$/);
const Case = z.object({ prerequisiteBackport: Oid, fixBackport: Oid, prerequisiteOrigin: Oid, fixOrigin: Oid });
const Cases = z.object({ required: z.array(Case), notRequired: z.array(Case) });
type Case = z.infer<typeof Case>;

interface Answer {
  readonly one: Case;
  readonly named: readonly Prerequisite[];
  readonly ms: number;
  /** null when it was not planned. */
  readonly plan: CheckedPlan | null;
}

/**
 * Adjacent backports A and B: B's origin is judged on the tree before A. In `required` cases A's origin is the gold; in `notRequired` cases the
 * pick is clean, and whatever is named required for its text is a false alarm. Every plan that applies is handed to `git am`. With pairs, those
 * that conflict with and without the backport below them are looked at too: is every failing hunk explained, and a commit named.
 * --repo R... --cases JSON [--sample N] (of the clean picks) [--plans N] (of these, planned too) [--pairs TSV] [--stuck N] (of its conflicting pairs) [--cache DIR]
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, {
    repo: { type: "string", multiple: true },
    cases: { type: "string" },
    sample: { type: "string" },
    plans: { type: "string" },
    pairs: { type: "string" },
    stuck: { type: "string" },
    cache: { type: "string" },
  });
  const cases = Cases.parse(JSON.parse(readFileSync(required("cases", options.cases), "utf8")));
  const clean = sample(cases.notRequired, wholeNumber("sample", options.sample, cases.notRequired.length), 1);
  const joined = await joinRepositories(required("repo", options.repo));
  try {
    const indexPath = join(options.cache ?? joined.workDir, "prerequisites.sqlite");
    mkdirSync(options.cache ?? joined.workDir, { recursive: true });
    const pairs = options.pairs === undefined ? [] : await conflictingPairs(joined.gitDir, readPairs(options.pairs));
    const covered = pairs.map(({ backport, origin }) => ({ fixBackport: backport, fixOrigin: origin }));
    await buildIndex(joined.gitDir, indexPath, [...cases.required, ...clean, ...covered]);
    const index = openIndex(indexPath);
    const repo = openRepository({ gitDir: joined.gitDir, scratchDir: join(joined.workDir, "scratch") });
    const contextOf = (target: string, fixOrigin: string) =>
      openContext({
        repo,
        index,
        target: { tree: "target", ref: "", oid: target },
        upstreams: [{ tree: "upstream", ref: "", oid: fixOrigin }],
      });
    const ask = async (one: Case, planned: boolean): Promise<Answer> => {
      const [target = ""] = index.commit(one.prerequisiteBackport)?.parents ?? [];
      const started = performance.now();
      const ctx = await contextOf(target, one.fixOrigin);
      const tried = await tryCommit(ctx, one.fixOrigin);
      const named = tried.kind === "tried" ? await prerequisitesOf(ctx, tried) : [];
      const ms = performance.now() - started;
      const plan = planned ? await checkPlan(ctx, one.fixOrigin, joined.workDir) : null;
      return { one, named: named.filter((each) => each.need === "required"), ms, plan };
    };
    try {
      const onRequired: Answer[] = [];
      for (const one of cases.required) onRequired.push(await ask(one, true));
      const onClean: Answer[] = [];
      const planned = new Set(sample(clean, wholeNumber("plans", options.plans, clean.length), 1));
      for (const one of clean) onClean.push(await ask(one, planned.has(one)));
      const stuck = { pairs: 0, explained: 0 };
      for (const pair of sample(adjacentPairs(index, pairs), wholeNumber("stuck", options.stuck, pairs.length), 1)) {
        const answer = await explainStuck(pair, (target) => contextOf(target, pair.fixOrigin));
        if (answer === null) continue;
        stuck.pairs++;
        if (answer.missing === null) stuck.explained++;
        else console.log(`not explained: ${pair.fixOrigin.slice(0, 12)} on ${pair.target.slice(0, 12)}: ${answer.missing}`);
      }
      return {
        ...figures(onRequired, onClean, index),
        ...(await solvedFigures(onRequired, repo)),
        ...planFigures([...onRequired, ...onClean]),
        stuckPairs: stuck.pairs,
        stuckExplained: stuck.explained / Math.max(1, stuck.pairs),
      };
    } finally {
      index.close();
      await repo.close();
    }
  } finally {
    joined.remove();
  }
}

/** The recall on cases whose prerequisite was backported without committing a conflict. */
async function solvedFigures(answers: readonly Answer[], repo: Repository): Promise<Record<string, number>> {
  const solved: Answer[] = [];
  for (const answer of answers) {
    const { prerequisiteBackport, prerequisiteOrigin } = answer.one;
    if (await commitsConflict(repo, prerequisiteBackport, prerequisiteOrigin))
      console.log(`committed conflict: ${prerequisiteBackport.slice(0, 12)}`);
    else solved.push(answer);
  }
  const found = solved.filter(({ one, named }) => named.some((each) => each.oid === one.prerequisiteOrigin)).length;
  return { solvedCases: solved.length, solvedRecall: found / Math.max(1, solved.length) };
}

/** How many plans became mails, and how many of these `git am` took with the promised tree. */
function planFigures(answers: readonly Answer[]): Record<string, number> {
  const outcomes = answers.flatMap(({ one, plan }) => (plan === null ? [] : [{ fix: one.fixOrigin.slice(0, 12), ...plan }]));
  for (const { fix, agrees, note } of outcomes)
    if (agrees !== true) console.log(`plan ${fix}: ${agrees === null ? "none" : "WRONG"}: ${note}`);
  const exported = outcomes.filter(({ agrees }) => agrees !== null);
  const agreeing = exported.filter(({ agrees }) => agrees).length;
  return { plans: exported.length, planAgreement: agreeing / Math.max(1, exported.length) };
}

/** Everything that some case's fix has and its target lacks. */
async function buildIndex(gitDir: string, indexPath: string, cases: readonly Pick<Case, "fixBackport" | "fixOrigin">[]): Promise<void> {
  const upstreamHeads = await independent(gitDir, [...new Set(cases.map((one) => one.fixOrigin))]);
  const targets = [...new Set(cases.map((one) => one.fixBackport))];
  const oldest = (await runGit(["merge-base", "--octopus", ...upstreamHeads, ...targets], { gitDir })).toString().trim();
  const upstreams = upstreamHeads.map((headOid) => ({ id: headOid, role: "mainline" as const, headOid }));
  const options = { gitDir, indexPath, report: () => {} };
  const backports = await independent(gitDir, targets);
  await ingestHistory({
    ...options,
    trees: [...upstreams, ...backports.map((headOid) => ({ id: headOid, role: "stable" as const, headOid }))],
  });
  await ingestPatches({ ...options, trees: [...upstreams, { id: "oldest", role: "vendor", headOid: oldest }] });
}

async function conflictingPairs(gitDir: string, pairs: readonly Pair[]): Promise<Pair[]> {
  const outcomes = await mergeOutcomes(gitDir, pairs);
  return pairs.filter((_, at) => outcomes[at]?.applies === false);
}

/** Those that no other one contains. */
async function independent(gitDir: string, oids: readonly string[]): Promise<string[]> {
  return (await runGit(["merge-base", "--independent", ...oids], { gitDir })).toString().trim().split("\n");
}

const TEXTUAL: ReadonlySet<Prerequisite["kind"]> = new Set(["textual", "declared", "series"]);

function figures(onRequired: readonly Answer[], onClean: readonly Answer[], index: HistoryIndex): Record<string, number> {
  let found = 0;
  let named = 0;
  for (const { one, named: all } of onRequired) {
    // What only another prerequisite needs is not held against the answer.
    const direct = all.filter((each) => TEXTUAL.has(each.kind) && each.proof.neededBy === one.fixOrigin);
    const hit = all.some((each) => each.oid === one.prerequisiteOrigin);
    named += direct.length;
    if (hit) found++;
    const others = direct.filter((each) => each.oid !== one.prerequisiteOrigin);
    if (!hit || others.length > 0) {
      console.log(
        `${hit ? "also" : "MISS"} ${one.fixOrigin.slice(0, 12)} needs ${one.prerequisiteOrigin.slice(0, 12)} "${index.commit(one.prerequisiteOrigin)?.subject}"`,
      );
      for (const other of others) console.log(`     named ${other.oid.slice(0, 12)} "${other.subject}": ${other.proof.summary}`);
    }
  }
  const flags = onClean.flatMap(({ named: all }) => all.filter((each) => TEXTUAL.has(each.kind) && each.kind !== "symbol"));
  const symbols = onClean.flatMap(({ one, named: all }) => all.filter((each) => each.kind === "symbol").map((each) => ({ one, each })));
  for (const { one, each } of symbols)
    console.log(`symbol on clean pick ${one.fixOrigin.slice(0, 12)}: ${each.oid.slice(0, 12)} ${each.proof.summary}`);
  const times = [...onRequired, ...onClean].map((answer) => answer.ms);
  return {
    cases: onRequired.length + onClean.length,
    recall: found / Math.max(1, onRequired.length),
    precision: found / Math.max(1, named),
    flagsOnClean: flags.length / Math.max(1, onClean.length),
    symbolOnClean: symbols.length / Math.max(1, onClean.length),
    medianMs: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
  };
}
