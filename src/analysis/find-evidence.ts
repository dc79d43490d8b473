import { FAILURE_CODE, FAILURE_WORDS, REPORT_WORDS } from "../rules/evidence-words.ts";
import type { Signature } from "../schema/signature.ts";
import { type Definition, type FunctionBody, findDefinitions, readBodies } from "./code-places.ts";
import type { AnalysisContext } from "./context.ts";
import type { CrashQuery } from "./crash-query.ts";
import type { PoolSearch } from "./pool-search.ts";
import { Scores } from "./scores.ts";

/** Of the functions that say most, how many are located in the target's source, and of how many the body is read. */
const FUNCTIONS_LOCATED = 8;
const BODIES_READ = 4;
/** A name that more than this share of the pool has says nothing. */
const COMMONEST = 0.08;
/** Shorter words are not completed: `net` would find `network` and `netlink`. */
const SHORTEST_START = 4;
/** Names of the bodies that are looked up, the longest first: `i` and `ret` are everywhere. */
const NAMES_LOOKED_UP = 120;
const SHORTEST_NAME = 4;
/** A name that more commits of the pool touch ties none of them to the body. */
const RARE_NAME = 60;
/** A second field that has the word too adds this much. */
const FURTHER_FIELD = 0.5;

/** What the searches share. */
interface Finder {
  readonly ctx: AnalysisContext;
  readonly query: CrashQuery;
  readonly pool: PoolSearch;
  readonly scores: Scores;
}

/** A file of the target that defines a function of the stack. */
export interface PlaceOfFrame {
  readonly path: string;
  /** The function, and how much it says. */
  readonly name: string;
  readonly weight: number;
}

/** What the target's source says about the functions of the stack. */
export interface CrashCode {
  readonly definitions: readonly Definition[];
  readonly bodies: readonly FunctionBody[];
}

/** Finds the functions of the stack in the target, and reads the innermost; the searches of every pool start from them. */
export async function readCode(ctx: AnalysisContext, { functions }: CrashQuery): Promise<CrashCode> {
  const definitions = await findDefinitions(
    ctx,
    functions.slice(0, FUNCTIONS_LOCATED).map(({ name }) => name),
  );
  const inner = definitions.filter((one, at) => definitions.findIndex(({ name }) => name === one.name) === at).slice(0, BODIES_READ);
  return { definitions, bodies: await readBodies(ctx, inner) };
}

/** The files that define functions of the stack, each once, by the one that says most. */
export function placesOf({ functions }: CrashQuery, { definitions }: CrashCode): PlaceOfFrame[] {
  const weights = new Map(functions.map(({ name, weight }) => [name, weight]));
  const places = new Map<string, PlaceOfFrame>();
  for (const { name, path } of definitions) if (!places.has(path)) places.set(path, { path, name, weight: weights.get(name) ?? 0 });
  return [...places.values()];
}

/** Collects what speaks for each commit of the pool, by searches that start from the words of the report. */
export function findEvidence(ctx: AnalysisContext, query: CrashQuery, code: CrashCode, signature: Signature, pool: PoolSearch): Scores {
  const finder: Finder = { ctx, query, pool, scores: new Scores() };
  findFunctions(finder);
  findWords(finder);
  findIdentifiers(finder);
  findMessages(finder);
  findPlaces(finder, placesOf(query, code));
  findBodies(finder, code.bodies);
  findFailure(finder, signature);
  return finder.scores;
}

function findFunctions({ query, pool, scores }: Finder): void {
  const quoted = new Map<number, string[]>();
  for (const { name, weight } of query.functions) {
    const modified = pool.find(name, "function");
    const changed = pool.find(name, "identifier");
    for (const num of changed)
      if (!modified.has(num))
        scores.add(num, "functionCalled", weight * pool.rarity(changed.size) * pool.brevity(num), `a changed line names ${name}()`);

    const subject = pool.find(name, "subject");
    for (const num of subject) scores.add(num, "functionInSubject", weight * pool.rarity(subject.size), `its subject names ${name}()`);

    const body = pool.find(name, "body");
    for (const num of body) {
      scores.add(num, "functionNamed", weight * pool.rarity(body.size), `its message names ${name}()`);
      const names = quoted.get(num);
      if (names === undefined) quoted.set(num, [name]);
      else names.push(name);
    }
    addShared(pool, scores, "sharedNames", name, weight, [modified, changed, subject, pool.find(name, "path")]);
  }
  for (const [num, names] of quoted) {
    if (names.length < 2) continue;
    const text = `its message names ${names.length} functions of the stack: ${names.slice(0, 4).join(", ")}`;
    scores.add(num, "traceQuoted", (names.length - 1) / 3, text);
  }
}

/** The word counts once for the commits that have it in any of the fields, and a little more for those that have it in several. */
function addShared(
  pool: PoolSearch,
  scores: Scores,
  rule: "sharedNames" | "sharedWords",
  word: string,
  weight: number,
  fields: readonly ReadonlySet<number>[],
): void {
  const counts = new Map<number, number>();
  for (const nums of fields) for (const num of nums) counts.set(num, (counts.get(num) ?? 0) + 1);
  if (counts.size > pool.size * COMMONEST) return;
  const share = weight * pool.rarity(counts.size);
  for (const [num, count] of counts) {
    scores.add(num, rule, share * (1 + FURTHER_FIELD * (count - 1)) * pool.brevity(num), `shares ${word} with the report`);
  }
}

function findWords({ query, pool, scores }: Finder): void {
  for (const [word, weight] of query.words) {
    const subject = pool.find(word, word.length < SHORTEST_START ? "subject" : "subject-start");
    const path = pool.find(word, "path");
    const identifier = pool.find(word, "identifier");
    const body = pool.find(word, "body");
    if (body.size <= pool.size * COMMONEST)
      for (const num of body) scores.add(num, "wordInBody", weight * pool.rarity(body.size), `its message has ${word}`);
    addShared(pool, scores, "sharedWords", word, weight, [subject, path, identifier]);
  }
}

/** How well the message as a whole matches the report. */
function findMessages({ query, pool, scores }: Finder): void {
  const names = [...query.functions, ...query.identifiers].map(({ name }) => name);
  const telling = [...new Set([...query.words.keys(), ...names])].filter(
    (word) => pool.find(word, "subject", "body").size <= pool.size * COMMONEST,
  );
  for (const [num, score] of pool.matchMessages(telling))
    scores.add(num, "messageMatches", score, "its message matches the report, for its length");
}

function findIdentifiers({ query, pool, scores }: Finder): void {
  for (const { name, source } of query.identifiers) {
    const changed = pool.find(name, "identifier");
    for (const num of changed)
      scores.add(num, "identifierChanged", pool.rarity(changed.size) * pool.brevity(num), `a changed line holds ${name} (${source})`);
    const named = pool.find(name, "subject", "body");
    for (const num of named) scores.add(num, "identifierNamed", pool.rarity(named.size), `its message names ${name} (${source})`);
  }
  for (const name of query.locks) {
    const changed = pool.find(name, "identifier");
    for (const num of changed)
      scores.add(num, "lockChanged", pool.rarity(changed.size) * pool.brevity(num), `a changed line holds ${name}, a lock of the report`);
    const named = pool.find(name, "subject", "body");
    for (const num of named) scores.add(num, "lockNamed", pool.rarity(named.size), `its message names ${name}, a lock of the report`);
  }
  for (const module of query.modules) {
    const touched = pool.find(module, "path");
    for (const num of touched) scores.add(num, "moduleTouched", pool.rarity(touched.size), `changes a file or folder named ${module}`);
  }
}

/** Files that define functions of the stack, and their folders. */
function findPlaces({ ctx, pool, scores }: Finder, places: readonly PlaceOfFrame[]): void {
  const inPool = (path: string) => ctx.index.commitsOfPath(path, Number.MAX_SAFE_INTEGER).filter((num) => pool.has(num));
  const { changedFiles } = ctx.index.columns();
  const folders = new Map<string, PlaceOfFrame>();
  for (const place of places) {
    const { path, weight, name } = place;
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (folder !== "" && !folders.has(folder)) folders.set(folder, place);
    for (const num of inPool(path)) {
      const count = Math.max(1, changedFiles[num] ?? 1);
      const others = count > 1 ? `, and ${count - 1} others` : "";
      scores.add(num, "fileOfFrame", weight / count, `changes ${path}, which defines ${name}()${others}`);
    }
  }
  for (const [folder, { weight, name }] of folders) {
    const nums = inPool(folder);
    for (const num of nums) scores.add(num, "folderOfFrame", weight * pool.rarity(nums.length), `changes ${folder}, where ${name}() lives`);
  }
}

/** What the innermost functions call, and which names they use. */
function findBodies({ query, pool, scores }: Finder, bodies: readonly FunctionBody[]): void {
  const weights = new Map(query.functions.slice(0, FUNCTIONS_LOCATED).map(({ name, weight }) => [name, weight]));
  const callees = new Map<string, { weight: number; caller: string }>();
  const names = new Map<string, { weight: number; user: string }>();
  for (const body of bodies) {
    const weight = weights.get(body.name) ?? 0;
    for (const callee of body.callees) if (!weights.has(callee) && !callees.has(callee)) callees.set(callee, { weight, caller: body.name });
    for (const name of body.names) if (name.length >= SHORTEST_NAME && !names.has(name)) names.set(name, { weight, user: body.name });
  }
  for (const [callee, { weight, caller }] of callees) {
    const modified = pool.find(callee, "function");
    for (const num of modified)
      scores.add(num, "calleeModified", weight * pool.rarity(modified.size), `changes ${callee}(), which ${caller}() calls`);
  }
  const longest = [...names].sort(([a], [b]) => b.length - a.length).slice(0, NAMES_LOOKED_UP);
  for (const [name, { weight, user }] of longest) {
    const changed = pool.find(name, "identifier");
    if (changed.size > RARE_NAME) continue;
    const share = weight * pool.rarity(changed.size);
    for (const num of changed)
      scores.add(num, "rareNames", share * pool.brevity(num), `a changed line holds ${name}, which ${user}() uses and few others`);
  }
}

/** Words and code that go with the kind of failure, for commits that something else speaks for. */
function findFailure({ pool, scores }: Finder, signature: Signature): void {
  const known = scores.nums();
  const addTo = (found: ReadonlySet<number>, rule: "failureInSubject" | "failureInBody" | "failureCode" | "reportTold", text: string) => {
    const share = pool.rarity(found.size);
    for (const num of found) if (known.has(num)) scores.add(num, rule, share, text);
  };
  const words = FAILURE_WORDS[signature.kind] ?? [];
  for (const [num, score] of pool.matchMessages(words))
    if (known.has(num)) scores.add(num, "failureMatches", score, "its message is about the same kind of failure, for its length");
  for (const word of words) {
    addTo(pool.find(word, "subject"), "failureInSubject", `its subject has ${word}`);
    addTo(pool.find(word, "body"), "failureInBody", `its message has ${word}`);
  }
  for (const word of REPORT_WORDS) addTo(pool.find(word, "body"), "reportTold", `its message has ${word}`);
  for (const name of FAILURE_CODE[signature.kind] ?? [])
    addTo(pool.find(name, "identifier"), "failureCode", `a changed line holds ${name}`);
}
