import type { IncomingMessage } from "node:http";
import git, { type GitHttpRequest, type GitHttpResponse } from "isomorphic-git";
import { AddressRefused } from "../net/address-guard.ts";
import { httpRequest } from "../net/http-request.ts";
import { runGit } from "./process.ts";
import type { RemoteAccess } from "./remote-access.ts";
import { RemoteError, toRemoteError } from "./remote-error.ts";

export interface RemoteRef {
  readonly ref: string;
  /** What the ref names, an annotated tag resolved to what it tags. */
  readonly oid: string;
}

/** Some servers answer git only where the address does not end in .git. */
const AGENT = "git/backportd";
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

async function overHttp(remote: RemoteAccess, names: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
  const { address, credential } = remote;
  const http = { request: (request: GitHttpRequest) => ask(request, remote, signal) };
  // Without onAuth, a server that wants a password is an HttpError; asked once more, it gives up by itself.
  const auth = credential === null ? {} : { onAuth: () => ({ ...credential }) };
  const list = (prefix: string) => git.listServerRefs({ http, url: address, prefix, peelTags: true, protocolVersion: 2, ...auth });
  try {
    const answers = await Promise.all(names.map(list));
    return answers.flat().map(({ ref, oid, peeled }) => ({ ref, oid: peeled ?? oid }));
  } catch (error) {
    signal.throwIfAborted();
    throw toHttpError(error);
  }
}

/** isomorphic-git's HTTP client, which unlike the one it brings can be aborted, connects to allowed addresses only, and stays where it was sent. */
async function ask(request: GitHttpRequest, { guard }: RemoteAccess, signal: AbortSignal): Promise<GitHttpResponse> {
  const { url, method = "GET", headers = {} } = request;
  const pieces: Uint8Array[] = [];
  for await (const piece of request.body ?? []) pieces.push(piece);
  const body = pieces.length === 0 ? {} : { body: Buffer.concat(pieces) };
  const answer = await httpRequest(new URL(url), { method, headers: { "user-agent": AGENT, ...headers }, signal, guard, ...body });
  const { statusCode = 0, statusMessage = "" } = answer;
  if (statusCode >= 300 && statusCode < 400) {
    answer.destroy();
    const place = URL.parse(answer.headers.location ?? "", url)?.href.replace(/\/info\/refs\?.*$/, "");
    throw new RemoteError("remote-refused", `redirections are not followed: use ${place ?? "another address"}`);
  }
  const fields = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
  return { url, method, headers: Object.fromEntries(fields), statusCode, statusMessage, body: limited(answer) };
}

async function* limited(answer: IncomingMessage): AsyncGenerator<Uint8Array, void, void> {
  let size = 0;
  for await (const piece of answer) {
    size += piece.length;
    if (size > LONGEST_LISTING) throw new RemoteError("remote-refused", `the list of refs is longer than ${LONGEST_LISTING} bytes`);
    yield piece;
  }
}

function toHttpError(error: unknown): unknown {
  if (error instanceof RemoteError) return error;
  if (error instanceof AddressRefused) return new RemoteError("remote-not-allowed", error.message, error);
  if (error instanceof git.Errors.HttpError) {
    const refused = [401, 403, 407].includes(error.data.statusCode);
    return new RemoteError(refused ? "remote-refused" : "remote-unreachable", `HTTP ${error.data.statusCode} ${error.data.statusMessage}`);
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  return new RemoteError("remote-unreachable", cause || (error instanceof Error ? error.message : String(error)), error);
}
