import { MissingObject } from "../git/missing-object.ts";

/**
 * Runs work that may meet an object which the mirror lacks (a partial clone, a damaged pack): what depends on it is unknown, everything else
 * can be answered.
 * @param otherwise what to say then; it is given git's words
 */
export async function unlessMissing<T>(work: () => Promise<T>, otherwise: (reason: string) => T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MissingObject)) throw error;
    const what = error.exitCode === null ? "git cannot work with an object that this needs" : "the mirror lacks an object that this needs";
    return otherwise(`${what} (${error.detail.split("\n")[0]})`);
  }
}
