import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type AnalysisContext, openContext } from "../../src/analysis/context.ts";
import type { IndexedCommit } from "../../src/history/history-index.ts";
import { ingestHistory } from "../../src/history/ingest.ts";
import { ingestPatches } from "../../src/history/ingest-patches.ts";
import { openIndex } from "../../src/history/open-index.ts";
import { ingestSources } from "../../src/source/ingest-sources.ts";
import { openSourceIndex, sourceIndexPath } from "../../src/source/source-index.ts";
import { buildRepository, type CommitSpec, file, git, open, temporaryDirectory } from "../git/fixture.ts";

const NAMES = [
  "alpha",
  "bravo",
  "charlie",
  "delta",
  "echo",
  "foxtrot",
  "golf",
  "hotel",
  "india",
  "juliet",
  "kilo",
  "lima",
  "mike",
  "november",
];

/** A C file in which every line can be told from those of other files; `change` replaces lines, an empty text removes one. */
export function source(name: string, change: Readonly<Record<number, string>> = {}): string {
  const lines = Array.from({ length: 60 }, (_, i) => `\t${name}_${NAMES[i % NAMES.length]}(dev, ${name}_table[${i}]);\n`);
  return lines.map((line, i) => change[i] ?? line).join("");
}

/** A commit of the upstream branch (`up`) or of the vendor's. */
export function commitTo(
  ref: "up" | "vendor",
  message: string,
  contents: Readonly<Record<string, string>>,
  parents: string[] = [],
): CommitSpec {
  return { ref: `refs/heads/${ref}`, parents, message, files: new Map(Object.entries(contents).map(([path, text]) => [path, file(text)])) };
}

/**
 * An index over a mainline (`up`) and a vendor tree (`vendor`, or of another role), and a context that asks about the vendor's head;
 * with the role, the sources of both heads are indexed too.
 */
export async function openTrees(
  t: TestContext,
  commits: readonly CommitSpec[],
  role?: "stable" | "vendor",
): Promise<{ readonly ctx: AnalysisContext; readonly commit: (revision: string) => IndexedCommit }> {
  const directory = temporaryDirectory(t);
  const bare = buildRepository(join(directory, "bare"), commits);
  const oid = (revision: string) => git(bare, ["rev-parse", revision]);
  const trees = [
    { id: "up", role: "mainline" as const, headOid: oid("up") },
    { id: "vendor", role: role ?? ("vendor" as const), headOid: oid("vendor") },
  ];
  const options = { gitDir: bare, indexPath: join(directory, "index.sqlite"), trees, report: () => {} };
  await ingestHistory(options);
  await ingestPatches(options);
  const index = openIndex(options.indexPath);
  t.after(() => index.close());
  const pin = (tree: string) => ({ tree, ref: tree, oid: oid(tree) });
  const pins = { index, target: pin("vendor"), upstreams: [pin("up")] };
  const repo = open(t, bare);
  if (role !== undefined) await ingestSources(options);
  const sources = role === undefined ? null : openSourceIndex(sourceIndexPath(options.indexPath), repo);
  t.after(() => sources?.close());
  const ctx = await openContext({ repo, ...pins, ...(sources === null ? {} : { sources }) });
  return {
    ctx,
    commit: (revision) => {
      const commit = index.commit(oid(revision));
      assert.ok(commit);
      return commit;
    },
  };
}

/** The id that a commit gets when the same commits are made again: ids do not depend on what follows. */
export function idOf(t: TestContext, commits: readonly CommitSpec[], revision: string): string {
  return git(buildRepository(join(temporaryDirectory(t), "id"), commits), ["rev-parse", revision]);
}
