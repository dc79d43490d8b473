import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors, type ZodFastifySchemaValidationError } from "fastify-type-provider-zod";
import { storageProblem } from "../jobs/failure.ts";
import { ApiProblem, type FieldError, PROBLEMS, type ProblemCode, problemDocument } from "../problems.ts";
import type { App } from "./app.ts";

const RETRY_AFTER_SECONDS = 5;

/** Answers every error and every unknown route with a problem document. */
export function handleErrors(app: App): void {
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const problem = toProblem(error, request);
    if (PROBLEMS[problem.code].status >= 500) request.log.error({ err: error }, "request failed");
    if (problem.code === "body-too-large") await discardBody(request.raw);
    return sendProblem(reply, request, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const problem = new ApiProblem(
      "not-found",
      `There is no route ${request.method} ${pathOf(request)}. /openapi.json lists the routes, /docs shows them.`,
    );
    return sendProblem(reply, request, problem);
  });
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "/";
}

export function sendProblem(reply: FastifyReply, request: FastifyRequest, problem: ApiProblem): FastifyReply {
  const document = problemDocument(problem, { instance: pathOf(request), requestId: request.id });
  if (document.retryable && document.status !== 500 && !reply.hasHeader("retry-after")) reply.header("retry-after", RETRY_AFTER_SECONDS);
  reply.header("x-request-id", request.id);
  return reply.code(document.status).type("application/problem+json").send(JSON.stringify(document));
}

/** Errors of Fastify itself, by their code (https://fastify.dev/docs/latest/Reference/Errors). */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["malformed-http", "The body is not as long as Content-Length says."],
  FST_ERR_BAD_URL: ["malformed-http", "The path is not a valid URL path; check its percent encoding."],
  FST_ERR_MAX_PARAM_LENGTH: ["malformed-http", "A part of the path is too long."],
};

/** The problem that an error stands for. Of unexpected errors nothing is told but the request id, which finds them in the log. */
export function toProblem(error: FastifyError | ApiProblem, request: FastifyRequest): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return invalidRequest(error.validation, error.validationContext ?? "body");
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const limit = request.routeOptions.bodyLimit;
    return new ApiProblem("body-too-large", `The body is larger than ${limit} bytes. Send only the part of the log around the crash.`);
  }
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return unsupportedMediaType();
  const known = FASTIFY_ERRORS[error.code];
  if (known !== undefined) return new ApiProblem(...known);
  if (error.code === "FST_ERR_CTP_INVALID_JSON_BODY" || error instanceof SyntaxError) {
    return new ApiProblem("invalid-json", "The body could not be read as JSON. Quote strings, and write line ends inside them as \\n.");
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new ApiProblem("malformed-http", "The request could not be read.");
  }
  const storage = storageProblem(error.code);
  if (storage !== null) return storage;
  return new ApiProblem(
    "internal-error",
    `Something unexpected happened. The log of the service has it under the request id ${request.id}.`,
  );
}

export function unsupportedMediaType(): ApiProblem {
  return new ApiProblem(
    "unsupported-media-type",
    "Send the body as application/json; a crash text for /v1/crashes or /v1/signatures may be text/plain.",
  );
}

const PLACES: Readonly<Record<string, string>> = { body: "body", params: "path", querystring: "query", headers: "header" };

function invalidRequest(issues: readonly ZodFastifySchemaValidationError[], context: string): ApiProblem {
  const errors = issues.flatMap(fieldErrors);
  const place = PLACES[context] ?? context;
  const list = errors.map(({ pointer, detail }) => `${pointer === "" ? "the whole" : pointer}: ${detail}`).join("; ");
  return new ApiProblem("invalid-request", `The ${place} of the request is not valid: ${list}. /docs shows what is expected.`, errors);
}

/** zod names the object that has unknown members; callers want the members. */
function fieldErrors(issue: ZodFastifySchemaValidationError): FieldError[] {
  const pointer = issue.instancePath === "/" ? "" : issue.instancePath;
  const detail = issue.message ?? "not valid";
  const { keys } = issue.params as { keys?: unknown };
  if (!Array.isArray(keys)) return [{ pointer, detail }];
  return keys.map((key) => ({ pointer: `${pointer}/${escapePointer(String(key))}`, detail: "unknown member" }));
}

/** RFC 6901. */
function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

const DISCARD_BYTES = 256 * 1024 * 1024;
const DISCARD_MS = 10_000;

/**
 * Reads the rest of a body that is refused, within limits. Many clients read no answer while they send, and closing the connection
 * under them would show them a broken pipe instead of the problem.
 */
async function discardBody(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DISCARD_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > DISCARD_BYTES) done();
    });
    request.once("end", done).once("close", done).once("error", done);
    request.resume();
    if (request.complete || request.destroyed) done();
  });
}

/** Answers bytes that are not HTTP, or come too slowly; there is no request object yet, so the answer is written to the socket. */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = brokenHttp(error.code);
  const { status, title } = PROBLEMS[problem.code];
  const body = JSON.stringify(problemDocument(problem));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  void delay(1000).then(() => socket.destroy());
}

function brokenHttp(code: string | undefined): ApiProblem {
  if (code === "HPE_HEADER_OVERFLOW")
    return new ApiProblem("headers-too-large", "The header fields are larger than 16 KiB. Send fewer or shorter ones.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new ApiProblem("request-timeout", "The request did not arrive completely in time. Send it again.");
  return new ApiProblem("malformed-http", "The bytes received are not an HTTP request.");
}
