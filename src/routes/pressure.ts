import { getHeapStatistics } from "node:v8";
import type { FastifyRequest } from "fastify";
import { ApiProblem } from "../problems.ts";
import type { App } from "./app.ts";

/** Bodies that may be held at the same time, in bodies of the largest size. */
const LARGEST_BODIES = 32;
/** Requests that may be open at the same time: waiting ones and event streams count. */
const OPEN_REQUESTS = 2000;
/** Share of the heap in use above which no more work is taken. */
const FULL_HEAP = 0.9;
const READING = new Set(["GET", "HEAD", "OPTIONS"]);

export interface PressureLimits {
  /** Bytes. */
  readonly bodyLimit: number;
  readonly openRequests?: number;
  /** Share of the heap that is in use; measured when asked. */
  readonly heapUse?: () => number;
}

function usedHeap(): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  return used_heap_size / heap_size_limit;
}

/**
 * Refuses requests with 503 before memory runs out. How many analyses and texts may wait is the queue's own limit (jobs); this is what
 * HTTP itself holds: open requests, and their bodies until they are answered.
 */
export function relievePressure(app: App, limits: PressureLimits): void {
  const { openRequests = OPEN_REQUESTS, heapUse = usedHeap } = limits;
  const budget = LARGEST_BODIES * limits.bodyLimit;
  let open = 0;
  let held = 0;

  app.addHook("onRequest", async (request, reply) => {
    const bytes = expectedBytes(request, limits.bodyLimit);
    open += 1;
    held += bytes;
    reply.raw.once("close", () => {
      open -= 1;
      held -= bytes;
    });
    if (!request.url.startsWith("/v1/")) return;
    if (open > openRequests) throw busy("requests are open");
    if (READING.has(request.method)) return;
    if (held > budget) throw busy("bytes of requests are being worked on");
    if (heapUse() > FULL_HEAP) throw busy("memory is in use");
  });
}

/** A body without a length may become as long as is allowed; a longer one is refused before it is read. */
function expectedBytes({ headers }: FastifyRequest, bodyLimit: number): number {
  if (headers["transfer-encoding"] !== undefined) return bodyLimit;
  return Math.min(Number(headers["content-length"] ?? 0) || 0, bodyLimit);
}

const busy = (what: string) => new ApiProblem("service-busy", `As many ${what} as the service can hold. Ask again later.`);
