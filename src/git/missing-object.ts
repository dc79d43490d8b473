import { GitError } from "./process.ts";

/** An object that git needed is not in the repository, or damaged. What depends on it is unknown; everything else can be answered. */
export class MissingObject extends GitError {
  override readonly name = "MissingObject";
}

/** How git, 2.39 to current, says that an object is absent or damaged. */
const OBJECT_PROBLEM = /unable to (?:read|find)|could not read|bad object|missing|corrupt|loose object|does not exist/i;

export function isObjectProblem(error: unknown): error is GitError {
  return error instanceof GitError && OBJECT_PROBLEM.test(error.detail);
}

/** The method, with git's complaints about objects thrown as MissingObject. */
export function tellingMissing<Args extends readonly unknown[], Answer>(
  method: (...args: Args) => Promise<Answer>,
): (...args: Args) => Promise<Answer> {
  return async (...args) => {
    try {
      return await method(...args);
    } catch (error) {
      throw isObjectProblem(error) ? new MissingObject(error.args, error.exitCode, error.detail) : error;
    }
  };
}
