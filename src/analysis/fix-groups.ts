import type { HistoryIndex, IndexedCommit } from "../history/history-index.ts";
import { GROUPING } from "../rules/evidence-confidence.ts";
import { plainSubject } from "../rules/subjects.ts";
import type { CandidateForm } from "../schema/analysis.ts";
import { type AnalysisContext, upstreamOidOf } from "./context.ts";

/** A commit with its score. */
export interface Scored {
  readonly commit: IndexedCommit;
  readonly score: number;
}

/** A fix, and the ranked commits that are forms of it. */
export interface Fix extends Scored {
  readonly forms: readonly IndexedCommit[];
}

/**
 * Forms of one change become one fix, known by the best ranked: they carry the same upstream commit, have the same patch-id, or the same
 * author, author date and subject.
 */
export function onePerFix(index: HistoryIndex, ranked: readonly Scored[]): Fix[] {
  const fixes: { commit: IndexedCommit; score: number; forms: IndexedCommit[] }[] = [];
  const byKey = new Map<string, number>();
  for (const { commit, score } of ranked) {
    const keys = [
      upstreamOidOf(index, commit.oid),
      commit.oid,
      commit.patchId ?? commit.oid,
      `${commit.authorEmail} ${commit.authorDate} ${plainSubject(commit.subject)}`,
    ];
    const known = keys.map((key) => byKey.get(key)).find((at) => at !== undefined);
    const at = known ?? fixes.length;
    if (known === undefined) fixes.push({ commit, score, forms: [commit] });
    else fixes[known]?.forms.push(commit);
    for (const key of keys) byKey.set(key, at);
  }
  return fixes;
}

/**
 * The group of each of the fixes, from 1 in the order of the best of each. Commits belong together that fix or revert one another, bear one
 * subject, came in one series (same author, taken at the same time, in a common folder), or work on the same functions.
 */
export function groupsOf(index: HistoryIndex, fixes: readonly Pick<Scored, "commit">[]): number[] {
  const traits = fixes.slice(0, GROUPING.fixes).map(({ commit }) => traitsOf(index, commit));
  const leaders = fixes.map((_, at) => at);
  const leaderOf = (at: number): number => (leaders[at] === at ? at : leaderOf(leaders[at] ?? at));
  for (const [at, one] of traits.entries())
    for (const [before, other] of traits.slice(0, at).entries())
      if (belongTogether(one, other)) {
        const [a, b] = [leaderOf(at), leaderOf(before)];
        leaders[Math.max(a, b)] = Math.min(a, b);
      }
  const numbers = new Map<number, number>();
  return fixes.map((_, at) => {
    const leader = leaderOf(at);
    const number = numbers.get(leader) ?? numbers.size + 1;
    numbers.set(leader, number);
    return number;
  });
}

/**
 * The fix in each upstream tree that has it, mainline first: the ranked forms, the commit that it carries, and what else carries that one or
 * has its patch-id.
 */
export function formsOf({ index, upstreams }: Pick<AnalysisContext, "index" | "upstreams">, { commit, forms }: Fix): CandidateForm[] {
  const upstream = upstreamOidOf(index, commit.oid);
  const claims = index.linksTo(upstream).flatMap(({ kind, from }) => (kind === "backport_of" ? [from] : []));
  const sure = new Set([...forms.map(({ oid }) => oid), ...(commit.patchId === null ? [] : index.byPatchId(commit.patchId))]);
  const found: CandidateForm[] = [];
  for (const oid of new Set([upstream, ...sure, ...claims])) {
    const form = oid.length === 40 ? index.commit(oid) : null;
    const tree = form === null ? undefined : upstreams.find((one) => index.contains(one.oid, oid));
    if (form === null || tree === undefined) continue;
    // An id in a message is sometimes wrong.
    if (sure.has(oid) || plainSubject(form.subject) === plainSubject(commit.subject))
      found.push({ tree: tree.tree, oid, subject: form.subject });
  }
  return found.slice(0, MOST_FORMS);
}

/** A wrong id that many commits name must not fill the answer. */
const MOST_FORMS = 32;

interface Traits {
  readonly commit: IndexedCommit;
  readonly subject: string;
  /** Ids of commits that it fixes or reverts, and its own. */
  readonly ids: ReadonlySet<string>;
  readonly named: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
}

function traitsOf(index: HistoryIndex, commit: IndexedCommit): Traits {
  const links = index.linksFrom(commit.oid).filter(({ kind }) => kind === "fixes" || kind === "reverts");
  return {
    commit,
    subject: plainSubject(commit.subject).toLowerCase(),
    ids: new Set([commit.oid, upstreamOidOf(index, commit.oid)]),
    named: new Set(links.flatMap(({ to, id }) => (to === null ? [id] : [to, id]))),
    folders: new Set(index.paths(commit.oid).map((path) => path.slice(0, path.lastIndexOf("/") + 1))),
    functions: new Set(index.functions(commit.oid).map(({ path, function: name }) => `${path} ${name}`)),
  };
}

function belongTogether(a: Traits, b: Traits): boolean {
  if (a.subject === b.subject || names(a, b) || names(b, a)) return true;
  const sameHand = a.commit.authorEmail === b.commit.authorEmail;
  const together = Math.abs(a.commit.committerDate - b.commit.committerDate) <= GROUPING.seriesSeconds;
  if (sameHand && together && shared(a.folders, b.folders) > 0) return true;
  const common = shared(a.functions, b.functions);
  return common >= GROUPING.commonFunctions && common >= GROUPING.commonShare * Math.min(a.functions.size, b.functions.size);
}

function names(later: Traits, earlier: Traits): boolean {
  for (const id of later.named) for (const own of earlier.ids) if (own.startsWith(id)) return true;
  return false;
}

function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let count = 0;
  for (const one of a) if (b.has(one)) count += 1;
  return count;
}
