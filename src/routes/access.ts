import rateLimit from "@fastify/rate-limit";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Caller, includes } from "../auth/authenticate.ts";
import { ApiProblem } from "../problems.ts";
import type { Scope } from "../schema/access.ts";
import type { App } from "./app.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a token must allow; stated by every route that is not a GET. */
    scope?: Scope;
  }
  interface FastifyRequest {
    caller: Caller;
  }
}

export interface AccessRules {
  readonly authenticate: (authorization: string | undefined) => Promise<Caller>;
  /** Requests a minute of one token, or of one address without token; 0: no limit. */
  readonly rateLimit: number;
}

const WINDOW_MS = 60_000;
/** What everybody may see: whether the service lives, and how to speak with it. /healthz and /readyz are not counted either. */
const PUBLIC = /^\/(?:healthz|readyz|openapi\.json|errors|docs(?:\/.*)?)$/;
const PROBES = /^\/(?:healthz|readyz)$/;
const READING = new Set(["GET", "HEAD", "OPTIONS"]);
/** Who asks for what is public. */
const NOBODY: Caller = { kind: "anonymous", scope: null };

interface Route {
  readonly url?: string | undefined;
  readonly method: string | readonly string[];
  readonly config?: { readonly scope?: Scope } | undefined;
}

/**
 * The scope that a route needs; null for a public one. Reading needs `read` unless the route says otherwise; any other must say.
 * @throws Error for a route that does not.
 */
export function scopeOf({ url = "", method, config }: Route): Scope | null {
  if (config?.scope !== undefined) return config.scope;
  if (PUBLIC.test(url)) return null;
  if ([method].flat().every((one) => READING.has(one))) return "read";
  throw new Error(`${method} ${url} does not say what a token must allow: config: { scope: "read" | "analyze" | "admin" }`);
}

/**
 * Checks of every request: it is not a browser's on behalf of a foreign page, its caller may do this, and has not asked too often. A route
 * that does not exist is no secret, so it is not found by anybody.
 */
export async function controlAccess(app: App, rules: AccessRules): Promise<void> {
  app.decorateRequest("caller");
  await app.register(rateLimit, { global: false });
  const limits = { max: rules.rateLimit, timeWindow: WINDOW_MS };
  // The default key is the address, of IPv6 the network.
  const countAddress = app.createRateLimit(limits);
  const countToken = app.createRateLimit({ ...limits, keyGenerator: ({ caller }) => (caller.kind === "token" ? caller.id : caller.kind) });

  const count = async (request: FastifyRequest, reply: FastifyReply) => {
    const { caller } = request;
    if (rules.rateLimit === 0 || caller.kind === "local" || PROBES.test(request.routeOptions.url ?? "")) return;
    const used = await (caller.kind === "token" ? countToken(request) : countAddress(request));
    if (used.isAllowed) return;
    // draft-ietf-httpapi-ratelimit-headers: quota and window in seconds; what remains and when the window ends.
    reply.header("ratelimit-policy", `"default";q=${used.max};w=${WINDOW_MS / 1000}`);
    reply.header("ratelimit", `"default";r=${used.remaining};t=${used.ttlInSeconds}`);
    if (!used.isExceeded) return;
    reply.header("retry-after", used.ttlInSeconds);
    throw new ApiProblem("rate-limited", `${used.max} requests a minute are the limit. Ask again in ${used.ttlInSeconds} seconds.`);
  };

  app.addHook("onRoute", (route) => void scopeOf(route));
  app.addHook("onRequest", async (request, reply) => {
    refuseForeignPages(request);
    const needed = request.is404 ? null : scopeOf({ ...request.routeOptions, method: request.method });
    // What is public is answered also when the state, which knows the tokens, is not.
    request.caller = needed === null ? NOBODY : await rules.authenticate(request.headers.authorization);
    if (request.caller.kind === "token") {
      request.log = request.log.child({ token: request.caller.id });
      reply.log = request.log;
    }
    await count(request, reply);
    if (needed !== null) requireScope(request.caller, needed, reply);
  });
}

/**
 * A page of another site can make a browser send requests to this machine or with its network's rights: forms and `fetch` need no
 * permission for a POST without body or with plain text. Browsers say where such a request is from (Fetch Metadata; older ones by Origin).
 */
function refuseForeignPages({ method, headers }: FastifyRequest): void {
  if (READING.has(method)) return;
  const site = headers["sec-fetch-site"];
  const own =
    site === undefined
      ? headers.origin === undefined || hostIn(headers.origin) === headers.host
      : site === "same-origin" || site === "none";
  if (own) return;
  throw new ApiProblem(
    "cross-site-request",
    "A page of another site sent this request. Send it from a program, or from a page of this service.",
  );
}

function hostIn(origin: string): string | undefined {
  return URL.parse(origin)?.host;
}

/** @throws ApiProblem token-required, scope-missing; the challenge (RFC 6750) is set on the reply. */
function requireScope(caller: Caller, needed: Scope, reply: FastifyReply): void {
  if (includes(caller.scope, needed)) return;
  if (caller.kind === "token") {
    reply.header("www-authenticate", `Bearer realm="backportd", error="insufficient_scope", scope="${needed}"`);
    throw new ApiProblem("scope-missing", `The token allows ${caller.scope}, and this needs ${needed}. Use a token with that scope.`);
  }
  const refused = caller.kind === "refused";
  reply.header("www-authenticate", `Bearer realm="backportd"${refused ? ', error="invalid_token"' : ""}`);
  throw new ApiProblem(
    "token-required",
    `${refused ? "The token is malformed, unknown or revoked" : "There is no token"}. Send "Authorization: Bearer TOKEN" with a token of scope ${needed}; "backportd token create" makes one.`,
  );
}
