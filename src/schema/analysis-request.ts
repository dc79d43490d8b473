import { z } from "zod";
import { Instant, OidPrefix, TreeId } from "./common.ts";
import { Signature } from "./signature.ts";

export const AnalysisOptions = z
  .strictObject({
    maxCandidates: z.number().int().min(1).max(100).default(10).describe("how many candidates are analysed in full"),
    includePresent: z
      .number()
      .int()
      .min(0)
      .max(20)
      .default(3)
      .describe(
        "of a crash: how many upstream commits that the target has already are shown apart, in `alreadyPresent`; 0 does not look for them",
      ),
    since: Instant.optional().describe("of a crash: only commits with this committer date or a later one are searched"),
    until: Instant.optional().describe("of a crash: only commits with this committer date or an earlier one are searched"),
  })
  .meta({ id: "AnalysisOptions" });
export type AnalysisOptions = z.infer<typeof AnalysisOptions>;

/** Exactly one of crash, signature, commits and patch asks the question; a patch may also come with a crash or a signature. */
export const AnalysisRequest = z
  .strictObject({
    target: TreeId,
    upstreams: z.array(TreeId).min(1).max(32).optional().describe("default: all trees of role mainline and stable"),
    crash: z.string().min(1).optional().describe("crash text, as it stands in the log"),
    signature: Signature.optional(),
    commits: z.array(OidPrefix).min(1).max(100).optional(),
    patch: z
      .string()
      .min(1)
      .optional()
      .describe("a unified diff or format-patch mails; with a crash or signature: patches that may fix it, ranked among the candidates"),
    options: AnalysisOptions.optional(),
  })
  .meta({ id: "AnalysisRequest" });
export type AnalysisRequest = z.infer<typeof AnalysisRequest>;

/** What an analysis asks, after the crash text was read and the commit ids were resolved. */
export const Question = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("signature"),
    signature: Signature,
    patch: z.string().optional().describe("uploaded patches that are ranked among the candidates"),
  }),
  z.object({ kind: z.literal("commits"), oids: z.array(z.string()).describe("full or abbreviated") }),
  z.object({ kind: z.literal("patch"), text: z.string() }),
]);
export type Question = z.infer<typeof Question>;
