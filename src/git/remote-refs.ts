import git, { type GitHttpRequest, type GitHttpResponse } from "isomorphic-git";
import { runGit } from "./process.ts";
import type { RemoteAccess } from "./remote-access.ts";
import { RemoteError, toRemoteError } from "./remote-error.ts";

export interface RemoteRef {
  readonly ref: string;
  /** What the ref names, an annotated tag resolved to what it tags. */
  readonly oid: string;
}

/** A server that lists more than this (about 500,000 refs) is not believed. */
const LONGEST_LISTING = 64 * 1024 * 1024;

/**
 * Asks a remote which refs it has that are one of these full names, or stand below one that ends with a slash, without cloning: over http
 * through isomorphic-git (no process, protocol 2 sends only what was asked for), else through `git ls-remote`. Address and names must have
 * been validated.
 * @throws RemoteError when it does not answer or refuses.
 */
export async function remoteRefs(remote: RemoteAccess, names: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
  const found = await (/^https?:/i.test(remote.address) ? overHttp(remote, names, signal) : overGit(remote, names, signal));
  return found.filter(({ ref }) => names.some((name) => ref === name || (name.endsWith("/") && ref.startsWith(name))));
}

async function overGit({ address, env }: RemoteAccess, names: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
  const patterns = names.flatMap((name) => (name.endsWith("/") ? [`${name}*`] : [name, `${name}^{}`]));
  let output: Buffer;
  try {
    output = await runGit(["ls-remote", "--end-of-options", address, ...patterns], { env, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw toRemoteError(error);
  }
  const refs = new Map<string, string>();
  for (const line of output.toString("utf8").split("\n")) {
    const [oid = "", name = ""] = line.split("\t");
    // The resolved form of a tag follows the tag itself.
    if (name !== "") refs.set(name.replace(/\^\{\}$/, ""), oid);
  }
  return [...refs].map(([ref, oid]) => ({ ref, oid }));
}

async function overHttp({ address, credential }: RemoteAccess, names: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
  const http = { request: (request: GitHttpRequest) => httpRequest(request, signal) };
  // Without onAuth, a server that wants a password is an HttpError; asked once more, it gives up by itself.
  const auth = credential === null ? {} : { onAuth: () => ({ ...credential }) };
  const ask = (prefix: string) => git.listServerRefs({ http, url: address, prefix, peelTags: true, protocolVersion: 2, ...auth });
  try {
    const answers = await Promise.all(names.map(ask));
    return answers.flat().map(({ ref, oid, peeled }) => ({ ref, oid: peeled ?? oid }));
  } catch (error) {
    signal.throwIfAborted();
    throw toHttpError(error);
  }
}

/** isomorphic-git's HTTP client over fetch, which unlike the one it brings can be aborted. */
async function httpRequest({ url, method = "GET", headers = {}, body }: GitHttpRequest, signal: AbortSignal): Promise<GitHttpResponse> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece);
  const init = pieces.length === 0 ? {} : { body: Buffer.concat(pieces) };
  const response = await fetch(url, { method, headers, signal, ...init });
  if (new URL(url).protocol === "https:" && !response.url.startsWith("https:")) {
    throw new RemoteError("remote-refused", `redirected from https to ${response.url}`);
  }
  return {
    url: response.url,
    method,
    headers: Object.fromEntries(response.headers),
    statusCode: response.status,
    statusMessage: response.statusText,
    body: limited(response),
  };
}

async function* limited(response: Response): AsyncGenerator<Uint8Array, void, void> {
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > LONGEST_LISTING) throw new RemoteError("remote-refused", `the list of refs is longer than ${LONGEST_LISTING} bytes`);
    yield piece;
  }
}

function toHttpError(error: unknown): unknown {
  if (error instanceof RemoteError) return error;
  if (error instanceof git.Errors.HttpError) {
    const refused = [401, 403, 407].includes(error.data.statusCode);
    return new RemoteError(refused ? "remote-refused" : "remote-unreachable", `HTTP ${error.data.statusCode} ${error.data.statusMessage}`);
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  return new RemoteError("remote-unreachable", cause || (error instanceof Error ? error.message : String(error)), error);
}
