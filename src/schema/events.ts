import { z } from "zod";
import { Timestamp } from "./common.ts";

/** One entry of the feed; what has become of the resource is behind its url. */
export const FeedEvent = z
  .object({
    id: z.number().int().positive().describe("grows over all resources"),
    kind: z.literal("event"),
    type: z.string().describe("stage or completed; more may come"),
    resource: z.string().describe("path below /v1, such as trees/main"),
    url: z.string(),
    at: Timestamp,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "FeedEvent" });
export type FeedEvent = z.infer<typeof FeedEvent>;

export const EventList = z
  .object({
    items: z.array(FeedEvent),
    nextCursor: z.string().describe("always there: ask with it again later for what comes after"),
  })
  .meta({ id: "EventList" });
export type EventList = z.infer<typeof EventList>;
