import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Piscina } from "piscina";
import { z } from "zod";
import type { Chunk, ChunkResult } from "./crash-mutate-worker.ts";
import { readOptions, required, UsageError, wholeNumber } from "./usage.ts";

const CHUNK = 5_000;

/** What an interrupted run leaves: the question, and the chunks that are done with what they found. */
const State = z.object({
  folders: z.array(z.string()),
  seed: z.number(),
  chunks: z.record(
    z.string(),
    z.object({ exceptions: z.number(), overLimits: z.number(), slowestMs: z.number(), examples: z.array(z.string()) }),
  ),
});
type State = z.infer<typeof State>;

function readState(path: string | undefined, folders: string[], seed: number): State {
  const begun: State = { folders, seed, chunks: {} };
  if (path === undefined) return begun;
  try {
    const state = State.parse(JSON.parse(readFileSync(path, "utf8")));
    if (state.seed !== seed || state.folders.join() !== folders.join()) throw new UsageError(`--state ${path} is of another seed or data`);
    return state;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return begun;
    throw error;
  }
}

/** Written beside and renamed, so that a run that is killed leaves a whole file. */
function writeState(path: string, state: State): void {
  writeFileSync(`${path}.new`, JSON.stringify(state));
  renameSync(`${path}.new`, path);
}

/**
 * Reads mutated crash texts and counts exceptions and results that break their schema or pass a limit. Text n is the same for the same seed
 * and data. Options: `--data DIR` (several), `--count N` (1000000), `--seed N` (1), `--threads N` (2), `--state FILE` to go on after an
 * interruption.
 */
export async function run(args: string[]): Promise<Record<string, number>> {
  const values = readOptions(args, {
    data: { type: "string", multiple: true },
    count: { type: "string" },
    seed: { type: "string" },
    threads: { type: "string" },
    state: { type: "string" },
  });
  const folders = required("data", values.data).map((folder) => resolve(folder));
  const count = wholeNumber("count", values.count, 1_000_000);
  const seed = wholeNumber("seed", values.seed, 1);
  const state = readState(values.state, folders, seed);
  const pool = new Piscina<Chunk, ChunkResult>({
    filename: new URL("crash-mutate-worker.ts", import.meta.url).href,
    maxThreads: Math.max(1, wholeNumber("threads", values.threads, 2)),
    execArgv: ["--import", import.meta.resolve("tsx")],
  });
  const wanted: Chunk[] = [];
  for (let from = 0; from < count; from += CHUNK) wanted.push({ folders, seed, from, to: Math.min(count, from + CHUNK) });
  const keyOf = ({ from, to }: Chunk): string => `${from}-${to}`;
  try {
    const left = wanted.filter((chunk) => state.chunks[keyOf(chunk)] === undefined);
    await Promise.all(
      left.map(async (chunk) => {
        const result = await pool.run(chunk);
        state.chunks[keyOf(chunk)] = { ...result, examples: [...result.examples] };
        for (const example of result.examples) console.log(`  text ${example}`);
        if (values.state !== undefined) writeState(values.state, state);
      }),
    );
  } finally {
    await pool.destroy();
  }
  const results = wanted.flatMap((chunk) => state.chunks[keyOf(chunk)] ?? []);
  const sum = (of: (result: State["chunks"][string]) => number): number => results.reduce((total, result) => total + of(result), 0);
  return {
    texts: count,
    exceptions: sum(({ exceptions }) => exceptions),
    overLimits: sum(({ overLimits }) => overLimits),
    slowestMs: Math.max(0, ...results.map(({ slowestMs }) => slowestMs)),
  };
}
