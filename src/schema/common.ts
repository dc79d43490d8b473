import { z } from "zod";

/** A full git object id: 40 lower-case hexadecimal digits. */
export const Oid = z.string().regex(/^[0-9a-f]{40}$/, "expected 40 lower-case hexadecimal digits");
export type Oid = z.infer<typeof Oid>;

/** A full or abbreviated object id, 7 to 40 hexadecimal digits; upper case is folded. */
export const OidPrefix = z
  .string()
  .regex(/^[0-9a-fA-F]{7,40}$/, "expected 7 to 40 hexadecimal digits")
  .transform((text) => text.toLowerCase());

/** An opaque tree name, never a branch name. It becomes a ref component (refs/trees/<tree>/head), hence no dots. */
export const TreeId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "expected 1 to 64 of a-z, 0-9, - and _, starting with a letter or digit");
export type TreeId = z.infer<typeof TreeId>;

export const TreeRole = z.enum(["mainline", "stable", "vendor"]).meta({ id: "TreeRole" });
export type TreeRole = z.infer<typeof TreeRole>;

/** RFC 3339 with any offset, as callers send it. */
export const Instant = z.iso.datetime({ offset: true });

/** RFC 3339, UTC. */
export const Timestamp = z.string().meta({ format: "date-time" });

/** A commit named beside its subject, so that a person can read the answer. */
export const CommitRef = z
  .object({
    oid: Oid.nullable().describe("the commit in the mirror; null when only a reference names it"),
    upstreamOid: z.string().nullable().describe("its mainline id, full or as abbreviated by the reference that claims it"),
    subject: z.string(),
  })
  .meta({ id: "CommitRef" });
export type CommitRef = z.infer<typeof CommitRef>;

/** A tree pinned to the commit that an answer was computed from. */
export const PinnedTree = z.object({ tree: TreeId, ref: z.string(), oid: Oid }).meta({ id: "PinnedTree" });
export type PinnedTree = z.infer<typeof PinnedTree>;

export const Progress = z
  .object({
    stage: z.string(),
    done: z.number().int().nonnegative(),
    total: z.number().int().nonnegative().nullable().describe("null while the total is not known"),
  })
  .meta({ id: "Progress" });
export type Progress = z.infer<typeof Progress>;

/** Called often by long work; implementations must be cheap and must not throw. */
export type ReportProgress = (progress: Progress) => void;

export const JobStatus = z.enum(["queued", "in_progress", "completed"]).meta({ id: "JobStatus" });
export type JobStatus = z.infer<typeof JobStatus>;

export const JobConclusion = z.enum(["success", "failure", "cancelled"]).meta({ id: "JobConclusion" });
export type JobConclusion = z.infer<typeof JobConclusion>;
