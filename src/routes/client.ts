import type { FastifyReply, FastifyRequest } from "fastify";
import type { Asker } from "../jobs/failure.ts";
import { PRIORITY } from "../jobs/fair-queue.ts";

/** Aborted when the client went away before it had its answer. The response tells it reliably; the request closes once its body is read. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** Whose request it is, for taking turns (jobs/fair-queue.ts): a token's; without one, callers on one machine count as one. */
export const callerOf = ({ caller, ip }: FastifyRequest): string => (caller.kind === "token" ? caller.id : ip);

/** A caller who waits for the answer of a question. */
export const askerOf = (request: FastifyRequest): Asker => ({ caller: callerOf(request), priority: PRIORITY.question });
