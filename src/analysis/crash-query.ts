import { COMMON_NAME_PIECES } from "../rules/evidence.ts";
import type { Signature } from "../schema/signature.ts";

export interface WeighedFunction {
  readonly name: string;
  /** How much it says about where the fix sits, 0 to about 1.3. */
  readonly weight: number;
  readonly module: string | null;
}

/** What a signature asks of the history, weighted. */
export interface CrashQuery {
  /** Functions of the stack that say something, each once, by descending weight. */
  readonly functions: readonly WeighedFunction[];
  /** Names mentioned outside the frames. */
  readonly identifiers: readonly { readonly name: string; readonly source: string }[];
  readonly modules: readonly string[];
  /** Words that a message or path about the same code may have: pieces of function names such as nfsd4 and probe, modules, the task. */
  readonly words: ReadonlyMap<string, number>;
}

const MOST_FUNCTIONS = 14;
/** Primitives such as queue_work_on carry a small weight in the lists; below this they only stand in titles. */
const LEAST_WEIGHT = 0.1;
const SHORTEST_WORD = 3;
const MODULE_WEIGHT = 0.8;
const TASK_WEIGHT = 0.4;
const MESSAGE_WEIGHT = 0.4;

export function crashQuery(signature: Signature): CrashQuery {
  const functions = functionsOf(signature);
  const inStack = new Set(functions.map(({ name }) => name));
  const modules = [...new Set(functions.flatMap(({ module }) => (module === null ? [] : [module])))];
  return {
    functions: functions.slice(0, MOST_FUNCTIONS),
    identifiers: signature.identifiers.filter(({ name }) => !inStack.has(name)),
    modules,
    words: wordsOf(signature, functions, modules),
  };
}

function functionsOf(signature: Signature): WeighedFunction[] {
  const weights = new Map<string, { weight: number; module: string | null }>();
  const modules = new Set(signature.frames.map((frame) => frame.module));
  for (const frame of signature.frames) {
    // A thread function that bears its module's name (nfsd) is a word of every message about that module.
    if (modules.has(frame.symbol)) continue;
    if (frame.weight < LEAST_WEIGHT || frame.generic === "irrelevant") continue;
    const known = weights.get(frame.symbol);
    if (known === undefined || known.weight < frame.weight) weights.set(frame.symbol, { weight: frame.weight, module: frame.module });
  }
  for (const place of [signature.pc, signature.lr]) {
    if (place !== null && !weights.has(place.symbol) && !signature.frames.some((frame) => frame.symbol === place.symbol)) {
      weights.set(place.symbol, { weight: 0.5, module: place.module });
    }
  }
  const work = signature.workqueue?.function;
  if (work !== undefined && work !== null && !weights.has(work)) weights.set(work, { weight: 0.9, module: null });
  return [...weights].map(([name, { weight, module }]) => ({ name, weight, module })).sort((a, b) => b.weight - a.weight);
}

function wordsOf(signature: Signature, functions: readonly WeighedFunction[], modules: readonly string[]): Map<string, number> {
  const words = new Map<string, number>();
  const add = (text: string, weight: number) => {
    for (const piece of text.toLowerCase().split(/[^a-z0-9]+/)) {
      if (piece.length < SHORTEST_WORD || /^(?:0x)?[0-9a-f]*\d$/.test(piece) || COMMON_NAME_PIECES.has(piece)) continue;
      words.set(piece, Math.max(weight, words.get(piece) ?? 0));
    }
  };
  for (const { name, weight } of functions) add(name, weight);
  for (const module of modules) {
    words.set(module, MODULE_WEIGHT);
    add(module, MODULE_WEIGHT);
  }
  for (const { name } of signature.identifiers) add(name, MODULE_WEIGHT);
  if (signature.comm !== null) add(signature.comm.replace(/\/.*$/, ""), TASK_WEIGHT);
  if (signature.workqueue !== null) add(signature.workqueue.name, MODULE_WEIGHT);
  if (signature.assert !== null) add(signature.assert.file.replace(/^.*\//, "").replace(/\.[chS]$/, ""), 1);
  for (const { template } of signature.messages) add(template.replace(/%\w+/g, " "), MESSAGE_WEIGHT);
  return words;
}
