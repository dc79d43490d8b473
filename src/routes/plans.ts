import { z } from "zod";
import type { JobContext } from "../jobs/parts.ts";
import { cancelPlan, requirePlan, requirePlanState, submitPlan, waitForPlan } from "../jobs/plan-jobs.ts";
import { checkMove, type Staleness, stalenessOf } from "../jobs/plan-moves.ts";
import { planResource, urlOf } from "../jobs/resources.ts";
import { ApiProblem } from "../problems.ts";
import { renderMbox } from "../report/mbox.ts";
import { renderPlan, renderPlans } from "../report/plan-text.ts";
import { TreeId } from "../schema/common.ts";
import { Plan, PlanList, PlanRequest, type PlanSummary } from "../schema/plan.ts";
import { listPlans, type PlanRow, type PlanSummaryRow, planMails } from "../store/plans.ts";
import type { App } from "./app.ts";
import { askerOf, callerOf, clientGone } from "./client.ts";
import { streamEvents } from "./event-stream.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { anyOf, cutPage, linkNext, Paging, readPlace, Wait } from "./paging.ts";
import { planGraphRoute } from "./plan-graph.ts";
import { eventStreamContent, problems } from "./representations.ts";

const PlanParams = z.object({ id: z.string().max(64) });
const tags = ["plans"];
/** Patches have the bytes of the files, in whatever encoding. */
const Bytes = z.any().meta({ type: "string", format: "binary" });
/** The mails of a plan that was made never change. */
const IMMUTABLE = "private, max-age=31536000, immutable";
const planContent = inForms("The plan", Plan);

function showSummary(row: PlanSummaryRow): PlanSummary {
  return { ...row, commits: [...row.commits], kind: "plan", url: urlOf(planResource(row.id)) };
}

function showPlan(row: PlanRow, staleness: Staleness): Plan {
  const { result, ...shown } = row;
  const url = urlOf(planResource(row.id));
  return {
    ...shown,
    kind: "plan",
    url,
    upstreams: [...row.upstreams],
    commits: [...row.commits],
    steps: result?.steps ?? [],
    failure: result?.failure ?? null,
    skipped: result?.skipped ?? [],
    prerequisites: result?.prerequisites ?? [],
    alternatives: result?.alternatives ?? [],
    followUps: result?.followUps ?? [],
    warnings: result?.warnings ?? [],
    ...staleness,
    mboxUrl: `${url}/mbox`,
    graphUrl: `${url}/graph`,
  };
}

export function planRoutes(app: App, context: JobContext): void {
  const show = async (row: PlanRow) => showPlan(row, await stalenessOf(context, row));

  app.post(
    "/v1/plans",
    {
      config: { offers: FORMS, scope: "analyze" },
      schema: {
        tags,
        summary: "Plan which commits bring these fixes into a tree, in which order, and apply them virtually",
        querystring: Wait,
        body: PlanRequest,
        response: { 202: planContent, ...problems(404, 409, 410, 413, 415) },
      },
    },
    async (request, reply) => {
      const accepted = await submitPlan(context, request.body, askerOf(request));
      const row = await waitForPlan(context, accepted.id, request.query.wait * 1000, clientGone(reply));
      reply
        .code(202)
        .header("location", urlOf(planResource(row.id)))
        .header("retry-after", 1);
      return sendForm(request, reply, await show(row), renderPlan);
    },
  );

  app.get(
    "/v1/plans",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "List the plans, newest first",
        querystring: Paging.extend({ target: anyOf(TreeId) }),
        response: { 200: inForms("A page of plans", PlanList), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit, cursor, target } = request.query;
      const rows = await listPlans(context.db, target, readPlace(cursor), limit + 1);
      const page = cutPage(rows, limit, (row) => [row.createdAt, row.id], showSummary);
      return sendForm(request, reply, linkNext(request, reply, page), renderPlans);
    },
  );

  app.get(
    "/v1/plans/:id",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "A plan, and whether its target has moved since",
        params: PlanParams,
        querystring: Wait.extend({
          check: z.stringbool().default(false).describe("when the target has moved: apply the steps to its present head"),
        }),
        response: { 200: planContent, ...problems(404, 409, 410, 504) },
      },
    },
    async (request, reply) => {
      const gone = clientGone(reply);
      const row = await waitForPlan(context, request.params.id, request.query.wait * 1000, gone);
      const staleness = request.query.check
        ? await checkMove(context, row, { caller: callerOf(request), gone })
        : await stalenessOf(context, row);
      return sendForm(request, reply, showPlan(row, staleness), renderPlan);
    },
  );

  app.delete(
    "/v1/plans/:id",
    {
      config: { scope: "analyze" },
      schema: { tags, summary: "Cancel a plan", params: PlanParams, response: { 200: Plan, ...problems(404, 409, 410) } },
    },
    async (request) => show(await cancelPlan(context, request.params.id)),
  );

  app.get(
    "/v1/plans/:id/events",
    {
      exposeHeadRoute: false,
      config: { offers: ["text/event-stream"] },
      schema: {
        tags,
        summary: "Progress as server-sent events",
        params: PlanParams,
        response: { ...eventStreamContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      await requirePlanState(context, request.params.id);
      return streamEvents(context, planResource(request.params.id), request, reply);
    },
  );

  app.get(
    "/v1/plans/:id/mbox",
    {
      config: { offers: ["application/mbox"] },
      schema: {
        tags,
        summary: "The plan as a series of mails that git am takes on the target",
        params: PlanParams,
        response: {
          200: { description: "The mails", content: { "application/mbox": { schema: Bytes } } },
          ...problems(404, 409, 410),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const bytes = await readMbox(context, id);
      return reply
        .type("application/mbox")
        .header("x-content-type-options", "nosniff")
        .header("content-disposition", `attachment; filename="plan-${id}.mbox"`)
        .header("cache-control", IMMUTABLE)
        .send(bytes);
    },
  );

  planGraphRoute(app, context, show);
}

/** @throws ApiProblem plan-not-found, plan-not-exportable with the reason */
async function readMbox(context: JobContext, id: string): Promise<Buffer> {
  const { result, conclusion, status, target, engineVersion } = await requirePlan(context, id);
  if (result === null) throw notExportable(`it is ${conclusion ?? status}`);
  if (result.failure !== null) throw notExportable(`step ${result.failure.position} does not apply: ${result.failure.cause}`);
  if (result.steps.length === 0) throw notExportable("the target has everything already");
  const mbox = renderMbox({ id, target, engineVersion, steps: result.steps }, await planMails(context.db, id));
  if (mbox.kind === "refused") throw notExportable(mbox.reason);
  return mbox.bytes;
}

function notExportable(reason: string): ApiProblem {
  return new ApiProblem("plan-not-exportable", `There are no mails of this plan: ${reason}.`);
}
