import { isObjectProblem } from "./missing-object.ts";

/**
 * Reads something about many objects through one git after the other: where a git dies of a missing object, the object it stood at is told
 * as missing, and the next git goes on behind it.
 *
 * @param read answers about these objects, in their order; one it leaves out counts as missing
 * @throws GitError when git fails for another reason
 */
export async function* skippingMissing<T extends { readonly oid: string }>(
  oids: readonly string[],
  read: (oids: readonly string[]) => AsyncIterable<T>,
  missing: (oid: string) => T,
): AsyncGenerator<T> {
  let next = 0;
  while (next < oids.length) {
    try {
      for await (const answer of read(oids.slice(next))) {
        const found = oids.indexOf(answer.oid, next);
        for (const oid of oids.slice(next, found)) yield missing(oid);
        next = found + 1;
        yield answer;
      }
      for (const oid of oids.slice(next)) yield missing(oid);
      next = oids.length;
    } catch (error) {
      const culprit = oids[next];
      if (!isObjectProblem(error) || culprit === undefined) throw error;
      next += 1;
      yield missing(culprit);
    }
  }
}
