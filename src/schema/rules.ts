import { z } from "zod";

/** What the answers of this version rest on: the knowledge of src/rules as data. */
export const Rules = z
  .object({
    kind: z.literal("rules"),
    rulesVersion: z.string(),
    engineVersion: z.string(),
    evidence: z
      .array(z.object({ id: z.string(), weight: z.number(), addsUp: z.boolean(), about: z.string() }))
      .describe("what speaks for or against a candidate; `rule` of its evidence names the row"),
    references: z
      .array(z.object({ id: z.string(), kind: z.string(), pattern: z.string(), sample: z.string(), own: z.boolean() }))
      .describe("how messages name other commits, in order of precedence; own: of this service's settings"),
    frames: z
      .object({ irrelevant: z.array(z.string()), prefix: z.array(z.string()), dispatch: z.array(z.string()) })
      .describe("functions of a stack that say little; `*` stands for any text"),
  })
  .meta({ id: "Rules" });
export type Rules = z.infer<typeof Rules>;
