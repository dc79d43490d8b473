import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rankCandidates } from "../src/analysis/candidates.ts";
import { openContext } from "../src/analysis/context.ts";
import { readCrash } from "../src/crash/read-crash.ts";
import { openRepository } from "../src/git/open-repository.ts";
import { openIndex } from "../src/history/open-index.ts";
import { readCases } from "./rank-cases.ts";
import { rankIndex } from "./rank-index.ts";
import { rankOf, recallAt } from "./ranks.ts";
import { joinRepositories } from "./repos.ts";
import { quantile, sample } from "./sample.ts";
import { required, wholeNumber } from "./usage.ts";

const SEED = 20_260_101;
const LIST = 3;

interface Values {
  readonly repo?: string[] | undefined;
  readonly index?: string | undefined;
  readonly cache?: string | undefined;
  readonly sample?: string | undefined;
}

/**
 * What `alreadyPresent` is worth, in prose. Every crash is asked of the kernel that crashed, where nothing that is present can be right, and of
 * the first release that has the fix, with the last release as upstream, where the fix should stand first; and how long the first question takes
 * with and without them.
 */
export async function measurePresent(values: Values): Promise<Record<string, number>> {
  const joined = await joinRepositories(required("repo", values.repo));
  const temporary = mkdtempSync(join(tmpdir(), "backportd-rank-"));
  const repo = openRepository({ gitDir: joined.gitDir, scratchDir: join(temporary, "scratch") });
  try {
    const { cases, releases } = await readCases(joined.gitDir, required("index", values.index), "capped");
    const index = openIndex(await rankIndex(joined.gitDir, releases, "prose", values.cache ?? temporary));
    const pinned = (tree: string, oid: string) => ({ tree, ref: tree, oid });
    const ask = async (text: string, target: string, upstream: string, includePresent: number) => {
      const ctx = await openContext({ repo, index, target: pinned("target", target), upstreams: [pinned("upstream", upstream)] });
      const start = performance.now();
      const found = await rankCandidates(ctx, readCrash(text), { maxCandidates: 10, includePresent });
      return { ...found, milliseconds: performance.now() - start };
    };
    const without: number[] = [];
    const withThem: number[] = [];
    const ranks: (number | null)[] = [];
    const [wrong, fixed] = [{ high: 0 }, { high: 0, right: 0 }];
    try {
      for (const one of sample(cases, wholeNumber("sample", values.sample, Number.MAX_SAFE_INTEGER), SEED)) {
        without.push((await ask(one.text, one.target, one.upstream, 0)).milliseconds);
        const lacking = await ask(one.text, one.target, one.upstream, LIST);
        withThem.push(lacking.milliseconds);
        if (lacking.alreadyPresent[0]?.confidence === "high") wrong.high += 1;
        const having = releases[releases.indexOf(one.target) + 1] ?? one.upstream;
        const { alreadyPresent } = await ask(one.text, having, releases.at(-1) ?? one.upstream, LIST);
        ranks.push(rankOf(alreadyPresent, ({ commit }) => commit.oid === one.fix));
        if (alreadyPresent[0]?.confidence !== "high") continue;
        fixed.high += 1;
        if (ranks.at(-1) === 1) fixed.right += 1;
      }
    } finally {
      index.close();
    }
    const list = { name: "already present", ranks };
    const figures = {
      cases: ranks.length,
      presentRecall1: recallAt(list, 1),
      presentRecall3: recallAt(list, LIST),
      presentHigh: fixed.high,
      presentHighRight: fixed.right,
      presentHighWithoutFix: wrong.high,
      p50WithoutMs: quantile(without, 0.5),
      p50WithMs: quantile(withThem, 0.5),
    };
    for (const [name, value] of Object.entries(figures)) console.log(name.padEnd(24), value.toFixed(3));
    return figures;
  } finally {
    await repo.close();
    joined.remove();
    rmSync(temporary, { recursive: true, force: true });
  }
}
