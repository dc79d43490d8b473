import { createHmac } from "node:crypto";
import type { AddressGuard } from "../net/address-guard.ts";
import { httpRequest } from "../net/http-request.ts";

export interface WebhookMessage {
  /** The `webhook-id`. */
  readonly id: string;
  readonly endpoint: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  readonly payload: string;
}

/** `gone`: the receiver answered 410 and wants no more. */
export type SendResult =
  | { readonly kind: "delivered"; readonly status: number }
  | { readonly kind: "failed"; readonly status: number | null; readonly error: string }
  | { readonly kind: "gone"; readonly status: number };

const SECRET_PREFIX = "whsec_";
const GONE = 410;

/** The `webhook-signature` header (Standard Webhooks, symmetric v1). `timestamp` is in seconds. */
export function signWebhook(message: Pick<WebhookMessage, "id" | "secret" | "payload">, timestamp: number): string {
  const key = Buffer.from(message.secret.slice(SECRET_PREFIX.length), "base64");
  const signed = `${message.id}.${timestamp}.${message.payload}`;
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

/**
 * Posts a message once. Only an answer of 2xx is success; redirections are not followed. What the receiver writes is not read. Rejects
 * with the reason of `stop` when that aborts; every other failure is a result.
 */
export async function sendWebhook(
  message: WebhookMessage,
  { guard, timeoutMs, stop }: { readonly guard: AddressGuard; readonly timeoutMs: number; readonly stop: AbortSignal },
): Promise<SendResult> {
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/json",
    "user-agent": "backportd",
    "webhook-id": message.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signWebhook(message, timestamp),
  };
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([stop, limit]);
  try {
    const answer = await httpRequest(new URL(message.endpoint), { method: "POST", headers, body: message.payload, signal, guard });
    answer.destroy();
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return { kind: "delivered", status };
    if (status === GONE) return { kind: "gone", status };
    const moved = status >= 300 && status < 400 ? "; redirections are not followed" : "";
    return { kind: "failed", status, error: `the endpoint answered ${status}${moved}` };
  } catch (error) {
    stop.throwIfAborted();
    if (limit.aborted) return { kind: "failed", status: null, error: `no answer within ${timeoutMs / 1000} seconds` };
    return { kind: "failed", status: null, error: error instanceof Error ? error.message || error.name : String(error) };
  }
}
