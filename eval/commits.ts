import { readFileSync } from "node:fs";
import { CommitList } from "../src/schema/commits.ts";
import { quantile } from "./sample.ts";
import { readOptions, required, UsageError, wholeNumber } from "./usage.ts";

/**
 * How long a running service takes to say which commits are in a tree. The first round warms it up and does not count. Options: `--url BASE`,
 * `--tree ID`, `--ids FILE` (one id a line, at most 1,000), `--rounds N`.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, {
    url: { type: "string" },
    tree: { type: "string" },
    ids: { type: "string" },
    rounds: { type: "string" },
  });
  const url = new URL(`/v1/trees/${encodeURIComponent(required("tree", values.tree))}/commits`, required("url", values.url));
  const oids = readFileSync(required("ids", values.ids), "utf8")
    .split(/\s+/)
    .filter((id) => id !== "");
  const seconds: number[] = [];
  for (let round = 0; round <= wholeNumber("rounds", values.rounds, 5); round++) {
    const started = performance.now();
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ oids }) });
    const text = await answer.text();
    if (!answer.ok) throw new UsageError(`the service answers ${answer.status}: ${text}`);
    if (round > 0) seconds.push((performance.now() - started) / 1000);
    if (round === 0) console.log(statesOf(CommitList.parse(JSON.parse(text))));
  }
  return { ids: oids.length, rounds: seconds.length, bestSeconds: Math.min(...seconds), medianSeconds: quantile(seconds, 0.5) };
}

function statesOf({ items }: CommitList): string {
  const counts = new Map<string, number>();
  for (const { presence, problem } of items) {
    const state = presence?.state ?? problem?.code ?? "";
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}
