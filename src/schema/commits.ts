import { z } from "zod";
import { Affected, Presence } from "./analysis.ts";
import { Oid, OidPrefix, PinnedTree, Timestamp } from "./common.ts";
import { Problem } from "./problem.ts";

export const CommitsRequest = z
  .strictObject({ oids: z.array(OidPrefix).min(1).max(1000).describe("upstream ids or ids of the tree, full or abbreviated") })
  .meta({ id: "CommitsRequest" });
export type CommitsRequest = z.infer<typeof CommitsRequest>;

/** One commit that was asked about: what is known of it, or a problem. */
export const CommitItem = z
  .object({
    id: z.string().describe("as asked for, in lower case"),
    url: z.string().nullable(),
    oid: Oid.nullable(),
    upstreamOid: z.string().nullable(),
    subject: z.string().nullable(),
    author: z.string().nullable(),
    date: Timestamp.nullable(),
    presence: Presence.nullable(),
    affected: Affected.nullable(),
    problem: Problem.nullable().describe("why nothing is known: commit-not-found or commit-ambiguous"),
  })
  .meta({ id: "CommitItem" });
export type CommitItem = z.infer<typeof CommitItem>;

/** Answer of POST /v1/trees/{tree}/commits. */
export const CommitList = z
  .object({ kind: z.literal("commit_list"), tree: PinnedTree, items: z.array(CommitItem).describe("in the order of the request") })
  .meta({ id: "CommitList" });
export type CommitList = z.infer<typeof CommitList>;
