/** One lane per key: work of one key is done in order, one at a time; keys do not wait for each other. */
export interface KeyedLanes {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export function createKeyedLanes(): KeyedLanes {
  const tails = new Map<string, Promise<void>>();
  return {
    run(key, work) {
      const result = (tails.get(key) ?? Promise.resolve()).then(work);
      const tail = result.then(
        () => {},
        () => {},
      );
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      return result;
    },
  };
}
