import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type AnalysisContext, openContext } from "../src/analysis/context.ts";
import { presenceWithContent } from "../src/analysis/presence-checked.ts";
import { openRepository } from "../src/git/open-repository.ts";
import { runGit } from "../src/git/process.ts";
import type { HistoryIndex } from "../src/history/history-index.ts";
import { ingestHistory } from "../src/history/ingest.ts";
import { ingestPatches } from "../src/history/ingest-patches.ts";
import { openIndex } from "../src/history/open-index.ts";
import type { Presence } from "../src/schema/analysis.ts";
import { type Containment, containedBy } from "./contained.ts";
import { type Pair, readPairs } from "./pairs.ts";
import { joinRepositories } from "./repos.ts";
import { quantile, sample } from "./sample.ts";
import { readOptions, required, UsageError, wholeNumber } from "./usage.ts";

const SEED = 20_260_102;
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** Heads of the two trees that the index is built for; the same pairs give the same ids. */
interface Heads {
  /** One merge of all origins, with the files of the newest. */
  readonly upstream: string;
  /** One merge of all backports. */
  readonly vendor: string;
  /** A commit without files or history: the tree of which nothing but content is known. */
  readonly squash: string;
}

async function makeHeads(gitDir: string, pairs: readonly Pair[]): Promise<Heads> {
  const commit = async (parents: readonly string[], tree: string): Promise<string> => {
    const lines = [...new Set(parents)].sort().map((oid) => `parent ${oid}\n`);
    const person = "eval <eval@example.org> 0 +0000";
    const input = `tree ${tree}\n${lines.join("")}author ${person}\ncommitter ${person}\n\npairs\n`;
    return (await runGit(["hash-object", "-t", "commit", "-w", "--stdin"], { gitDir, input })).toString().trim();
  };
  await runGit(["hash-object", "-t", "tree", "-w", "--stdin"], { gitDir, input: "" });
  const origins = pairs.map((pair) => pair.origin);
  const newest = ["log", "--no-walk", "--max-count=1", "--format=%T", "--end-of-options", ...origins];
  return {
    upstream: await commit(origins, (await runGit(newest, { gitDir })).toString().trim()),
    vendor: await commit(
      pairs.map((pair) => pair.backport),
      EMPTY_TREE,
    ),
    squash: await commit([], EMPTY_TREE),
  };
}

/** The product's own index over both trees. With a cache directory it is built once for the same pairs, and an interrupted run goes on. */
async function indexOf(gitDir: string, heads: Heads, patches: boolean, cache: string): Promise<string> {
  mkdirSync(cache, { recursive: true });
  const name = createHash("sha1").update(Object.values(heads).join()).digest("hex").slice(0, 12);
  const path = join(cache, `presence-${name}-${patches ? "patches" : "history"}.sqlite`);
  if (existsSync(path)) return path;
  const upstream = { id: "upstream", role: "mainline" as const, headOid: heads.upstream };
  const vendor = { id: "vendor", role: "vendor" as const, headOid: heads.vendor };
  // Beside the squashed tree every commit would matter to the pass over patches.
  const trees = patches ? [upstream, vendor] : [upstream, vendor, { ...vendor, id: "squash", headOid: heads.squash }];
  const options = { gitDir, indexPath: `${path}.part`, trees, report: () => {} };
  await ingestHistory(options);
  if (patches) await ingestPatches(options);
  renameSync(options.indexPath, path);
  return path;
}

/** The same index, in which the message of one commit refers to nothing. */
function withoutReferencesOf(index: HistoryIndex, oid: string): HistoryIndex {
  return {
    ...index,
    linksFrom: (from) => (from === oid ? [] : index.linksFrom(from)),
    linksTo: (to) => index.linksTo(to).filter((link) => link.from !== oid),
  };
}

/** Found means: present, equivalent, or partial with at least half of the hunks. */
function isFound({ state, hunks }: Presence): boolean {
  if (state === "partial") return hunks !== undefined && hunks.present * 2 >= hunks.total;
  return state === "present" || state === "equivalent";
}

type Ask = (pair: Pair, commit: string) => Promise<Presence>;
type Contained = (pair: Pair) => Promise<Containment | null>;

/**
 * Is the origin found in the backport's tree, and wrongly in the tree before it. Where it is found there, git is asked too: a change that was
 * picked twice is in the tree before the second pick (`containedInParent`; `falseRest` are the others). Options: `--repo R` (may be repeated), `--pairs TSV`,
 * `--squash` to judge by content alone, `--sample N` for a random part, `--cache DIR` to keep the index, `--verbose` to list what went wrong.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, {
    repo: { type: "string", multiple: true },
    pairs: { type: "string" },
    squash: { type: "boolean" },
    sample: { type: "string" },
    cache: { type: "string" },
    verbose: { type: "boolean" },
  });
  const joined = await joinRepositories(required("repo", values.repo));
  try {
    const { gitDir, workDir } = joined;
    const all = await existing(gitDir, readPairs(required("pairs", values.pairs)));
    if (all.length === 0) throw new UsageError("the repositories hold none of the pairs");
    const pairs = sample(all, wholeNumber("sample", values.sample, all.length), SEED);
    const heads = await makeHeads(gitDir, all);
    const index = openIndex(await indexOf(gitDir, heads, values.squash !== true, values.cache ?? workDir));
    const repo = openRepository({ gitDir, scratchDir: join(workDir, ".git/scratch") });
    try {
      const upstreams = [{ tree: "upstream", ref: "upstream", oid: heads.upstream }];
      const target = (oid: string) => ({ tree: "target", ref: "target", oid });
      const squashed = values.squash === true ? await openContext({ repo, index, target: target(heads.squash), upstreams }) : null;
      const inSquashed = async (ctx: AnalysisContext, commit: string): Promise<AnalysisContext> => ({
        ...ctx,
        targetTree: (await repo.commit(commit))?.tree ?? "",
        checked: new Map(),
      });
      const inHistory = (pair: Pair, commit: string): Promise<AnalysisContext> =>
        openContext({ repo, index: withoutReferencesOf(index, pair.backport), target: target(commit), upstreams });
      const ask: Ask = async (pair, commit) => {
        const ctx = squashed === null ? await inHistory(pair, commit) : await inSquashed(squashed, commit);
        const origin = index.commit(pair.origin);
        if (origin === null) throw new Error(`the index lacks ${pair.origin}`);
        return presenceWithContent(ctx, origin);
      };
      const contained: Contained = (pair) => containedBy(gitDir, workDir, pair.origin, pair.parent);
      return await measure(pairs, ask, contained, values.verbose === true);
    } finally {
      index.close();
      await repo.close();
    }
  } finally {
    joined.remove();
  }
}

/** Pairs whose commits the repositories hold. */
async function existing(gitDir: string, pairs: readonly Pair[]): Promise<Pair[]> {
  const oids = pairs.flatMap(({ backport, origin, parent }) => [backport, origin, parent]);
  const printed = await runGit(["cat-file", "--batch-check", "--buffer"], { gitDir, input: oids.map((oid) => `${oid}\n`).join("") });
  const lines = printed.toString().split("\n");
  return pairs.filter((_, at) => [0, 1, 2].every((n) => / commit \d+$/.test(lines[at * 3 + n] ?? "")));
}

/** Is the commit that the answer names the recorded backport. */
function carrierOf({ by, conflicts = [] }: Presence, { backport }: Pair): "backport" | "ambiguous" | "another" {
  if (by?.oid === backport) return "backport";
  return conflicts.length > 0 ? "ambiguous" : "another";
}

async function measure(pairs: readonly Pair[], ask: Ask, contained: Contained, verbose: boolean): Promise<Record<string, number>> {
  const routes = new Map<string, number>();
  const times: number[] = [];
  let found = 0;
  let falsePresent = 0;
  let containedInParent = 0;
  const carriers = { backport: 0, ambiguous: 0, another: 0 };
  const say = (what: string, pair: Pair, commit: string, { state, route, because, hunks }: Presence): void => {
    const told = hunks === undefined ? "" : ` (${hunks.present} there, ${hunks.absent} not, of ${hunks.total})`;
    if (verbose) console.log(`${what}: ${pair.origin} in ${commit}: ${state} ${route ?? ""}${told}: ${because}`);
  };
  for (const pair of pairs) {
    const start = performance.now();
    const inBackport = await ask(pair, pair.backport);
    times.push(performance.now() - start);
    const inParent = await ask(pair, pair.parent);
    const answer = `${inBackport.state} by ${inBackport.route ?? "nothing"}`;
    routes.set(answer, (routes.get(answer) ?? 0) + 1);
    if (inBackport.by !== null) carriers[carrierOf(inBackport, pair)]++;
    if (isFound(inBackport)) found++;
    else say("missed", pair, pair.backport, inBackport);
    if (isFound(inParent)) {
      falsePresent++;
      const by = await contained(pair);
      if (by !== null) containedInParent++;
      say(by === null ? "false" : `contained (${by})`, pair, pair.parent, inParent);
    }
  }
  for (const [answer, count] of [...routes].sort((a, b) => b[1] - a[1])) console.log(`${String(count).padStart(6)}  ${answer}`);
  console.log(
    `carried by the recorded backport ${carriers.backport}, ambiguity told ${carriers.ambiguous}, another commit ${carriers.another}`,
  );
  console.log(`${quantile(times, 0.5).toFixed(1)} ms for half of the questions, ${quantile(times, 0.95).toFixed(1)} ms for 95 %`);
  const share = (count: number): number => count / pairs.length;
  return {
    pairs: pairs.length,
    found: share(found),
    falsePresent: share(falsePresent),
    containedInParent: share(containedInParent),
    falseRest: share(falsePresent - containedInParent),
  };
}
