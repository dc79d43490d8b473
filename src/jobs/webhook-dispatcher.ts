import { setTimeout as delay } from "node:timers/promises";
import type { AddressGuard } from "../net/address-guard.ts";
import { type DueDelivery, forgetDeliveries, nextDelivery, recordAttempt } from "../store/deliveries.ts";
import { disableWebhook } from "../store/webhooks.ts";
import { EVERY_RESOURCE } from "./changes.ts";
import type { JobContext } from "./parts.ts";
import { webhookResource } from "./resources.ts";
import { type SendResult, sendWebhook } from "./webhook-send.ts";

export interface WebhookSettings {
  readonly guard: AddressGuard;
  /** How long the first, second, ... failed attempt is waited after; when they are used up the delivery is dead. */
  readonly retriesMs: readonly number[];
  readonly timeoutMs: number;
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** The schedule that the Standard Webhooks specification recommends: ten attempts in three days. */
export const RETRIES_MS: readonly number[] = [
  5 * SECOND,
  300 * SECOND,
  HOUR / 2,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
export const WEBHOOK_TIMEOUT_MS = 15 * SECOND;

/** Retries of many deliveries that failed together are spread over so much of their wait. */
const JITTER = 0.25;
/** Also when nothing is due: the clock may have been set, or a row changed by another hand. */
const LOOK_AGAIN_MS = 60 * SECOND;
const AFTER_ERROR_MS = 5 * SECOND;
const KEPT_MS = 30 * 24 * HOUR;

/**
 * Sends the deliveries whose time has come, to each webhook one at a time, to different ones side by side. The rows are the only record:
 * a delivery that was under way when the process ended is sent again, with the same id.
 */
export function startWebhooks(context: Pick<JobContext, "db" | "changes" | "log">, settings: WebhookSettings): { close(): Promise<void> } {
  const { db, changes, log } = context;
  const stop = new AbortController();
  const busy = new Map<string, Promise<void>>();
  const listener = changes.listen(EVERY_RESOURCE);
  let forgetAt = 0;

  async function attempt(delivery: DueDelivery): Promise<void> {
    const result = await sendWebhook(delivery, { ...settings, stop: stop.signal });
    const now = Date.now();
    await recordAttempt(db, delivery.id, outcomeOf(result, delivery.attempts, now, settings.retriesMs), new Date(now).toISOString());
    if (result.kind === "gone") await disableWebhook(db, delivery.webhook, "the endpoint answered 410 Gone", new Date(now).toISOString());
    log.info({ webhook: delivery.webhook, delivery: delivery.id, attempt: delivery.attempts + 1, ...result }, "webhook attempt");
  }

  /** A database that is locked or full must not make it send again and again: the webhook rests, then its row is looked at anew. */
  function start(delivery: DueDelivery): void {
    const work = attempt(delivery)
      .catch(async (error: unknown) => {
        if (stop.signal.aborted) return;
        log.error({ err: error, delivery: delivery.id }, "the attempt of a webhook was not recorded");
        await delay(AFTER_ERROR_MS, undefined, { signal: stop.signal }).catch(() => {});
      })
      .finally(() => {
        busy.delete(delivery.webhook);
        changes.notify(webhookResource(delivery.webhook));
      });
    busy.set(delivery.webhook, work);
  }

  /** Starts what is due. Returns how long there is nothing to do. */
  async function startDue(): Promise<number> {
    const now = Date.now();
    if (now >= forgetAt) {
      await forgetDeliveries(db, new Date(now - KEPT_MS).toISOString());
      forgetAt = now + HOUR;
    }
    for (;;) {
      const next = await nextDelivery(db, [...busy.keys()]);
      if (next === null) return LOOK_AGAIN_MS;
      const wait = Date.parse(next.nextAttemptAt) - Date.now();
      if (wait > 0) return Math.min(wait, LOOK_AGAIN_MS);
      start(next);
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted && !changes.closing.aborted) {
      const rest = await startDue().catch((error: unknown) => {
        log.error({ err: error }, "the deliveries of webhooks could not be read");
        return AFTER_ERROR_MS;
      });
      await listener.wait(rest, stop.signal);
    }
  }

  const running = run();
  return {
    async close() {
      stop.abort();
      await running;
      listener.stop();
      await Promise.all(busy.values());
    },
  };
}

function outcomeOf(result: SendResult, attemptsBefore: number, now: number, retriesMs: readonly number[]) {
  if (result.kind === "delivered") return { state: "delivered", nextAttemptAt: null, status: result.status, error: null } as const;
  const error = result.kind === "failed" ? result.error : "the endpoint answered 410 Gone";
  const wait = result.kind === "gone" ? undefined : retriesMs[attemptsBefore];
  if (wait === undefined) return { state: "dead", nextAttemptAt: null, status: result.status, error } as const;
  const at = now + wait * (1 + JITTER * Math.random());
  return { state: "pending", nextAttemptAt: new Date(at).toISOString(), status: result.status, error } as const;
}
