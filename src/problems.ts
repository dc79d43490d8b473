import type { Problem } from "./schema/problem.ts";

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** True when the same request may succeed later without a change by the caller. */
  readonly retryable: boolean;
}

/** Every problem the service can answer with or embed in a resource. docs/errors.md has one heading per code; a test keeps them equal. */
export const PROBLEMS = {
  "invalid-request": { status: 400, title: "The request is not valid", retryable: false },
  "invalid-json": { status: 400, title: "The body is not valid JSON", retryable: false },
  "malformed-http": { status: 400, title: "The request is not valid HTTP", retryable: false },
  "remote-not-allowed": { status: 400, title: "The remote is not allowed", retryable: false },
  "target-not-allowed": { status: 400, title: "The endpoint is not allowed", retryable: false },
  "token-required": { status: 401, title: "A token is required", retryable: false },
  "cross-site-request": { status: 403, title: "A page of another site sent the request", retryable: false },
  "scope-missing": { status: 403, title: "The token does not allow this", retryable: false },
  "not-found": { status: 404, title: "There is no such route", retryable: false },
  "tree-not-found": { status: 404, title: "There is no such tree", retryable: false },
  "fetch-not-found": { status: 404, title: "There is no such fetch", retryable: false },
  "analysis-not-found": { status: 404, title: "There is no such analysis", retryable: false },
  "batch-not-found": { status: 404, title: "There is no such batch", retryable: false },
  "plan-not-found": { status: 404, title: "There is no such plan", retryable: false },
  "crash-not-found": { status: 404, title: "There is no such crash", retryable: false },
  "signature-not-found": { status: 404, title: "No crash has this fingerprint", retryable: false },
  "commit-not-found": { status: 404, title: "The commit is not known", retryable: false },
  "webhook-not-found": { status: 404, title: "There is no such webhook", retryable: false },
  "delivery-not-found": { status: 404, title: "There is no such delivery", retryable: false },
  "not-acceptable": { status: 406, title: "The answer is not available in an accepted media type", retryable: false },
  "request-timeout": { status: 408, title: "The request did not arrive in time", retryable: true },
  "analysis-completed": { status: 409, title: "The analysis is already completed", retryable: false },
  "batch-completed": { status: 409, title: "The batch is already completed", retryable: false },
  "plan-completed": { status: 409, title: "The plan is already completed", retryable: false },
  "plan-not-exportable": { status: 409, title: "The plan has no mails", retryable: false },
  "commit-ambiguous": { status: 409, title: "The abbreviation names several commits", retryable: false },
  "no-upstream": { status: 409, title: "There is no upstream tree to search", retryable: false },
  "tree-not-ready": { status: 409, title: "The tree is not ready", retryable: true },
  "too-many-trees": { status: 409, title: "The service holds its maximum number of trees", retryable: false },
  "too-many-crashes": { status: 409, title: "The service keeps its maximum number of crashes", retryable: false },
  "too-many-webhooks": { status: 409, title: "The service has its maximum number of webhooks", retryable: false },
  "webhook-disabled": { status: 409, title: "The webhook is disabled", retryable: false },
  "cursor-expired": { status: 410, title: "Events after the cursor were removed", retryable: false },
  "stored-form-outdated": { status: 410, title: "The stored form is of another version", retryable: false },
  "body-too-large": { status: 413, title: "The body is too large", retryable: false },
  "unsupported-media-type": { status: 415, title: "The media type of the body is not supported", retryable: false },
  "host-not-allowed": { status: 421, title: "The Host header names another service", retryable: false },
  "crash-not-recognised": { status: 422, title: "Nothing in the text looks like a kernel crash", retryable: false },
  "idempotency-key-reused": { status: 422, title: "The idempotency key was used for another request", retryable: false },
  "patch-not-recognised": { status: 422, title: "The text holds no diff", retryable: false },
  "patch-unsafe": { status: 422, title: "The patch names a path that leads out of the tree", retryable: false },
  "rate-limited": { status: 429, title: "Too many requests", retryable: true },
  "headers-too-large": { status: 431, title: "The header fields are too large", retryable: false },
  "internal-error": { status: 500, title: "The service failed", retryable: true },
  "index-failed": { status: 500, title: "The history could not be indexed", retryable: true },
  "analysis-failed": { status: 500, title: "The analysis failed", retryable: true },
  "worker-died": { status: 500, title: "The worker died while it did the job", retryable: true },
  "remote-unreachable": { status: 502, title: "The remote cannot be reached", retryable: true },
  "remote-refused": { status: 502, title: "The remote refused access", retryable: false },
  "ref-not-found": { status: 502, title: "The remote has no such ref", retryable: false },
  "remote-incomplete": { status: 502, title: "The remote did not send all objects", retryable: true },
  "service-busy": { status: 503, title: "The service has too much work", retryable: true },
  "mirror-damaged": { status: 503, title: "The mirror lacks objects or cannot read them", retryable: true },
  "shutting-down": { status: 503, title: "The service is stopping", retryable: true },
  "job-timed-out": { status: 504, title: "The job took longer than its limit", retryable: true },
  "disk-full": { status: 507, title: "The disk of the service is full", retryable: true },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface FieldError {
  /** JSON pointer into the body, or into the path or query parameters taken as one object. */
  readonly pointer: string;
  readonly detail: string;
}

export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === "string" && Object.hasOwn(PROBLEMS, code);
}

/** Thrown anywhere below a route; the one error handler turns it into a problem document. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  /** What was wrong, where, and what to do next. Shown to callers: no paths of the machine, no credentials. */
  readonly detail: string;
  readonly errors: readonly FieldError[];
  constructor(code: ProblemCode, detail: string, errors: readonly FieldError[] = []) {
    super(detail);
    this.name = "ApiProblem";
    this.code = code;
    this.detail = detail;
    this.errors = errors;
  }
}

export interface ProblemPlace {
  /** Path of the request or resource that the problem is about. */
  readonly instance?: string;
  readonly requestId?: string;
}

/** The document for a problem (RFC 9457). `type` is the entry of docs/errors.md, which the service shows at /errors. */
export function problemDocument(problem: Pick<ApiProblem, "code" | "detail" | "errors">, place: ProblemPlace = {}): Problem {
  return {
    type: `/errors#${problem.code}`,
    ...PROBLEMS[problem.code],
    detail: problem.detail,
    instance: place.instance ?? null,
    code: problem.code,
    requestId: place.requestId ?? null,
    errors: [...problem.errors],
  };
}
