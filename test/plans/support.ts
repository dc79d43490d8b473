import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type AnalysisContext, openContext } from "../../src/analysis/context.ts";
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { renderMbox } from "../../src/report/mbox.ts";
import type { PlanResult } from "../../src/schema/plan.ts";
import { git, open, temporaryDirectory } from "../git/fixture.ts";

export interface Mirror {
  readonly ctx: AnalysisContext;
  readonly gitDir: string;
}

/** A repository and one of its branches. */
export type Branch = readonly [path: string, branch: string];

/** A mirror over upstream branches and a vendor's, and a context that asks about the head of the vendor's. */
export async function mirrorOf(t: TestContext, upstreams: readonly Branch[], vendor: Branch): Promise<Mirror> {
  const directory = temporaryDirectory(t);
  const gitDir = join(directory, "mirror");
  git(directory, ["init", "--quiet", "--bare", gitDir]);
  const trees = [...upstreams, vendor].map(([path, branch], at) => {
    git(gitDir, ["fetch", "--quiet", "--no-tags", path, `${branch}:refs/heads/${branch}`]);
    const role = at < upstreams.length ? ("mainline" as const) : ("vendor" as const);
    return { id: branch.replaceAll(".", "-"), role, headOid: git(gitDir, ["rev-parse", branch]) };
  });
  const options = { gitDir, indexPath: join(directory, "index.sqlite"), trees, report: () => {} };
  await ingestHistory(options);
  await ingestPatches(options);
  const index = openIndex(options.indexPath);
  t.after(() => index.close());
  const pins = trees.map(({ id, headOid }) => ({ tree: id, ref: id, oid: headOid }));
  const target = pins.pop();
  if (target === undefined) throw new Error("a target is needed");
  return { gitDir, ctx: await openContext({ repo: open(t, gitDir), index, target, upstreams: pins }) };
}

export function mboxOf(ctx: AnalysisContext, result: Pick<PlanResult, "steps" | "mails">): Buffer {
  const mbox = renderMbox({ id: "0123456789abcdef", target: ctx.target, steps: result.steps, engineVersion: "test" }, result.mails);
  if (mbox.kind === "refused") throw new Error(mbox.reason);
  return mbox.bytes;
}

/** Runs `git am` on a commit in a work tree of its own. The tree that it leaves, and the messages, newest first. Throws when git refuses. */
export function gitAm(
  t: TestContext,
  gitDir: string,
  onto: string,
  mbox: Buffer,
): { readonly tree: string; readonly log: string; readonly cwd: string } {
  const cwd = join(temporaryDirectory(t), "work");
  mkdirSync(cwd);
  git(cwd, ["init", "--quiet"]);
  writeFileSync(join(cwd, ".git/objects/info/alternates"), `${join(gitDir, "objects")}\n`);
  git(cwd, ["reset", "--quiet", "--hard", onto]);
  git(cwd, ["-c", "user.name=C", "-c", "user.email=c@example.org", "am", "--quiet"], mbox);
  return { tree: git(cwd, ["rev-parse", "HEAD^{tree}"]), log: git(cwd, ["log", "--format=%an <%ae> %at%n%B", `${onto}..HEAD`]), cwd };
}
