import { ApiProblem, problemDocument } from "../problems.ts";
import type { CommitItem, CommitList } from "../schema/commits.ts";
import type { Matrix, MatrixCell } from "../schema/matrix.ts";
import { allTrees } from "../store/trees.ts";
import { checkCommit, checkCommits, type Waiting } from "./check-commit.ts";
import { withLimit } from "./failure.ts";
import type { JobContext } from "./parts.ts";
import { treeResource, urlOf } from "./resources.ts";

export interface MatrixQuestion {
  /** Each 7 to 40 lower-case hexadecimal digits. */
  readonly commits: readonly string[];
  /** Default: every tree that is ready. */
  readonly trees: readonly string[] | undefined;
  /** Try to apply what is not there, too. */
  readonly applicability: boolean;
}

/** Trial merges in one matrix; each takes about as long as a commit check. */
const MAX_TRIALS = 400;
/** So that a matrix leaves room in the queue. */
const AT_ONCE = 4;

type Column = Matrix["trees"][number] & { readonly items: readonly CommitItem[] };

/**
 * Fixes by trees. A tree or commit that nothing is known of spoils only its own cells: they are unknown, and say why. The time limit is
 * that of one commit check; trials that it leaves undone are unknown too.
 * @throws ApiProblem invalid-request for too many cells
 */
export async function readMatrix(context: JobContext, question: MatrixQuestion, { caller, gone }: Waiting): Promise<Matrix> {
  const ids = [...new Set(question.commits)];
  const by: Waiting = { caller, gone: withLimit(gone, context.limits.commitTimeout) };
  const names = question.trees ?? (await readyTrees(context));
  if (question.applicability && ids.length * names.length > MAX_TRIALS) {
    const detail = `${ids.length} commits by ${names.length} trees are more than ${MAX_TRIALS} cells. Ask for fewer, or leave applicability out.`;
    throw new ApiProblem("invalid-request", detail, [{ pointer: "/commits", detail }]);
  }
  const columns: Column[] = [];
  for (const tree of new Set(names)) columns.push(await readColumn(context, tree, ids, by));
  const cells = columns.map((column) => ids.map((id, at) => cellOf(column, id, at)));
  if (question.applicability) await tryToApply(context, columns, cells, by);
  const rows = ids.map((id, at) => {
    const known = columns.map(({ items }) => items[at]).find((item) => item?.oid != null);
    const row = cells.flatMap((column) => column[at] ?? []);
    return { id, oid: known?.oid ?? null, upstreamOid: known?.upstreamOid ?? null, subject: known?.subject ?? null, cells: row };
  });
  return { kind: "matrix", trees: columns.map(({ id, pinned, problem }) => ({ id, pinned, problem })), rows };
}

async function readyTrees(context: JobContext): Promise<string[]> {
  return (await allTrees(context.db)).filter(({ state }) => state === "ready").map(({ id }) => id);
}

async function readColumn(context: JobContext, id: string, oids: readonly string[], by: Waiting): Promise<Column> {
  try {
    const { tree, items }: CommitList = await checkCommits(context, id, oids, by);
    return { id, pinned: tree, problem: null, items };
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    return { id, pinned: null, problem: problemDocument(error, { instance: urlOf(treeResource(id)) }), items: [] };
  }
}

function cellOf({ problem, items }: Column, id: string, at: number): MatrixCell {
  const item = items[at];
  if (item?.presence == null) {
    const because = problem?.detail ?? item?.problem?.detail ?? `nothing is known of ${id}`;
    return { presence: "unknown", by: null, applicability: null, because, url: null };
  }
  return { presence: item.presence.state, by: item.presence.by, applicability: null, because: item.presence.because, url: item.url };
}

/** Tries what is not wholly there, a few cells at a time. */
async function tryToApply(context: JobContext, columns: readonly Column[], cells: MatrixCell[][], by: Waiting): Promise<void> {
  const trials: (() => Promise<void>)[] = [];
  for (const [across, column] of cells.entries()) {
    for (const [down, cell] of column.entries()) {
      const oid = columns[across]?.items[down]?.oid;
      const tree = columns[across]?.id;
      if (oid == null || tree === undefined || cell.presence === "present" || cell.presence === "equivalent") continue;
      trials.push(async () => {
        column[down] = await tried(context, tree, oid, cell, by);
      });
    }
  }
  const next = trials.values();
  const worker = async () => {
    for (const trial of next) await trial();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function tried(context: JobContext, tree: string, oid: string, cell: MatrixCell, by: Waiting): Promise<MatrixCell> {
  try {
    const { applicability } = await checkCommit(context, tree, oid, by);
    return { ...cell, applicability: applicability.state, because: applicability.reason ?? cell.because };
  } catch (error) {
    const because = error instanceof ApiProblem ? error.detail : "The time for one matrix ran out. Ask for fewer cells.";
    return { ...cell, applicability: "unknown", because };
  }
}
