import { LRUCache } from "lru-cache";

/** Remembers what was answered to a key; askers at the same time share the work, and failures are forgotten. */
export type RememberedAnswers<T> = (key: readonly unknown[], ask: () => Promise<T>) => Promise<T>;

/**
 * For questions to git whose answer follows from the object ids in them, so that it never changes. (Where a shallow clone is deepened, blame and log could say
 * more: they do when the repository is opened anew, within the hour.)
 * @param most answers that are kept
 */
export function rememberAnswers<T>(most: number): RememberedAnswers<T> {
  const kept = new LRUCache<string, Promise<T>>({ max: most });
  return (key, ask) => {
    const name = JSON.stringify(key);
    const known = kept.get(name);
    if (known !== undefined) return known;
    const asked = ask();
    kept.set(name, asked);
    asked.catch(() => {
      if (kept.peek(name) === asked) kept.delete(name);
    });
    return asked;
  };
}
