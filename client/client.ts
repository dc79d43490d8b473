/**
 * A typed client of the HTTP API: every path, parameter, body and answer has the type that openapi.json says. schema.d.ts is generated
 * from it by `npm run openapi`.
 */
import createFetchClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

/** Answers come as JSON; ask for another form with the option `headers: { accept }` and `parseAs`. */
export type ApiClient = Client<paths, `application/${string}`>;
export type ProblemDocument = components["schemas"]["Problem"];

export interface ClientOptions {
  /** A token of `backportd token create`; none is needed on a loopback address where none was created. */
  readonly token?: string;
  /** Ends every request. */
  readonly signal?: AbortSignal;
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** The service answered with a problem document, or with something that is none. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: ProblemDocument | null;
  constructor(request: string, status: number, problem: ProblemDocument | null) {
    super(`${request}: ${status}${problem === null ? "" : ` ${problem.code}: ${problem.detail}`}`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

export function createApiClient(baseUrl: string, { token, signal, fetch }: ClientOptions = {}): ApiClient {
  return createFetchClient<paths, `application/${string}`>({
    baseUrl,
    // An array is sent as the parameter several times.
    querySerializer: { array: { style: "form", explode: true } },
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    ...(signal === undefined ? {} : { signal }),
    ...(fetch === undefined ? {} : { fetch }),
  });
}

/** The body of a good answer. @throws ApiError for any other */
export function bodyOf<T>(result: { readonly data?: T; readonly error?: unknown; readonly response: Response }): T {
  if (result.data !== undefined) return result.data;
  const { response, error } = result;
  const problem = typeof error === "object" && error !== null && "code" in error ? (error as ProblemDocument) : null;
  throw new ApiError(new URL(response.url).pathname, response.status, problem);
}
