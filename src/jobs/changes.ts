/** Hears of changes from the moment it was made, so nothing that happens between reading a row and waiting is missed. */
export interface Listener {
  /** Resolves when there was a change since the last call, after `ms`, when the signal aborts or when the service stops. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  stop(): void;
}

/** Tells waiting requests that a resource changed. Nothing is stored: who waits reads the row or the events again. */
export interface Changes {
  notify(resource: string): void;
  listen(resource: string): Listener;
  /** Aborted when the service stops. */
  readonly closing: AbortSignal;
  close(): void;
}

/** Who listens to this hears of every resource. */
export const EVERY_RESOURCE = "*";

export function createChanges(): Changes {
  const hearers = new Map<string, Set<() => void>>();
  const closing = new AbortController();
  const wakeAll = (resource: string) => {
    for (const hear of hearers.get(resource) ?? []) hear();
  };

  return {
    notify(resource) {
      wakeAll(resource);
      wakeAll(EVERY_RESOURCE);
    },
    closing: closing.signal,
    listen(resource) {
      let changed = false;
      let wake: (() => void) | null = null;
      const hear = () => {
        changed = true;
        wake?.();
      };
      const set = hearers.get(resource) ?? new Set();
      hearers.set(resource, set.add(hear));
      return {
        async wait(ms, signal) {
          if (!changed && !signal.aborted && !closing.signal.aborted && ms > 0) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, ms);
              signal.addEventListener("abort", hear, { once: true });
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
            });
            signal.removeEventListener("abort", hear);
            wake = null;
          }
          changed = false;
        },
        stop() {
          set.delete(hear);
          if (set.size === 0 && hearers.get(resource) === set) hearers.delete(resource);
        },
      };
    },
    close() {
      closing.abort();
      for (const resource of [...hearers.keys()]) wakeAll(resource);
    },
  };
}
