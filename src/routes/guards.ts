import type { FastifyRequest } from "fastify";
import { isLoopback } from "../config.ts";
import { ApiProblem } from "../problems.ts";
import { negotiate } from "./accept.ts";
import type { App } from "./app.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Media types that the route answers with; default JSON only. */
    offers?: readonly [string, ...string[]];
    /** Takes a crash text as text/plain beside JSON. */
    crashText?: boolean;
  }
}

const JSON_ONLY = ["application/json"] as const;

/** The name in a Host header: without the port, IPv6 without its brackets. */
function hostName(host: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d*$/, "")).toLowerCase();
}

/**
 * Checks that come before any handler. The Host header must name this service: a web page that points its own name at 127.0.0.1
 * (DNS rebinding) would otherwise speak with the rights of the local user.
 */
export function guardRequests(app: App, allowedHosts: readonly string[], closing: AbortSignal): void {
  const allowed = new Set(allowedHosts.map((name) => name.toLowerCase()));
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    // Answers hold hostile text: no browser shall take one for a page.
    reply.header("x-content-type-options", "nosniff");
    checkHost(request, allowed);
    if (!request.url.startsWith("/v1/")) return;
    refuseEncodedBody(request);
    if (closing.aborted) throw new ApiProblem("shutting-down", "The service is stopping. Ask again when it is back.");
    negotiate(request.headers.accept, request.routeOptions.config?.offers ?? JSON_ONLY);
  });
}

/** What is sent is what is read: a few bytes that unfold to gigabytes are not taken. */
function refuseEncodedBody({ headers }: FastifyRequest): void {
  const encoding = headers["content-encoding"];
  if (encoding === undefined || encoding.trim().toLowerCase() === "identity") return;
  throw new ApiProblem("unsupported-media-type", "Compressed bodies are not taken. Send the body without Content-Encoding.");
}

function checkHost(request: FastifyRequest, allowed: ReadonlySet<string>): void {
  const { host } = request.headers;
  if (host === undefined) return;
  const name = hostName(host);
  if (isLoopback(name) || allowed.has(name)) return;
  throw new ApiProblem(
    "host-not-allowed",
    `The Host header says "${name}". Use a loopback name, or add this one to BACKPORTD_ALLOWED_HOSTS.`,
  );
}
