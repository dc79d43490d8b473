import type { IndexedCommit, Link } from "../history/history-index.ts";
import { plainSubject } from "../rules/subjects.ts";
import type { Affected } from "../schema/analysis.ts";
import { changeOf, isChange } from "./change.ts";
import { type AnalysisContext, upstreamOidOf } from "./context.ts";
import { isInTarget, short } from "./presence.ts";
import { presenceWithContent } from "./presence-checked.ts";
import { type ContentFinding, contentOf } from "./presence-content.ts";

/**
 * Is the bug that the commit fixes in the target. `affected` when a commit that it fixes or reverts is there, by any route of presence, or
 * when it names none and lines that it removes are there. `not_affected` only with proof: every commit that it names is absent by identity
 * and content, and neither lines that it removes nor a place for its hunks is there. A missing Fixes line proves nothing
 * (upstream-references: some authors leave it out on purpose).
 */
export async function affectedBy(ctx: AnalysisContext, fix: IndexedCommit): Promise<Affected> {
  const { tree } = ctx.target;
  const faults = faultsOf(ctx, fix);
  const absent: string[] = [];
  const unknown: string[] = [];
  for (const fault of faults) {
    const found = await findFault(ctx, fault);
    if (found.state === "affected") return found;
    (found.state === "not_affected" ? absent : unknown).push(short(fault.to ?? fault.id));
  }
  const content = await contentIn(ctx, fix);
  const standing = content === null ? null : removedLinesThere(content);
  if (faults.length === 0) {
    return standing === null
      ? { state: "unknown", because: "its message names no commit that it fixes" }
      : {
          state: "affected",
          because: `its message names no commit that it fixes, but lines that it removes are in ${standing} of ${tree}`,
        };
  }
  if (unknown.length > 0) {
    const lines = standing === null ? "" : `; lines that it removes are in ${standing}`;
    return { state: "unknown", because: `whether ${unknown.join(", ")}, which it fixes, is in ${tree} cannot be told${lines}` };
  }
  const names = absent.join(", ");
  if (content !== null && content.files.length > 0 && content.files.every((file) => file.targetPath === null)) {
    return {
      state: "not_affected",
      because: `the commit it fixes (${names}) is not in ${tree}, and none of the files it changes exists there`,
    };
  }
  if (standing !== null || content === null || hasPlace(content)) {
    const code = standing === null ? "code that it changes is there" : `lines that it removes are in ${standing}`;
    return { state: "unknown", because: `it fixes ${names}, not found in ${tree} by any route of identity or content; ${code}` };
  }
  return {
    state: "not_affected",
    because: `the commit it fixes (${names}) is not in ${tree} by identity or content, and none of the lines that it removes or changes is there`,
  };
}

/** What the fix, or the upstream commit that it carries, says it fixes or reverts; each commit once. */
function faultsOf(ctx: AnalysisContext, fix: IndexedCommit): Link[] {
  const faults = new Map<string, Link>();
  for (const oid of new Set([fix.oid, upstreamOidOf(ctx.index, fix.oid)])) {
    if (oid.length < 40) continue;
    for (const link of ctx.index.linksFrom(oid)) if (link.kind === "fixes" || link.kind === "reverts") faults.set(link.to ?? link.id, link);
  }
  return [...faults.values()];
}

async function findFault(ctx: AnalysisContext, link: Link): Promise<Affected> {
  const { tree } = ctx.target;
  const verb = link.kind === "reverts" ? "reverts" : "fixes";
  const introducer = link.to === null ? null : ctx.index.commit(link.to);
  if (introducer === null) {
    const carrier = carrierOfUnknown(ctx, link);
    if (carrier === null) return { state: "unknown", because: `${link.id} is not in the mirror` };
    return {
      state: "affected",
      because: `it ${verb} ${link.id}, which ${short(carrier.oid)} of ${tree} ("${carrier.subject}") says it carries`,
    };
  }
  const presence = await presenceWithContent(ctx, introducer);
  const name = `${short(introducer.oid)} ("${introducer.subject}")`;
  if (isInTarget(presence)) return { state: "affected", because: `it ${verb} ${name}, which is in ${tree}: ${presence.because}` };
  if (presence.state === "partial")
    return { state: "affected", because: `it ${verb} ${name}, part of which is in ${tree}: ${presence.because}` };
  if (presence.state === "unknown") return { state: "unknown", because: presence.because };
  return { state: "not_affected", because: presence.because };
}

/** A commit of the target that claims to carry a commit which no tree of the mirror has; the subject in the Fixes line must be its own. */
function carrierOfUnknown(ctx: AnalysisContext, fault: Link): IndexedCommit | null {
  for (const claim of ctx.index.linksTo(fault.id)) {
    const commit = claim.kind === "backport_of" ? ctx.index.commit(claim.from) : null;
    if (commit !== null && ctx.inTarget.has(commit.num) && fault.text.includes(plainSubject(commit.subject))) return commit;
  }
  return null;
}

async function contentIn(ctx: AnalysisContext, fix: IndexedCommit): Promise<ContentFinding | null> {
  const change = await changeOf(ctx, fix.oid);
  return isChange(change) ? contentOf(ctx, change, ctx.targetTree) : null;
}

function removedLinesThere(content: ContentFinding): string | null {
  const file = content.files.find(({ hunks }) => hunks.some((one) => one.state === "absent" && one.removesLinesThere));
  return file?.targetPath ?? null;
}

function hasPlace(content: ContentFinding): boolean {
  return content.present > 0 || content.files.some(({ hunks }) => hunks.some((one) => one.applies));
}
