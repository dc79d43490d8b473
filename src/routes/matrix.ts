import { z } from "zod";
import { readMatrix } from "../jobs/matrix.ts";
import type { JobContext } from "../jobs/parts.ts";
import { renderMatrix, renderMatrixCsv } from "../report/matrix.ts";
import { OidPrefix, TreeId } from "../schema/common.ts";
import { Matrix } from "../schema/matrix.ts";
import { negotiate } from "./accept.ts";
import type { App } from "./app.ts";
import { callerOf, clientGone } from "./client.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { problems } from "./representations.ts";

const OFFERS = [...FORMS, "text/csv"] as const;

/** One value, or the parameter several times. */
const several = <T extends z.ZodType>(value: T, most: number) =>
  z.union([value, z.array(value).min(1).max(most)]).transform((given): z.output<T>[] => (Array.isArray(given) ? given : [given]));

const MatrixQuery = z.strictObject({
  commits: several(OidPrefix, 200).describe("fixes, full or abbreviated; may be given up to 200 times"),
  trees: several(TreeId, 64).optional().describe("may be given several times; default: every tree that is ready"),
  applicability: z
    .enum(["true", "false"])
    .default("false")
    .describe("true: try to apply what is not there, which takes as long as a commit check for each cell; at most 400 cells"),
});

export function matrixRoutes(app: App, context: JobContext): void {
  const content = inForms("The table; text/csv has a column for presence and one for applicability for each tree", Matrix);
  app.get(
    "/v1/matrix",
    {
      config: { offers: OFFERS },
      schema: {
        tags: ["matrix"],
        summary: "Fixes by trees: is each there, and would it apply",
        querystring: MatrixQuery,
        response: {
          200: { ...content, content: { ...content.content, "text/csv": { schema: z.string() } } },
          ...problems(504),
        },
      },
    },
    async (request, reply) => {
      const { commits, trees, applicability } = request.query;
      const question = { commits, trees, applicability: applicability === "true" };
      const matrix = await readMatrix(context, question, { caller: callerOf(request), gone: clientGone(reply) });
      if (negotiate(request.headers.accept, OFFERS) !== "text/csv") return sendForm(request, reply, matrix, renderMatrix);
      return reply
        .type("text/csv; charset=utf-8")
        .header("vary", "accept")
        .header("x-content-type-options", "nosniff")
        .send(renderMatrixCsv(matrix));
    },
  );
}
