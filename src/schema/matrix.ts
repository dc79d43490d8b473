import { z } from "zod";
import { ApplicabilityState, PresenceState } from "./analysis.ts";
import { CommitRef, Oid, PinnedTree, TreeId } from "./common.ts";
import { Problem } from "./problem.ts";

/** What one tree has of one fix. */
export const MatrixCell = z
  .object({
    presence: PresenceState,
    by: CommitRef.nullable().describe("the commit of the tree that carries it"),
    applicability: ApplicabilityState.nullable().describe("null where it was not asked for, or the fix is there"),
    because: z.string(),
    url: z.string().nullable().describe("everything that is known of the cell"),
  })
  .meta({ id: "MatrixCell" });
export type MatrixCell = z.infer<typeof MatrixCell>;

export const MatrixRow = z
  .object({
    id: z.string().describe("as asked for, in lower case"),
    oid: Oid.nullable().describe("null when no tree knows the commit"),
    upstreamOid: z.string().nullable(),
    subject: z.string().nullable(),
    cells: z.array(MatrixCell).describe("one for each tree, in the order of `trees`"),
  })
  .meta({ id: "MatrixRow" });
export type MatrixRow = z.infer<typeof MatrixRow>;

/** Fixes by trees: is each there, and would it apply. */
export const Matrix = z
  .object({
    kind: z.literal("matrix"),
    trees: z.array(
      z.object({
        id: TreeId,
        pinned: PinnedTree.nullable(),
        problem: Problem.nullable().describe("why nothing is known of this tree"),
      }),
    ),
    rows: z.array(MatrixRow).describe("in the order of the request"),
  })
  .meta({ id: "Matrix" });
export type Matrix = z.infer<typeof Matrix>;
