import type { JobContext } from "../jobs/parts.ts";
import { readRules } from "../jobs/rules.ts";
import { renderRules } from "../report/rules.ts";
import { Rules } from "../schema/rules.ts";
import type { App } from "./app.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { problems } from "./representations.ts";

export function ruleRoutes(app: App, context: JobContext): void {
  const rules = readRules(context);
  app.get(
    "/v1/rules",
    {
      config: { offers: FORMS },
      schema: {
        tags: ["rules"],
        summary: "The rules that answers are made by, and their version",
        response: { 200: inForms("The rules", Rules), ...problems() },
      },
    },
    async (request, reply) => sendForm(request, reply, rules, renderRules),
  );
}
