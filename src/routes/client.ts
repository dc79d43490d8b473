import type { FastifyReply } from "fastify";

/** Aborted when the client went away before it had its answer. The response tells it reliably; the request closes once its body is read. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
