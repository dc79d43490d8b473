import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openContext } from "../src/analysis/context.ts";
import { prerequisitesOf } from "../src/analysis/prerequisites.ts";
import { tryCommit } from "../src/analysis/try-commit.ts";
import { openRepository } from "../src/git/open-repository.ts";
import { runGit } from "../src/git/process.ts";
import type { HistoryIndex } from "../src/history/history-index.ts";
import { ingestHistory } from "../src/history/ingest.ts";
import { ingestPatches } from "../src/history/ingest-patches.ts";
import { openIndex } from "../src/history/open-index.ts";
import type { Prerequisite } from "../src/schema/analysis.ts";
import { joinRepositories } from "./repos.ts";
import { quantile, sample } from "./sample.ts";
import { readOptions, required, wholeNumber } from "./usage.ts";

const Oid = z.string().regex(/^[0-9a-f]{40}$/);
const Case = z.object({ prerequisiteBackport: Oid, fixBackport: Oid, prerequisiteOrigin: Oid, fixOrigin: Oid });
const Cases = z.object({ required: z.array(Case), notRequired: z.array(Case) });
type Case = z.infer<typeof Case>;

interface Answer {
  readonly one: Case;
  readonly named: readonly Prerequisite[];
  readonly ms: number;
}

/**
 * Adjacent backports A and B: B's origin is judged on the tree before A. In `required` cases A's origin is the gold; in `notRequired` cases the
 * pick is clean, and whatever is named required for its text is a false alarm.
 * --repo R... --cases JSON [--sample N] (of the clean picks) [--cache DIR]
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const options = readOptions(args, {
    repo: { type: "string", multiple: true },
    cases: { type: "string" },
    sample: { type: "string" },
    cache: { type: "string" },
  });
  const cases = Cases.parse(JSON.parse(readFileSync(required("cases", options.cases), "utf8")));
  const clean = sample(cases.notRequired, wholeNumber("sample", options.sample, cases.notRequired.length), 1);
  const joined = await joinRepositories(required("repo", options.repo));
  try {
    const indexPath = join(options.cache ?? joined.workDir, "prerequisites.sqlite");
    mkdirSync(options.cache ?? joined.workDir, { recursive: true });
    await buildIndex(joined.gitDir, indexPath, [...cases.required, ...clean]);
    const index = openIndex(indexPath);
    const repo = openRepository({ gitDir: joined.gitDir, scratchDir: join(joined.workDir, "scratch") });
    const ask = async (one: Case): Promise<Answer> => {
      const [target = ""] = index.commit(one.prerequisiteBackport)?.parents ?? [];
      const started = performance.now();
      const ctx = await openContext({
        repo,
        index,
        target: { tree: "target", ref: "", oid: target },
        upstreams: [{ tree: "upstream", ref: "", oid: one.fixOrigin }],
      });
      const tried = await tryCommit(ctx, one.fixOrigin);
      const named = tried.kind === "tried" ? (await prerequisitesOf(ctx, tried)).prerequisites : [];
      return { one, named: named.filter((each) => each.need === "required"), ms: performance.now() - started };
    };
    try {
      const onRequired: Answer[] = [];
      for (const one of cases.required) onRequired.push(await ask(one));
      const onClean: Answer[] = [];
      for (const one of clean) onClean.push(await ask(one));
      return figures(onRequired, onClean, index);
    } finally {
      index.close();
      await repo.close();
    }
  } finally {
    joined.remove();
  }
}

/** Everything that some case's fix has and its target lacks. */
async function buildIndex(gitDir: string, indexPath: string, cases: readonly Case[]): Promise<void> {
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
