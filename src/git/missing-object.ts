import { GitError } from "./process.ts";

/**
 * An object that git needed is not in the repository or damaged; or it is of a size or form that git or we cannot work with, then there is no
 * exit code. What depends on it is unknown; everything else can be answered.
 */
export class MissingObject extends GitError {
  override readonly name = "MissingObject";
}

/** How git, 2.39 to current, says that an object is absent or damaged. */
const OBJECT_PROBLEM =
  /unable to (?:read|find)|could not read|bad object|missing|corrupt|loose object|does not exist|maximum allowed tree depth/i;

export function isObjectProblem(error: unknown): error is GitError {
  return error instanceof GitError && OBJECT_PROBLEM.test(error.detail);
}

/** How a process ends by its own fault, which it will have again at the next attempt: git recurses into directories, and asserts. */
const OWN_FAULT: readonly (NodeJS.Signals | null)[] = ["SIGSEGV", "SIGBUS", "SIGABRT"];

/** What a git that ended twice in answering one question says about it. */
export function deathOf(args: readonly string[], code: number | null, signal: NodeJS.Signals | null, reason: string): GitError {
  return OWN_FAULT.includes(signal)
    ? new MissingObject(args, null, `git ended with ${signal}: ${reason}`)
    : new GitError(args, code, reason);
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
