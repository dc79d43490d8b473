import { type IncomingMessage, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { isIP } from "node:net";
import { type AddressGuard, AddressRefused, hostOf } from "./address-guard.ts";

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
  /** Null: every address may be connected to. */
  readonly guard: AddressGuard | null;
}

/**
 * One HTTP request on a connection of its own, to an address that the guard allows. Redirections are answers like any other: following
 * one would go where nobody has looked. Resolves with the head of the answer; the body is the caller's to read or to destroy.
 * @throws AddressRefused; the error of the socket; the reason of the signal.
 */
export async function httpRequest(url: URL, { method, headers, body, signal, guard }: HttpRequest): Promise<IncomingMessage> {
  // A host that is an address is connected to without a lookup.
  if (guard !== null && isIP(hostOf(url)) !== 0 && !guard.allows(hostOf(url))) throw new AddressRefused(hostOf(url));
  const start = url.protocol === "https:" ? overHttps : overHttp;
  const own = guard === null ? {} : { lookup: guard.lookup };
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const request = start(url, { method, headers: { ...headers, ...length }, signal, agent: false, ...own }, resolve);
    // The socket's error says less than the reason for which it was ended.
    request.once("error", (error) => reject(signal.aborted ? signal.reason : error));
    request.end(body);
  });
}
