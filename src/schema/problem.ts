import { z } from "zod";

/** RFC 9457 problem document, with the members that every backportd problem has. */
export const Problem = z
  .object({
    type: z.string().describe("address of the entry in docs/errors.md"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe("what was wrong, where, and what to do next"),
    instance: z.string().nullable(),
    code: z.string().describe("stable name of the problem"),
    requestId: z.string().nullable(),
    retryable: z.boolean(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;
