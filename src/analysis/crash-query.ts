import { COMMON_LOCK_NAMES, COMMON_NAME_PIECES, FUNCTION_SOURCES } from "../rules/evidence-words.ts";
import { frameClass } from "../rules/frame-lists.ts";
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
  /** Names of the locks that the report tells of, such as mmap_sem. */
  readonly locks: readonly string[];
  readonly modules: readonly string[];
  /** Words that a message or path about the same code may have: pieces of function names such as nfsd4 and probe, modules, the task. */
  readonly words: ReadonlyMap<string, number>;
}

const MOST_FUNCTIONS = 14;
/** Primitives such as queue_work_on carry a small weight in the lists; below this they only stand in titles. */
const LEAST_WEIGHT = 0.1;
const SHORTEST_WORD = 3;
const MODULE_WEIGHT = 0.8;
const LOCK_WEIGHT = 0.5;
/** Of a stack beside the root, each further function says so much of the one inside it. */
const OTHER_STACK_DECAY = 0.8;
const TASK_WEIGHT = 0.4;
const MESSAGE_WEIGHT = 0.4;

export function crashQuery(signature: Signature): CrashQuery {
  const functions = functionsOf(signature);
  const inStack = new Set(functions.map(({ name }) => name));
  const modules = [...new Set(functions.flatMap(({ module }) => (module === null ? [] : [module])))];
  const locks = locksOf(signature);
  return {
    functions: functions.slice(0, MOST_FUNCTIONS),
    identifiers: identifiersOf(signature).filter(({ name }) => !inStack.has(name)),
    locks,
    modules,
    words: wordsOf(signature, functions, modules, locks),
  };
}

/** Names of the text, and the members that may lie at the offset of the fault. */
function identifiersOf({ identifiers, details }: Signature): CrashQuery["identifiers"] {
  const members = (details?.fieldHints ?? []).map(({ field }) => ({ name: field, source: "member at the offset of the fault" }));
  const names = new Set(identifiers.map(({ name }) => name));
  return [...identifiers, ...members.filter(({ name }) => !names.has(name))];
}

const LOCK_NAME = /[A-Za-z_]\w{2,}/g;

/** Lockdep prints a lock as the expression that initialised it: `&(&ifmgd->work_lock)->rlock`, `&sb->s_type->i_mutex_key#12`. */
function locksOf({ details }: Signature): string[] {
  const names = (details?.locks ?? []).flatMap(({ name }) => name.match(LOCK_NAME) ?? []);
  return [...new Set(names.map((name) => name.replace(/_key$/, "")))].filter((name) => !COMMON_LOCK_NAMES.has(name));
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
      weights.set(place.symbol, { weight: FUNCTION_SOURCES.place, module: place.module });
    }
  }
  for (const { name, weight, module } of mentionedFunctions(signature)) {
    const known = weights.get(name)?.weight ?? 0;
    if (weight >= LEAST_WEIGHT && weight > known && frameClass(name, module) === "no") weights.set(name, { weight, module });
  }
  return [...weights].map(([name, { weight, module }]) => ({ name, weight, module })).sort((a, b) => b.weight - a.weight);
}

const TITLE_FUNCTION = / in ([A-Za-z_]\w{2,})$/;

/** Functions that the report tells of outside the frames of its root: in its title, where locks were taken, on stacks beside it. */
function* mentionedFunctions({ title, altTitles, workqueue, details, frames }: Signature): Generator<WeighedFunction> {
  if (workqueue?.function) yield { name: workqueue.function, weight: FUNCTION_SOURCES.work, module: null };
  for (const each of [title, ...altTitles]) {
    const name = TITLE_FUNCTION.exec(each)?.[1];
    // With a stack, its frames say better how much the function of the title says.
    if (name !== undefined && frames.length === 0) yield { name, weight: FUNCTION_SOURCES.title, module: null };
  }
  for (const { site } of details?.locks ?? []) if (site !== null) yield { name: site, weight: FUNCTION_SOURCES.lock, module: null };
  for (const stack of details?.otherStacks ?? []) {
    const telling = stack.frames.filter(({ generic }) => generic === "no");
    for (const [rank, { symbol, module }] of telling.entries())
      yield { name: symbol, weight: FUNCTION_SOURCES[stack.role] * OTHER_STACK_DECAY ** rank, module };
  }
}

function wordsOf(
  signature: Signature,
  functions: readonly WeighedFunction[],
  modules: readonly string[],
  locks: readonly string[],
): Map<string, number> {
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
  for (const name of locks) add(name, LOCK_WEIGHT);
  if (signature.comm !== null) add(signature.comm.replace(/\/.*$/, ""), TASK_WEIGHT);
  if (signature.workqueue !== null) add(signature.workqueue.name, MODULE_WEIGHT);
  if (signature.assert !== null) add(signature.assert.file.replace(/^.*\//, "").replace(/\.[chS]$/, ""), 1);
  for (const { template } of signature.messages) add(template.replace(/%\w+/g, " "), MESSAGE_WEIGHT);
  return words;
}
