import { z } from "zod";
import type { JobContext } from "../jobs/parts.ts";
import { urlOf } from "../jobs/resources.ts";
import { ApiProblem } from "../problems.ts";
import { renderEvents } from "../report/resources.ts";
import { EventList, type FeedEvent } from "../schema/events.ts";
import { type FeedRow, readFeed } from "../store/events.ts";
import { eventsRemovedTo } from "../store/retention.ts";
import type { App } from "./app.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { anyOf, linkNext, Paging, readNumber, writeCursor } from "./paging.ts";
import { problems } from "./representations.ts";

const Data = z.record(z.string(), z.unknown());

function showEvent({ seq, type, resource, at, data }: FeedRow): FeedEvent {
  return { id: seq, kind: "event", type, resource, url: urlOf(resource), at, data: Data.parse(JSON.parse(data)) };
}

function expired(): ApiProblem {
  return new ApiProblem(
    "cursor-expired",
    "Events after this cursor were removed, because there were too many. Read the resources that you follow, then ask for events without a cursor.",
  );
}

export function eventRoutes(app: App, context: JobContext): void {
  app.get(
    "/v1/events",
    {
      config: { offers: FORMS },
      schema: {
        tags: ["events"],
        summary: "What happened to all resources, oldest first; made for following along",
        description:
          "Events of an earlier run go when a resource is run anew, and with a resource that is removed. The oldest go when there are too many; a cursor that stands before such ones is refused.",
        querystring: Paging.extend({ type: anyOf(z.enum(["stage", "completed"])) }),
        response: { 200: inForms("A page of events", EventList), ...problems(410) },
      },
    },
    async (request, reply) => {
      const { limit, cursor, type: types } = request.query;
      const after = cursor === undefined ? 0 : readNumber(cursor);
      if (after > 0 && after < (await eventsRemovedTo(context.db))) throw expired();
      const items = (await readFeed(context.db, after, types, limit)).map(showEvent);
      const page = { items, nextCursor: writeCursor([String(items.at(-1)?.id ?? after)]) };
      return sendForm(request, reply, linkNext(request, reply, page), renderEvents);
    },
  );
}
