import { z } from "zod";
import { Timestamp } from "./common.ts";
import { CrashKind, Signature } from "./signature.ts";

export const Fingerprint = z.string().regex(/^[0-9a-f]{16,64}$/, "expected 16 to 64 lower-case hexadecimal digits");

export const SignatureRequest = z
  .strictObject({ crash: z.string().min(1).describe("crash text, as it stands in the log") })
  .meta({ id: "SignatureRequest" });
export type SignatureRequest = z.infer<typeof SignatureRequest>;

export const CrashRequest = SignatureRequest.extend({
  source: z.string().min(1).max(500).nullable().default(null).describe("where the text is from, such as a host or the address of a bug"),
}).meta({ id: "CrashRequest" });
export type CrashRequest = z.infer<typeof CrashRequest>;

/** What a list tells of a crash; the rest is behind its url. */
export const CrashSummary = z
  .object({
    id: z.string(),
    kind: z.literal("crash"),
    url: z.string(),
    source: z.string().nullable(),
    bytes: z.number().int().describe("length of the text in UTF-8"),
    createdAt: Timestamp,
    updatedAt: Timestamp.describe("when the text was read last: a new version of the service reads it anew"),
    crashKind: CrashKind,
    title: z.string(),
    fingerprint: Fingerprint.describe("the loose one, which groups crashes"),
    signatureUrl: z.string().describe("the group"),
    reportUrl: z.string().describe("the text"),
  })
  .meta({ id: "CrashSummary" });
export type CrashSummary = z.infer<typeof CrashSummary>;

export const Crash = CrashSummary.extend({ signature: Signature }).meta({ id: "Crash" });
export type Crash = z.infer<typeof Crash>;

/** Crashes with the same loose fingerprint: the same two functions in front, whatever build or architecture. */
export const SignatureGroupSummary = z
  .object({
    id: Fingerprint,
    kind: z.literal("signature"),
    url: z.string(),
    title: z.string().describe("of the latest crash"),
    crashKind: CrashKind.describe("of the latest crash"),
    count: z.number().int().positive().describe("crashes kept"),
    firstSeen: Timestamp,
    lastSeen: Timestamp,
    crashesUrl: z.string().describe("the list of these crashes"),
  })
  .meta({ id: "SignatureGroupSummary" });
export type SignatureGroupSummary = z.infer<typeof SignatureGroupSummary>;

export const SignatureGroup = SignatureGroupSummary.extend({ signature: Signature.describe("of the latest crash") }).meta({
  id: "SignatureGroup",
});
export type SignatureGroup = z.infer<typeof SignatureGroup>;
