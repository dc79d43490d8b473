import type { CommitStatus } from "../schema/analysis.ts";
import type { Batch, BatchItem, BatchSummary } from "../schema/batch.ts";
import type { Progress } from "../schema/common.ts";
import type { Crash, CrashSummary, SignatureGroup, SignatureGroupSummary } from "../schema/crash.ts";
import type { FeedEvent } from "../schema/events.ts";
import type { AnalysisSummary } from "../schema/lists.ts";
import type { Problem } from "../schema/problem.ts";
import type { Fetch, Tree } from "../schema/tree.ts";
import { type Listed, list, page, plain, SHORT, table, words } from "./markdown.ts";
import { applicabilityReasons } from "./text.ts";

const short = (oid: string | null): string => oid?.slice(0, SHORT) ?? "";

function progressText(progress: Progress | null): string | null {
  if (progress === null) return null;
  return `${progress.stage} ${progress.done}${progress.total === null ? "" : ` of ${progress.total}`}`;
}

const problemText = (problem: Problem | null): string | null => (problem === null ? null : `${problem.title}: ${problem.detail}`);

export function renderTree(tree: Tree): string {
  return page(`Tree ${tree.id}: ${tree.state}`, [
    ["Role", tree.role],
    ["Remote", `${tree.remote}, ${tree.ref}`],
    ["Head", tree.headOid],
    ["Fetched", tree.fetchedAt],
    ["Progress", progressText(tree.progress)],
    ["Problem", problemText(tree.problem)],
  ]);
}

export function renderTrees(trees: Listed<Tree>): string {
  return list("Trees", ["tree", "role", "state", "head", "ref", "remote"], trees, (tree) => [
    tree.id,
    tree.role,
    tree.state,
    short(tree.headOid),
    tree.ref,
    tree.remote,
  ]);
}

export function renderFetch(fetch: Fetch): string {
  return page(`Fetch of ${fetch.tree}: ${words(fetch.conclusion ?? fetch.status)}`, [
    ["Fetch", fetch.url],
    ["Head before", fetch.headBefore],
    ["Head after", fetch.headAfter],
    ["Progress", progressText(fetch.progress)],
    ["Problem", problemText(fetch.problem)],
  ]);
}

export function renderFetches(fetches: Listed<Fetch>): string {
  return list("Fetches", ["fetch", "status", "conclusion", "before", "after", "asked"], fetches, (fetch) => [
    fetch.id,
    fetch.status,
    fetch.conclusion ?? "",
    short(fetch.headBefore),
    short(fetch.headAfter),
    fetch.createdAt,
  ]);
}

export function renderAnalyses(analyses: Listed<AnalysisSummary>): string {
  return list("Analyses", ["analysis", "target", "at", "status", "verdict", "asked"], analyses, (analysis) => [
    analysis.id,
    analysis.target.tree,
    short(analysis.target.oid),
    analysis.conclusion ?? analysis.status,
    analysis.verdict ?? "",
    analysis.createdAt,
  ]);
}

export function renderCommitStatus(commit: CommitStatus): string {
  const { presence, affected, applicability } = commit;
  return page(
    `${short(commit.upstreamOid ?? commit.oid)} ("${plain(commit.subject)}") in ${commit.tree.tree}: ${presence.state}`,
    [
      ["Tree", `${commit.tree.tree}, ${commit.tree.ref} at ${short(commit.tree.oid)}`],
      ["Author", `${commit.author}, ${commit.date}`],
    ],
    `- presence ${presence.state}: ${plain(presence.because)}`,
    `- affected ${affected.state}: ${plain(affected.because)}`,
    ...applicabilityReasons(applicability),
  );
}

export function renderCrash(crash: Crash): string {
  return page(
    crash.title,
    [
      ["Crash", crash.url],
      ["Kind", words(crash.crashKind)],
      ["Source", crash.source],
      ["Kernel", crash.signature.kernel?.release ?? null],
      ["Alike", crash.signatureUrl],
      ["Text", crash.reportUrl],
    ],
    ...crash.signature.frames.map((frame) => `- ${plain(frame.symbol)}`),
  );
}

export function renderCrashes(crashes: Listed<CrashSummary>): string {
  return list("Crashes", ["crash", "kind", "title", "source", "kept"], crashes, (crash) => [
    crash.id,
    crash.crashKind,
    crash.title,
    crash.source ?? "",
    crash.createdAt,
  ]);
}

export function renderGroup(group: SignatureGroup): string {
  return page(
    group.title,
    [
      ["Kind", words(group.crashKind)],
      ["Crashes", `${group.count}, from ${group.firstSeen} to ${group.lastSeen}`],
      ["Fingerprint", group.id],
    ],
    ...group.signature.frames.map((frame) => `- ${plain(frame.symbol)}`),
  );
}

export function renderGroups(groups: Listed<SignatureGroupSummary>): string {
  return list("Signatures", ["fingerprint", "kind", "title", "crashes", "last seen"], groups, (group) => [
    group.id,
    group.crashKind,
    group.title,
    String(group.count),
    group.lastSeen,
  ]);
}

export function renderBatch(batch: Batch): string {
  const counted = Object.entries(batch.counts).map(([name, count]) => `${count} ${name}`);
  const verdicts = Object.entries(batch.verdicts).map(([verdict, count]) => [words(verdict), String(count)]);
  return page(
    `Batch of ${batch.total}: ${words(batch.conclusion ?? batch.status)}`,
    [
      ["Batch", batch.url],
      ["Questions", counted.join(", ")],
      ["Items", batch.itemsUrl],
    ],
    ...(verdicts.length === 0 ? [] : table(["verdict", "analyses"], verdicts)),
  );
}

export function renderBatches(batches: Listed<BatchSummary>): string {
  return list("Batches", ["batch", "questions", "status", "asked"], batches, (batch) => [
    batch.id,
    String(batch.total),
    batch.conclusion ?? batch.status,
    batch.createdAt,
  ]);
}

export function renderBatchItems(items: Listed<BatchItem>): string {
  return list("Questions", ["#", "analysis", "status", "verdict", "problem"], items, (item) => [
    String(item.position),
    item.analysis ?? "",
    item.conclusion ?? item.status ?? "waiting",
    item.verdict ?? "",
    item.problem?.detail ?? "",
  ]);
}

export function renderEvents(events: Listed<FeedEvent>): string {
  return list("Events", ["#", "at", "type", "resource"], events, (event) => [String(event.id), event.at, event.type, event.resource]);
}
