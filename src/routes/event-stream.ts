import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { JobContext } from "../jobs/parts.ts";
import { eventsAfter, lastEvent, type StoredEvent } from "../store/events.ts";
import { clientGone } from "./client.ts";

const HEARTBEAT_MS = 15_000;

/** A wrong Last-Event-ID is taken as none: the whole story is better than a refusal, for a browser sends what it has. */
const LastEventId = z.coerce.number().int().nonnegative().catch(0);

const frame = (event: StoredEvent) => `id: ${event.seq}\nevent: ${event.type}\ndata: ${event.data}\n\n`;

/**
 * Streams the events of a resource (HTML standard, server-sent events) from the one after Last-Event-ID, and ends after `completed`.
 * A client that comes back and has seen that one, or comes when there are none any more, gets 204, which tells an EventSource not to come again.
 */
export async function streamEvents(
  context: JobContext,
  resource: string,
  request: FastifyRequest,
  reply: FastifyReply,
  heartbeatMs = HEARTBEAT_MS,
) {
  const seen = LastEventId.parse(request.headers["last-event-id"] ?? 0);
  const last = await lastEvent(context.db, resource);
  // None: they were removed when they were old, and so the resource is complete.
  if (last === undefined || (seen > 0 && last.type === "completed" && last.seq <= seen)) return reply.code(204).send();
  const events = follow(context, resource, seen, heartbeatMs, clientGone(reply));
  return reply.type("text/event-stream").header("cache-control", "no-store").header("x-accel-buffering", "no").send(Readable.from(events));
}

async function* follow(
  context: JobContext,
  resource: string,
  seen: number,
  heartbeatMs: number,
  gone: AbortSignal,
): AsyncGenerator<string> {
  const listener = context.changes.listen(resource);
  let position = seen;
  try {
    yield "retry: 2000\n\n";
    while (!gone.aborted && !context.changes.closing.aborted) {
      const events = await eventsAfter(context.db, resource, position);
      const last = events.at(-1);
      if (last !== undefined) {
        position = last.seq;
        yield events.map(frame).join("");
        if (last.type === "completed") return;
        continue;
      }
      // A resource without any event has been removed.
      if ((await lastEvent(context.db, resource)) === undefined) return;
      const began = performance.now();
      await listener.wait(heartbeatMs, gone);
      if (performance.now() - began >= heartbeatMs - 1) yield ": still here\n\n";
    }
  } finally {
    listener.stop();
  }
}
