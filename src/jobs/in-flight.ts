import { abortable } from "./abortable.ts";

/** Work that several callers wait for is done once. */
export interface InFlight {
  /**
   * Joins the work under way of this key, or begins it. The work ends early when all who wait for it have gone; a caller that goes
   * hears the reason of its own signal. `joined` tells whether the work was under way.
   */
  share<T>(
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): { readonly joined: boolean; readonly result: Promise<T> };
}

interface Shared {
  readonly result: Promise<unknown>;
  readonly stop: AbortController;
  waiting: number;
}

export function createInFlight(): InFlight {
  const underWay = new Map<string, Shared>();

  function begin(key: string, work: (signal: AbortSignal) => Promise<unknown>): Shared {
    const stop = new AbortController();
    const shared: Shared = { result: work(stop.signal), stop, waiting: 0 };
    underWay.set(key, shared);
    const forget = () => {
      if (underWay.get(key) === shared) underWay.delete(key);
    };
    shared.result.then(forget, forget);
    // Nobody joins what is being given up.
    stop.signal.addEventListener("abort", forget, { once: true });
    return shared;
  }

  async function wait<T>(shared: Shared, signal: AbortSignal): Promise<T> {
    shared.waiting += 1;
    try {
      // The key stands for the task, so the result is of its kind.
      return (await abortable(shared.result, signal)) as T;
    } finally {
      shared.waiting -= 1;
      if (shared.waiting === 0) shared.stop.abort(signal.reason);
    }
  }

  return {
    share(key, signal, work) {
      const known = underWay.get(key);
      return { joined: known !== undefined, result: wait(known ?? begin(key, work), signal) };
    },
  };
}
