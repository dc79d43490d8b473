import { z } from "zod";
import { JobConclusion, JobStatus, Oid, Progress, Timestamp, TreeId, TreeRole } from "./common.ts";
import { Problem } from "./problem.ts";

export const TreeState = z.enum(["queued", "cloning", "indexing", "ready", "failed"]).meta({ id: "TreeState" });
export type TreeState = z.infer<typeof TreeState>;

/** What a caller says of a tree. */
export const TreeRequest = z
  .strictObject({
    remote: z.string().min(1).max(2000).describe("https, ssh or git URL; file URL or absolute path when the service allows file remotes"),
    ref: z.string().min(1).max(255).describe("branch or tag of the remote, short (master) or full (refs/heads/master)"),
    role: TreeRole,
  })
  .meta({ id: "TreeRequest" });
export type TreeRequest = z.infer<typeof TreeRequest>;

export const Tree = z
  .object({
    id: TreeId,
    kind: z.literal("tree"),
    url: z.string(),
    role: TreeRole,
    remote: z.string().describe("without credentials"),
    ref: z.string(),
    headOid: Oid.nullable(),
    state: TreeState,
    progress: Progress.nullable(),
    problem: Problem.nullable().describe("why the last clone, fetch or indexing failed; a tree that was ready stays usable"),
    fetchedAt: Timestamp.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "Tree" });
export type Tree = z.infer<typeof Tree>;

export const Fetch = z
  .object({
    id: z.string(),
    kind: z.literal("fetch"),
    url: z.string(),
    tree: TreeId,
    status: JobStatus,
    conclusion: JobConclusion.nullable(),
    progress: Progress.nullable(),
    problem: Problem.nullable(),
    headBefore: Oid.nullable(),
    headAfter: Oid.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp.describe("when status or progress changed last"),
    completedAt: Timestamp.nullable(),
  })
  .meta({ id: "Fetch" });
export type Fetch = z.infer<typeof Fetch>;
