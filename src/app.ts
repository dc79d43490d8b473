import { randomUUID } from "node:crypto";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import fastify from "fastify";
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Logger } from "pino";
import type { JobContext } from "./jobs/parts.ts";
import type { AddressGuard } from "./net/address-guard.ts";
import { type AccessRules, controlAccess, scopeOf } from "./routes/access.ts";
import { analysisRoutes } from "./routes/analyses.ts";
import type { App } from "./routes/app.ts";
import { batchRoutes } from "./routes/batches.ts";
import { crashRoutes } from "./routes/crashes.ts";
import { answerBrokenHttp, handleErrors, sendProblem, toProblem, unsupportedMediaType } from "./routes/errors.ts";
import { tagAnswers } from "./routes/etags.ts";
import { eventRoutes } from "./routes/events.ts";
import { guardRequests } from "./routes/guards.ts";
import { matrixRoutes } from "./routes/matrix.ts";
import { measureRequests, metricRoutes } from "./routes/metrics.ts";
import { operationRoutes } from "./routes/operations.ts";
import { planRoutes } from "./routes/plans.ts";
import { relievePressure } from "./routes/pressure.ts";
import { ruleRoutes } from "./routes/rules.ts";
import { searchRoutes } from "./routes/search.ts";
import { treeRoutes } from "./routes/trees.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

export interface AppParts {
  readonly jobs: JobContext;
  readonly log: Logger;
  /** Bytes. */
  readonly bodyLimit: number;
  readonly allowedHosts: readonly string[];
  readonly access: AccessRules;
  /** Where webhooks may go. */
  readonly guard: AddressGuard;
  readonly version: string;
}

/** How long a request may take to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;
const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** Builds the HTTP application from its parts. It never listens. */
export async function buildApp(parts: AppParts): Promise<App> {
  const app: App = fastify({
    loggerInstance: parts.log,
    bodyLimit: parts.bodyLimit,
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    forceCloseConnections: "idle",
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    },
    clientErrorHandler: answerBrokenHttp,
    frameworkErrors: (error, request, reply) => void sendProblem(reply, request, toProblem(error, request)),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  readBodies(app);
  handleErrors(app);
  guardRequests(app, parts.allowedHosts, parts.jobs.changes.closing);
  measureRequests(app, parts.jobs.metrics);
  await controlAccess(app, parts.access);
  relievePressure(app, parts);
  tagAnswers(app);
  await describeApi(app, parts.version);
  operationRoutes(app, parts.jobs);
  treeRoutes(app, parts.jobs);
  analysisRoutes(app, parts.jobs);
  batchRoutes(app, parts.jobs);
  matrixRoutes(app, parts.jobs);
  eventRoutes(app, parts.jobs);
  ruleRoutes(app, parts.jobs);
  metricRoutes(app, parts.jobs);
  searchRoutes(app, parts.jobs);
  planRoutes(app, parts.jobs);
  crashRoutes(app, parts.jobs);
  webhookRoutes(app, parts.jobs, parts.guard);
  await app.ready();
  return app;
}

/**
 * JSON, and for routes that say so a crash text as it is, which stands for a JSON body that has nothing else. An empty JSON body is no
 * body: many clients send the media type with a POST that has nothing to say.
 */
function readBodies(app: App): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else parse(request, body.toString(), (error: Error | null, value?: unknown) => done(error, value));
  });
  app.addContentTypeParser("text/plain", { parseAs: "string" }, (request, body, done) => {
    if (request.routeOptions.config.crashText === true) done(null, { crash: body.toString() });
    else done(unsupportedMediaType());
  });
}

const TOKEN_SCHEME = {
  type: "http",
  scheme: "bearer",
  description:
    "A token of `backportd token create`. Each route names the scope that it needs: `read`, `analyze` or `admin`, each of which includes those before it. On a loopback address the service needs no token until the first one is created.",
} as const;

async function describeApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "backportd",
        version,
        description: "Which upstream commits fix a kernel crash, are they in our tree, do they apply, and what else must come along.",
        license: { name: "MIT", identifier: "MIT" },
      },
      tags: [
        { name: "trees" },
        { name: "crashes" },
        { name: "analyses" },
        { name: "plans" },
        { name: "batches" },
        { name: "matrix" },
        { name: "events" },
        { name: "rules" },
        { name: "search" },
        { name: "webhooks" },
        { name: "operations" },
      ],
      components: { securitySchemes: { token: TOKEN_SCHEME } },
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route);
      const scope = scopeOf(route.route);
      return { url, schema: { ...schema, security: scope === null ? [] : [{ token: [scope] }] } };
    },
    transformObject: (document) => describeCaching(describeTexts(jsonSchemaTransformObject(document))),
  });
  await app.register(swaggerUi, { routePrefix: "/docs" });
}

type Document = ReturnType<typeof jsonSchemaTransformObject>;

/** What routes/etags.ts does for every GET below /v1 that answers a resource. */
function describeCaching(document: Document): Document {
  const unchanged = { description: "Not changed since the ETag of If-None-Match" };
  for (const [path, item] of Object.entries(("paths" in document ? document.paths : undefined) ?? {})) {
    const responses = item && "get" in item ? item.get?.responses : undefined;
    const stream = JSON.stringify(responses?.["200"] ?? {}).includes("text/event-stream");
    if (responses !== undefined && path.startsWith("/v1/") && !stream) Object.assign(responses, { "304": unchanged });
  }
  return document;
}

/** A text body has the schema of a text; the generator gives every media type that of the JSON body. */
function describeTexts(document: Document): Document {
  for (const path of Object.values(("paths" in document ? document.paths : undefined) ?? {})) {
    const body = path && "post" in path ? path.post?.requestBody : undefined;
    if (body && "content" in body && body.content["text/plain"] !== undefined) body.content["text/plain"] = { schema: { type: "string" } };
  }
  return document;
}
