import { LRUCache } from "lru-cache";

/** Bodies of answers that never change, ready to be sent. */
export interface AnswerCache {
  get(id: string): string | undefined;
  set(id: string, body: string): void;
}

const MAX_CHARACTERS = 32 * 1024 * 1024;

/** Bounded by the length of the bodies; those asked for longest ago go first. */
export function createAnswerCache(): AnswerCache {
  const bodies = new LRUCache<string, string>({ maxSize: MAX_CHARACTERS, sizeCalculation: (body) => Math.max(1, body.length) });
  return {
    get: (id) => bodies.get(id),
    set: (id, body) => void bodies.set(id, body),
  };
}
