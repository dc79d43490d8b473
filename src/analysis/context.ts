import type { Repository } from "../git/repository.ts";
import type { CommitSet, HistoryIndex, IndexedCommit } from "../history/history-index.ts";
import { PREREQUISITE_LIMITS } from "../rules/prerequisite-limits.ts";
import type { Presence } from "../schema/analysis.ts";
import type { CommitRef, PinnedTree, ReportProgress } from "../schema/common.ts";
import type { SourceIndex } from "../source/source-index.ts";
import { type BlobTexts, blobTexts } from "./blob-texts.ts";
import type { Change, NoChange } from "./change.ts";
import type { NameIntroducers } from "./name-introducers.ts";
import type { ContentFinding } from "./presence-content.ts";

/** What presence by identity asks: the index alone, no object of git. */
export interface IdentityContext {
  readonly index: HistoryIndex;
  readonly target: PinnedTree;
  /** Commits reachable from the target's head. */
  readonly inTarget: CommitSet;
  /** Presences found so far by identity, by num (presence.ts). */
  readonly presences: Map<number, Presence>;
}

/** The pinned inputs of one analysis, and what every stage asks of them. */
export interface AnalysisContext extends IdentityContext {
  readonly repo: Repository;
  /** Null: questions about sources go to git. */
  readonly sources: SourceIndex | null;
  readonly upstreams: readonly PinnedTree[];
  /** Tree id of the target's head. */
  readonly targetTree: string;
  /** Non-merge commits of the upstream trees that are not reachable from the target's head, ascending. */
  readonly upstreamOnly: readonly number[];
  readonly isUpstreamOnly: ReadonlySet<number>;
  readonly report: ReportProgress;
  readonly signal: AbortSignal | undefined;
  /** Presences compared with content, by oid (presence-checked.ts). */
  readonly checked: Map<string, Promise<Presence>>;
  /** What contents of trees said so far about changes, and the files of these trees by name (presence-content.ts). */
  readonly contents: Map<string, Promise<ContentFinding>>;
  readonly fileNames: Map<string, Promise<ReadonlyMap<string, readonly string[]>>>;
  /** Contents of files (blob-texts.ts). */
  readonly texts: BlobTexts;
  /** Commits read as changes so far (change.ts). */
  readonly changes: Map<string, Promise<Change | NoChange>>;
  /** Added or removed C text of commits read so far (symbol-needs.ts). */
  readonly changedText: Map<string, Promise<string>>;
  /** Lines asked for so far: who wrote them, as far as the target lacks the commit (suspects.ts). */
  readonly blames: Map<string, Promise<ReadonlyMap<number, string>>>;
  readonly names: NameIntroducers;
}

/** The pins name a commit that the mirror or the index does not have. */
export class PinMissing extends Error {
  readonly code = "mirror-damaged";
  readonly detail: string;
  constructor(tree: PinnedTree) {
    super(`commit ${tree.oid} of tree ${tree.tree} is not in the mirror and its index`);
    this.name = "PinMissing";
    this.detail = `The mirror of the service lacks commit ${tree.oid} of tree ${tree.tree}, or cannot read it. A mirror that is damaged is fetched again by the service itself; GET /readyz says when it is well.`;
  }
}

export interface ContextInput {
  readonly repo: Repository;
  readonly index: HistoryIndex;
  readonly sources?: SourceIndex;
  /** Those of earlier analyses, to be used again. */
  readonly texts?: BlobTexts;
  readonly target: PinnedTree;
  readonly upstreams: readonly PinnedTree[];
  readonly report?: ReportProgress;
  readonly signal?: AbortSignal | undefined;
}

/** @throws PinMissing */
export async function openContext(input: ContextInput): Promise<AnalysisContext> {
  const { repo, index, target, upstreams } = input;
  for (const tree of [target, ...upstreams]) if (index.commit(tree.oid) === null) throw new PinMissing(tree);
  const head = await repo.commit(target.oid);
  if (head === null) throw new PinMissing(target);
  const upstreamOnly = index.range(
    upstreams.map((tree) => tree.oid),
    [target.oid],
  );
  return {
    repo,
    index,
    sources: input.sources ?? null,
    target,
    upstreams,
    targetTree: head.tree,
    inTarget: index.reachable(target.oid),
    upstreamOnly,
    isUpstreamOnly: new Set(upstreamOnly),
    report: input.report ?? (() => {}),
    signal: input.signal,
    presences: new Map(),
    checked: new Map(),
    contents: new Map(),
    fileNames: new Map(),
    texts: input.texts ?? blobTexts(),
    changes: new Map(),
    changedText: new Map(),
    blames: new Map(),
    names: { asked: new Map(), answers: new Map() },
  };
}

/** The commit that a commit carries according to its own message (the topmost claim), else the commit itself. */
export function upstreamOidOf(index: HistoryIndex, oid: string): string {
  const claim = index.linksFrom(oid).find((link) => link.kind === "backport_of");
  return claim === undefined ? oid : (claim.to ?? claim.id);
}

export function commitRef(index: HistoryIndex, oid: string): CommitRef {
  return { oid, upstreamOid: upstreamOidOf(index, oid), subject: index.commit(oid)?.subject ?? "" };
}

/** An import or squash: too large to be taken along with a fix, and no evidence of anything when it touches a file. */
export function isBulk(commit: IndexedCommit): boolean {
  return commit.changedFiles > PREREQUISITE_LIMITS.bulkFiles || (commit.changedLines ?? 0) > PREREQUISITE_LIMITS.bulkLines;
}

/** Upstream commits that the target lacks, from the history of `before` (a fix), out of these nums. */
export function missingAncestors(ctx: AnalysisContext, before: IndexedCommit, nums: Iterable<number>): IndexedCommit[] {
  const found: IndexedCommit[] = [];
  for (const num of nums) {
    if (num >= before.num || !ctx.isUpstreamOnly.has(num)) continue;
    const commit = ctx.index.commitByNum(num);
    if (ctx.index.contains(before.oid, commit.oid)) found.push(commit);
  }
  return found;
}
