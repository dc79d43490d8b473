import PQueue, { type Queue, type QueueAddOptions } from "p-queue";

/** Who goes first: a person who waits for the answer, then questions, then the parts of a batch. Indexing has a thread of its own. */
export const PRIORITY = { person: 1, question: 0, batch: -1 } as const;

export interface FairOptions extends QueueAddOptions {
  readonly priority?: number;
  /** Whose work it is: callers of one priority take turns. */
  readonly caller?: string;
}

type Run = () => Promise<unknown>;

interface Waiting {
  readonly id: string | undefined;
  readonly caller: string;
  readonly run: Run;
}

/**
 * The waiting part of a queue. The highest priority goes first; within one priority callers take turns, each in the order in which it
 * asked, so that a thousand questions of one caller do not make another one wait for all of them.
 */
export class FairQueue implements Queue<Run, FairOptions> {
  /** Priority -> caller -> work. A Map keeps the order of insertion, which is the order of turns; it holds nothing empty. */
  readonly #levels = new Map<number, Map<string, Waiting[]>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  enqueue(run: Run, { priority = PRIORITY.question, caller = "", id }: Partial<FairOptions> = {}): void {
    this.#add(priority, { id, caller, run });
  }

  dequeue(): Run | undefined {
    const priority = Math.max(...this.#levels.keys());
    const level = this.#levels.get(priority);
    for (const [caller, own] of level ?? []) {
      const [next, ...rest] = own;
      level?.delete(caller);
      // Whoever had a turn goes to the end of the row.
      if (rest.length > 0) level?.set(caller, rest);
      if (level?.size === 0) this.#levels.delete(priority);
      this.#size -= 1;
      return next?.run;
    }
    return undefined;
  }

  filter({ priority = PRIORITY.question }: Readonly<Partial<FairOptions>>): Run[] {
    return [...(this.#levels.get(priority)?.values() ?? [])].flat().map(({ run }) => run);
  }

  /** Moves work that waits; what has begun, or was never there, stays as it is. */
  setPriority(id: string, priority: number): void {
    const waiting = this.#remove(id);
    if (waiting !== undefined) this.#add(priority, waiting);
  }

  remove(id: string): void {
    this.#remove(id);
  }

  #add(priority: number, waiting: Waiting): void {
    const level = this.#levels.get(priority) ?? new Map<string, Waiting[]>();
    this.#levels.set(priority, level.set(waiting.caller, [...(level.get(waiting.caller) ?? []), waiting]));
    this.#size += 1;
  }

  #remove(id: string): Waiting | undefined {
    for (const [priority, level] of this.#levels) {
      for (const [caller, own] of level) {
        const found = own.find((one) => one.id === id);
        if (found === undefined) continue;
        if (own.length > 1) own.splice(own.indexOf(found), 1);
        else level.delete(caller);
        if (level.size === 0) this.#levels.delete(priority);
        this.#size -= 1;
        return found;
      }
    }
    return undefined;
  }
}

export type WorkQueue = PQueue<FairQueue, FairOptions>;

export function createWorkQueue(concurrency: number): WorkQueue {
  return new PQueue({ concurrency, queueClass: FairQueue });
}
