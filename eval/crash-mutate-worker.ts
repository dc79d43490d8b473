import { readCrash } from "../src/crash/read-crash.ts";
import { Signature } from "../src/schema/signature.ts";
import { mutatedText, textsOf } from "./crash-mutations.ts";

export interface Chunk {
  readonly folders: readonly string[];
  readonly seed: number;
  /** Numbers of the first text, and behind the last. */
  readonly from: number;
  readonly to: number;
}

export interface ChunkResult {
  readonly exceptions: number;
  /** Results that break their schema or pass a limit. */
  readonly overLimits: number;
  readonly slowestMs: number;
  readonly examples: readonly string[];
}

/** What a signature may hold at most, by path; arrays count their items, texts their characters. */
const LIMITS: readonly { readonly what: string; readonly most: number; readonly sizes: (signature: Signature) => readonly number[] }[] = [
  { what: "title", most: 120, sizes: ({ title, altTitles }) => [title, ...altTitles].map((text) => text.length) },
  { what: "altTitles", most: 40, sizes: ({ altTitles }) => [altTitles.length] },
  { what: "frames", most: 64, sizes: ({ frames }) => [frames.length] },
  { what: "symbol", most: 200, sizes: ({ frames }) => frames.map((frame) => frame.symbol.length) },
  { what: "messages", most: 8, sizes: ({ messages }) => [messages.length] },
  { what: "modules", most: 300, sizes: ({ modules }) => [modules.length] },
  { what: "identifiers", most: 100, sizes: ({ identifiers }) => [identifiers.length] },
  { what: "reports", most: 64, sizes: ({ details }) => [details?.reports.length ?? 0] },
  { what: "otherStacks", most: 16, sizes: ({ details }) => [details?.otherStacks.length ?? 0] },
  { what: "frames of other stacks", most: 32, sizes: ({ details }) => details?.otherStacks.map((stack) => stack.frames.length) ?? [] },
  { what: "locks", most: 32, sizes: ({ details }) => [details?.locks.length ?? 0] },
  { what: "objects", most: 50, sizes: ({ details }) => [details?.objects.length ?? 0] },
  { what: "fieldHints", most: 16, sizes: ({ details }) => [details?.fieldHints.length ?? 0] },
  { what: "sources", most: 100, sizes: ({ details }) => [details?.sources.length ?? 0] },
  { what: "JSON", most: 400_000, sizes: (signature) => [JSON.stringify(signature).length] },
];

/** Why a signature is not what its readers may rely on, or null. */
export function faultOf(text: string, signature: Signature): string | null {
  const parsed = Signature.safeParse(signature);
  if (!parsed.success) return `schema: ${parsed.error.issues[0]?.path.join(".")} ${parsed.error.issues[0]?.message}`;
  const over = LIMITS.find(({ most, sizes }) => sizes(signature).some((size) => size > most));
  if (over !== undefined) return `more than ${over.most}: ${over.what}`;
  const spans = [...(signature.details?.spans ?? []), ...(signature.details?.reports.map((report) => report.span) ?? [])];
  return spans.every(({ start, end }) => start >= 0 && start <= end && end <= text.length) ? null : "a span outside the text";
}

const EXAMPLES = 3;
let texts: readonly string[] | null = null;

/** Reads the mutated texts of a chunk. */
export default function readChunk({ folders, seed, from, to }: Chunk): ChunkResult {
  texts ??= textsOf(folders);
  let exceptions = 0;
  let overLimits = 0;
  let slowestMs = 0;
  const examples: string[] = [];
  for (let n = from; n < to; n++) {
    const text = mutatedText(texts, seed, n);
    try {
      const start = performance.now();
      const signature = readCrash(text);
      slowestMs = Math.max(slowestMs, performance.now() - start);
      const fault = faultOf(text, signature);
      if (fault === null) continue;
      overLimits++;
      examples.push(`${n}: ${fault}`);
    } catch (error) {
      exceptions++;
      examples.push(`${n}: ${String(error)}`);
    }
  }
  return { exceptions, overLimits, slowestMs, examples: examples.slice(0, EXAMPLES) };
}
